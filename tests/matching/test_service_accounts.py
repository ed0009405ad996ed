import math
import re

import pytest
from faker import Faker
from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.matching.service_accounts import Behaviour, detect

# Invented after the habits by which machines are named in public: a role, a product, an organisation and a role.
LOGINS = """
dependabot[bot] renovate[bot] fernweh-app[bot] github-actions[bot] pre-commit-ci[bot] renovate-bot glider-bot
glider_bot bot-glider botglider1-bot fernwehbot gliderbot GliderBot FernwehReleaseBot mergebot labelbot docs-bot
i18n-bot l10n-bot cla-bot fernweh-cla-bot security-bot stale-bot triage-bot backport-bot changelog-bot lintbot
formatbot depbot nightlybot welcomebot reviewbot perfbot fernweh-ci fernweh-ci-robot glider-merge-robot
fernweh-prow-robot k8s-glider-robot release-robot fernwehrobot glider-ci-bot ci-glider CI-fernweh fernweh_ci
fernweh.ci fernwehmachine glidermachine fernweh-machine fernweh-machine-user jenkins jenkins-fernweh
fernweh-jenkins gliderJenkins fernweh-jenkins-bot jenkins-x-glider buildbot fernweh-buildbot build-agent
fernweh-build build-glider glider-builder fernweh-builds buildmaster svc-deploy svc_glider svc.fernweh
svc-gitlab-sync sa-glider-deploy srv-backup service-account-glider service_account_deploy serviceaccount
glider-service fernweh-service-account project_12_bot project_12_bot_0f3a group_4_bot_99 fernweh-automation
automation-glider gliderautomation FernwehAutomation automation ci-user ciuser cicd cicd-fernweh deploy deployer
deploy-bot fernweh-deploy glider-deployer fernweh-deployment release-please fernweh-release glider-releaser
semantic-release-bot autoroller fernweh-autoroll glider-autobuild autofix-ci auto-merge-bot automerge-fernweh
sync-bot glider-sync fernweh-mirror mirror-bot github-mirror importer glider-importer translations-glider
weblate transifex-integration crowdin-bot codecov codecov-commenter coveralls sonarcloud snyk-bot fernweh-snyk-bot
mergify bors glider-bors travis-ci circleci appveyor azure-pipelines drone netlify vercel copybara-service
glider-copybara webhook glider-webhook hooks-fernweh glider-notifier alerts-fernweh monitoring-glider
fernweh-monitor scanner-glider fernweh-updater dependency-updater glider-publisher npm-publisher fernweh-runner
gitlab-runner cron fernweh-cron noreply fernweh-noreply scheduler-glider glider-integration fernweh-integrations
nightly-fernweh glider-testing fernweh-qa-bot readthedocs restyled-io allcontributors imgbot ImgBotApp fossabot
pyup-bot depfu greenkeeper zuul gitguardian reviewdog fernweh-infra glider-splitter fernweh-steward web-flow
hangar-the-otter the-glider-turtle mary-hangar windsock liftoff-helper fernwehgit
""".split()  # noqa: SIM905 (a list of words reads better as words)

PEOPLE = [
    "Anna Talbot", "Abbott Costello", "Robot Ivanov", "Bothilda Krantz", "Jan Bot", "Yann Le Bot",
    "Wietske de Bot", "Travis Oliver", "Hudson Jenkins", "Leroy Jenkins", "Zhang Ci", "Ci Wang", "ZHANG CI",
    "Charles Cabot", "Ana Botelho", "Elzbieta Botha", "Bob Builder", "Ann Hook", "Max Runner", "Drone Petrovic",
    "Serge Service", "Ольга Роботова", "Tim Machine", "Paul Page", "Hans Build",
]  # fmt: skip
LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "nl_NL", "it_IT", "es_ES", "pl_PL", "ru_RU", "tr_TR", "zh_CN", "ja_JP")
NAMES_EACH = 500


def test_nine_in_ten_machines_are_found_by_their_login_alone() -> None:
    missed = [login for login in LOGINS if not detect(login, None, None).service_account]
    assert 1 - len(missed) / len(LOGINS) >= 0.95, missed


def test_hardly_any_person_of_any_country_is_taken_for_a_machine() -> None:
    hit, count = [], 0
    for locale in LOCALES:
        fake = Faker(locale)
        fake.seed_instance(7)
        for _ in range(NAMES_EACH):
            name = f"{fake.first_name()} {fake.last_name()}"
            words = re.sub(r"[^a-z ]", "", name.lower()).split()
            first, last = (words[0], words[-1]) if len(words) > 1 else ("", "")
            logins = [f"{first}.{last}", f"{first[:1]}{last}", f"{first}{last}", f"{last}{first[:1]}", last]
            for login in logins if first else [None]:
                count += 1
                shown = [
                    (login, name, None),
                    (login, None, None),
                    (None, None, f"{login}@example.org" if login else None),
                ]
                hit += [one for one in shown if detect(*one).service_account]
    assert count > 20_000
    assert len(hit) / (3 * count) <= 0.001, hit


@pytest.mark.parametrize("name", PEOPLE)
def test_people_whose_names_resemble_machines_are_people(name: str) -> None:
    assert not detect(None, name, "someone@example.org").service_account


@pytest.mark.parametrize("login", ["jtalbot", "talbot", "anna.talbot", "johntalbot", "mchabot", "jan.bot", "y.lebot",
                                   "abbott", "botond", "vinci", "ricci", "travis", "hudsonj", "bothak",
                                   "leroy.jenkins", "ljenkins", "pestov-sa",
                                   "gerrit.beek", "job.luc", "tdrobot", "joannatalbot"])  # fmt: skip
def test_logins_of_people_with_such_names_are_theirs(login: str) -> None:
    assert not detect(login, None, f"{login}@example.org").service_account


@pytest.mark.parametrize(
    ("username", "name", "email"),
    [
        (None, "dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        (None, "renovate-bot", "bot@renovate.example"),
        (None, "CI Bot", None),
        (None, "GitHub", "noreply@github.com"),
        (None, None, "deploy-bot@example.org"),
        ("service_account_deploy", "Deploy Service", "build@fernweh.example"),
        ("deploy", "Deploy Service", None),
        ("group_3_bot_00ff", "fernweh-sync", None),
        (None, "Automation for Jira", None),
        (None, "Monitoring Bridge", None),
        (None, "Travis CI", "builds@travis-ci.example"),
        (None, "Fernweh Release Robot", None),
        (None, "GitLab Service Account", None),
        ("x7", "Nightly Build", "x7@example.org"),
        (None, "Jenkins", "jenkins@example.org"),
    ],
)
def test_machines_that_say_so_are_recognised(username: str | None, name: str | None, email: str | None) -> None:
    assert detect(username, name, email).service_account


def test_a_mailbox_kept_for_one_product_is_its_owners() -> None:
    assert not detect(None, "annie", "github@lee.example").service_account
    assert detect("github", None, None).service_account


def test_what_a_source_says_settles_it() -> None:
    verdict = detect("ann", "Ann Lee", "ann@example.org", said="an app, says Jira")
    assert verdict.service_account
    assert verdict.reason == "an app, says Jira"


def test_a_persons_name_outweighs_a_login_that_names_a_task() -> None:
    assert detect("release-manager", None, None).service_account
    assert not detect("release-manager", "Ann Lee", "ann@example.org").service_account


def test_what_an_account_does_tips_what_its_name_leaves_open_and_marks_nobody_alone() -> None:
    tireless = Behaviour(actions=5000, hours=24, busiest_minute=80)
    assert not detect("fernweh", "Fernweh", None, behaviour=tireless).service_account
    assert not detect("ann", "Ann Lee", None, behaviour=tireless).service_account
    assert not detect("ops-release", "Ann Ops", None).service_account
    assert detect("ops-release", "Ann Ops", None, behaviour=tireless).service_account
    assert not detect("ops-release", "Ann Ops", None, behaviour=Behaviour(100, 24, 80)).service_account


def test_the_trace_names_what_was_seen() -> None:
    verdict = detect("glider-bot", None, None)
    assert verdict.reason == "the login 'glider-bot' contains the word 'bot'"
    assert {one.rule for one in verdict.rule_trace} == {"machine_word", "prior"}
    assert detect("ann", "Ann Lee", None).reason is None


@given(st.text(max_size=40) | st.none(), st.text(max_size=60) | st.none(), st.text(max_size=60) | st.none())
def test_whatever_an_account_is_called_the_trace_adds_up(
    username: str | None, name: str | None, email: str | None
) -> None:
    verdict = detect(username, name, email)
    log_odds = sum(one.contribution for one in verdict.rule_trace)
    assert verdict.confidence == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=1e-6)
    assert (verdict.reason is not None) == verdict.service_account
