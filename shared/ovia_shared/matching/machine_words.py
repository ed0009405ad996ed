"""The words that machines are called by, and the people who are called like them."""

# One of these alone, as a word of a login, says that it is a machine's.
BOT_WORDS = frozenset(
    [
        "autobot", "autobuild", "autobuilder", "autofix", "automated", "automation", "automations", "automator",
        "automerge", "autopush", "autorelease", "autoroll", "autoroller", "autosync", "autotester", "bors", "bot",
        "botaccount", "bots", "botuser", "buildbot", "buildmaster", "ci", "cibot", "cicd", "cirobot", "ciuser",
        "copybara", "crawler", "cron", "cronjob", "daemon", "deploybot", "highfive", "homu", "jenkins", "jenkinsx",
        "machine", "machineuser", "noreply", "prow", "robot", "robots", "serviceaccount", "serviceuser", "svc",
        "svcaccount", "svcacct", "techuser", "webhook", "webhooks",
    ]
)  # fmt: skip

# A login's word that machines and few people use; what else is known decides.
TASK_WORDS = frozenset(
    [
        "account", "actions", "agent", "alert", "alerts", "analyzer", "api", "app", "archiver", "backport",
        "backporter", "backup", "badger", "bridge", "build", "builder", "builds", "changelog", "checker", "cla",
        "clas", "cleaner", "collector", "commit", "commits", "connector", "dashboard", "dependencies", "deploy",
        "deployer", "deployment", "deployments", "deploys", "exporter", "fetcher", "formatter", "gateway", "hook",
        "hooks", "importer", "indexer", "infra", "integration", "integrations", "job", "jobs", "labeler", "linter",
        "linting", "localization", "mailer", "merger", "migration", "migrator", "mirror", "mirroring", "monitor",
        "monitoring", "nightly", "notifications", "notifier", "pipeline", "pipeliner", "pipelines", "publish",
        "publisher", "pusher", "qa", "release", "releaser", "releases", "replicator", "reporter", "reviewer",
        "roller", "runner", "scanner", "scheduler", "script", "scripts", "server", "service", "services",
        "splitter", "srv", "steward", "sync", "syncer", "synchronizer", "sysaccount", "system", "tasks",
        "technical", "test", "tester", "testing", "timer", "token", "translation", "translations", "triage",
        "trigger", "update", "updater", "updates", "uploader", "user", "validator", "vault", "verifier", "watcher",
        "worker",
    ]
)  # fmt: skip

# What such a word needs beside it before a whole name made of them is no name of a person.
WEAK_ALONE = frozenset(
    [
        "account", "actions", "api", "app", "cla", "commit", "infra", "job", "qa", "release", "reviewer", "script",
        "server", "system", "technical", "test", "tester", "testing", "token", "update", "user", "vault",
    ]
)  # fmt: skip

# Words that stand beside those in names of machines, and say nothing themselves.
FILLERS = frozenset(
    [
        "a", "access", "admin", "and", "auto", "automatic", "bitbucket", "by", "cloud", "code", "confluence",
        "container", "core", "corp", "data", "dev", "docker", "docs", "documentation", "for", "from", "git",
        "gitea", "github", "gitlab", "group", "in", "internal", "issue", "issues", "jira", "k8s", "kubernetes",
        "merge", "net", "node", "nodejs", "npm", "of", "on", "ops", "org", "package", "packages", "prod",
        "production", "project", "pull", "push", "python", "repo", "repository", "request", "requests", "robot",
        "security", "shared", "slack", "source", "staging", "team", "teams", "tech", "the", "to", "tool", "tools",
        "version", "via", "web", "with", "workflow",
    ]
)  # fmt: skip

# Tools that act for others: beside another word, a login of theirs.
TOOL_WORDS = frozenset(
    [
        "argocd", "artifactory", "buildkite", "codecov", "crowdin", "dependabot", "easycla", "gerrit", "maestro",
        "mergify", "pontoon", "renovate", "snyk", "sonarqube", "teamcity", "transifex", "travisci", "weblate",
        "yetus", "zuul",
    ]
)  # fmt: skip

# Products that write under their own name: the whole login or display name, without what separates its parts.
PRODUCTS = frozenset(
    [
        "actionsuser", "allcontributors", "ansibot", "appveyor", "argocd", "asfgit", "atlantis", "autofixci",
        "azuredevops", "azurepipelines", "bitrise", "bors", "buildkite", "bundlewatch", "circleci", "claassistant",
        "clabot", "cloudflarepages", "codacy", "codeclimate", "codecov", "codecovcommenter", "codecovio",
        "codefactor", "coderabbitai", "codesandbox", "copilot", "coveralls", "crowdin", "cypress", "dangerci",
        "deepsource", "deepsourceautofix", "deepsourceio", "dependabot", "dependabotpreview", "depfu", "dnfclas",
        "docusign", "drone", "droneci", "easycla", "elasticmachine", "fluxcd", "fossabot", "gemnasium", "ghactions",
        "gitguardian", "gitguardianapp", "github", "githubaction", "githubactions", "githubclassroom",
        "githubmergequeue", "githubpages", "gitlab", "gitlabci", "gitpod", "gitpodio", "gitterbadger", "gocd",
        "googlebot", "gradleupdate", "greenkeeper", "guardrails", "hound", "houndci", "imgbot",
        "imgbotapp", "issuehunt", "jenkins", "jenkinsci", "jenkinsx", "kodiak", "kodiakhq", "lgtm", "lgtmcom",
        "lgtmmigrator", "linear", "mergequeue", "mergify", "mergifyio", "msftclas", "netlify", "opencollective",
        "pep8speaks", "percy", "precommit", "precommitci", "prow", "pyup", "readthedocs", "releasedrafter",
        "releaseplease", "renovate", "renovateapp", "restyled", "restyledio", "reviewdog", "scalasteward",
        "semanticrelease", "semgrep", "semgrepapp", "snyk", "sonarcloud", "sonarqube", "sonarqubecloud",
        "sourceryai", "stale", "stepsecurity", "symfonysplitter", "teamcity", "theghost", "transifex",
        "transifexintegration", "travisci", "trunkio", "vercel", "webflow", "weblate", "whitesource",
        "whitesourcebolt", "zenhub", "zuul", "zuulci",
    ]
)  # fmt: skip

# Family names that end like machines, and given names before a family name that is one: Anna Talbot, Jan Bot.
BOT_FAMILIES = (
    "abbot", "barbot", "cabot", "chabot", "corbot", "courbot", "debot", "drobot", "gambot", "garbot", "gerbot",
    "gilbot", "guibot", "herbot", "jambot", "joubot", "lambot", "lebot", "rabot", "ribot", "tabot", "talbot",
    "thibot", "trebot", "turbot", "vanderbot", "verbot", "wilbot",
)  # fmt: skip
PARTICLES = frozenset(
    [
        "al", "da", "de", "den", "der", "di", "du", "el", "la", "le", "ten", "ter", "van", "von",
    ]
)  # fmt: skip
GIVEN_NAMES = frozenset(
    [
        "anna", "anne", "anneke", "annie", "anouk", "bart", "bas", "ben", "bernard", "bram", "christian",
        "christophe", "claire", "corrie", "daan", "dirk", "eric", "erik", "erwan", "eva", "femke", "frank", "frans",
        "gerard", "gerrit", "gert", "gwen", "hans", "henk", "herman", "ineke", "ingrid", "jaap", "jacob", "jan",
        "jean", "jeroen", "joan", "joe", "johan", "johannes", "john", "joop", "joost", "jos", "julie", "karel",
        "karin", "kees", "klaas", "koen", "lars", "laurent", "lisa", "loic", "luc", "maarten", "marc", "maria",
        "marie", "marijke", "mark", "martin", "mary", "michael", "michel", "mike", "nicolas", "niels", "paul",
        "peter", "philippe", "pierre", "piet", "pieter", "rob", "robert", "roel", "ronan", "ruud", "sander", "sara",
        "sarah", "sophie", "stefan", "theo", "thomas", "tim", "tom", "ton", "wietske", "willem", "wilma", "wim",
        "yann", "yves",
    ]
)  # fmt: skip
