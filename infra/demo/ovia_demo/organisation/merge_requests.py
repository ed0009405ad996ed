"""Merge requests: most carry out an issue, some are chores, some are opened by a bot."""

from datetime import datetime, timedelta
from random import Random

from ovia_demo.organisation import names, texts
from ovia_demo.organisation.authors import RENOVATE, Authors, Span, sha
from ovia_demo.organisation.code_model import Commit, FileChange, MergeRequest, Organisation
from ovia_demo.organisation.model import Block, Issue, Repository
from ovia_demo.organisation.reviews import review
from ovia_demo.organisation.times import hours, later, long_tailed, office, whole

_WORDS = ["Add", "Handle", "Rename", "Extract", "Fix", "Test", "Log", "Move", "Check", "Tidy"]
_FILES = (
    "views.py", "models.py", "service.ts", "index.ts", "store.ts", "api.py", "queries.sql", "helpers.go", "main.go",
    "README.md", "test_rules.py",
)  # fmt: skip


def make_merge_requests(seed: str, organisation: Organisation) -> None:
    """All of them, numbered by creation."""
    authors = Authors(organisation)
    made: list[MergeRequest] = []
    homes: dict[str, list[Repository]] = {}
    for repository in organisation.repositories:
        homes.setdefault(repository.product, []).append(repository)
    rng = Random(f"{seed}/merge-requests")
    for issue in organisation.issues:
        made += _for_issue(rng, organisation, authors, issue, homes[issue.product])
    for repository in organisation.repositories:
        made += _chores(Random(f"{seed}/chores/{repository.path}"), organisation, authors, repository)
    made.sort(key=lambda one: (one.created_at, one.repository))
    used: dict[int, int] = {}
    for number, merge_request in enumerate(made, 1):
        used[merge_request.repository] = used.get(merge_request.repository, 0) + 1
        merge_request.id, merge_request.iid = number, used[merge_request.repository]
    organisation.merge_requests = made


def _for_issue(
    rng: Random, organisation: Organisation, authors: Authors, issue: Issue, homes: list[Repository]
) -> list[MergeRequest]:
    doing = next((step.at for step in issue.steps if step.status.category == "indeterminate"), None)
    if (
        doing is None
        or issue.type == "Epic"
        or rng.random() > (0.7 if issue.type in ("Incident", "Sub-task") else 0.85)
    ):
        return []
    author = issue.assignee if issue.assignee in {one.id for one in authors.writing[issue.product]} else None
    author = author or authors.someone(rng, issue.product, doing)
    if author is None:
        return []
    incident = issue.type == "Incident"
    reviewing = [step.at for step in issue.steps if step.status.name in ("In Review", "Code Review", "На проверке")]  # noqa: RUF001
    done = issue.resolved_at if issue.status.category == "done" else None
    begin = later(rng, doing, 0.05, 0.4 if incident else 4)
    ready = (reviewing[0] if reviewing else doing + hours(long_tailed(rng, 0.8 if incident else 26, 0.5))) - timedelta(
        minutes=3
    )
    ready = max(ready, begin + timedelta(minutes=12))
    merged = None if done is None else done - timedelta(seconds=rng.randint(240, 3000))
    if merged is not None and merged < ready + timedelta(minutes=8):
        merged = ready + timedelta(minutes=8) if incident else ready + hours(long_tailed(rng, 5, 0.8))
    elif merged is None and rng.random() < 0.75:
        merged = ready + hours(long_tailed(rng, 40, 0.9))
    span = Span(begin, ready, merged)
    if not incident and rng.random() < 0.07:
        span = Span(begin, ready, None, later(rng, ready, 4, 200))
    repository = homes[0]
    if issue.repository is not None:
        repository = next((one for one in homes if one.id == issue.repository), homes[0])
    elif rng.random() < 0.9:
        repository = rng.choice(homes)
    issue.repository = issue.repository or repository.id
    made = [_make(rng, organisation, authors, repository, author, span, issue)]
    if not incident and rng.random() < 0.1:
        other = rng.choice(homes)
        made.append(_make(rng, organisation, authors, other, author, span, issue))
    return [one for one in made if one is not None]


def _chores(rng: Random, organisation: Organisation, authors: Authors, repository: Repository) -> list[MergeRequest]:
    """Without an issue: updates by the bot every three weeks or so, and what somebody did in passing."""
    made: list[MergeRequest | None] = []
    at = later(rng, organisation.start, 24, 400)
    scale = max(0.3, len(organisation.people) / 60)
    while at < organisation.until:
        author: str | None = RENOVATE if rng.random() < 0.6 else authors.someone(rng, repository.product, at)
        if author is not None:
            begin = at if author == RENOVATE else office(rng, at)
            ready = later(rng, begin, 0.05, 0.1) if author == RENOVATE else later(rng, begin, 1, 30)
            merged = None if rng.random() < 0.2 else office(rng, ready + hours(long_tailed(rng, 20, 1.0)))
            made.append(_make(rng, organisation, authors, repository, author, Span(begin, ready, merged), None))
        at = later(rng, at, 100 / scale, 900 / scale)
    return [one for one in made if one is not None]


def _make(
    rng: Random, organisation: Organisation, authors: Authors, repository: Repository, author: str, span: Span,
    issue: Issue | None,
) -> MergeRequest | None:  # fmt: skip
    until = organisation.until
    was_draft = author != RENOVATE and rng.random() < 0.3
    created = span.begin + (span.ready - span.begin) * rng.uniform(0.2, 0.8) if was_draft else span.ready
    created = whole(created)
    if created > until:
        return None
    title, branch, labels = _words(rng, repository, author, issue)
    made = MergeRequest(
        repository=repository.id,
        title=title,
        text=() if rng.random() < 0.12 else texts.description(rng, "task")[:2] + _closes(rng, issue),
        author=author,
        assignees=[author] if author != RENOVATE and rng.random() < 0.7 else [],
        source_branch=branch,
        target_branch="release/next" if rng.random() < 0.06 and issue is not None else "main",
        labels=labels,
        created_at=created,
        updated_at=created,
        issues=[issue.id] if issue is not None else [],
        hotfix=issue is not None and issue.type == "Incident",
        draft=was_draft,
    )
    made.files = _files(rng, repository, small=author == RENOVATE or made.hotfix)
    _commit(rng, authors, made, span, until, repository.product, issue)
    review(rng, organisation, authors, made, span, was_draft=was_draft)
    return made


def _words(rng: Random, repository: Repository, author: str, issue: Issue | None) -> tuple[str, str, list[str]]:
    if issue is None:
        if author == RENOVATE:
            library = rng.choice(("litefront", "pgwire", "tinychart", "sailhttp", "gridlock"))
            version = f"{rng.randint(1, 9)}.{rng.randint(0, 30)}"
            return f"Update dependency {library} to v{version}", f"renovate/{library}-{version}", ["dependencies"]
        title = texts.title(rng, repository.product, "task")
        return title, f"chore/{names.latin(title.replace(' ', '-'))[:40]}-{rng.randrange(1000)}", []
    slug = names.latin(issue.title.replace(" ", "-"))[:36].strip("-")
    folder = {"Bug": "bugfix", "Incident": "hotfix"}.get(issue.type, "feature")
    branch = f"{folder}/{issue.key}-{slug}"
    labels = {"Bug": ["bug"], "Incident": ["hotfix"], "Story": ["feature"]}.get(issue.type, [])
    shape = rng.random()
    if shape < 0.6:
        return f"{issue.key} {issue.title}", branch, labels
    if shape < 0.8:
        return f"[{issue.key}] {issue.title}", branch, labels
    if shape < 0.92:
        return issue.title, branch, labels
    return f"{issue.title} ({issue.key.lower()})", f"{folder}/{slug}-{rng.randrange(1000)}", labels


def _closes(rng: Random, issue: Issue | None) -> tuple[Block, ...]:
    return (Block("p", f"Closes {issue.key}"),) if issue is not None and rng.random() < 0.4 else ()


def _files(rng: Random, repository: Repository, *, small: bool) -> list[FileChange]:
    count = 1 if small else min(40, 1 + int(rng.lognormvariate(1.0, 0.8)))
    files: list[FileChange] = []
    for number in range(count):
        path = f"{rng.choice(repository.folders)}/{rng.choice(_FILES)}"
        if number > 8:
            path = f"{path.rsplit('/', 1)[0]}/part_{number}.py"
        added, removed = int(rng.lognormvariate(2.6, 1.1)), int(rng.lognormvariate(1.6, 1.2))
        if all(path != one.path for one in files):
            files.append(FileChange(path, max(1, min(added, 900)), min(removed, 600), new=rng.random() < 0.12))
    return files


def _commit(
    rng: Random, authors: Authors, made: MergeRequest, span: Span, until: datetime, product: str, issue: Issue | None
) -> None:
    """Written from the beginning until it was ready, and a few more after the first remarks."""
    count = 1 if made.author == RENOVATE else rng.choices((1, 2, 3, 4, 6, 9), (6, 6, 5, 3, 2, 1))[0]
    times = [span.begin] + sorted(span.begin + (span.ready - span.begin) * rng.random() for _ in range(count - 1))
    end = span.merged or span.closed
    if end is not None and rng.random() < 0.45:
        times += sorted(span.ready + (end - span.ready) * rng.uniform(0.3, 0.9) for _ in range(rng.randint(1, 2)))
    for number, exact in enumerate(times):
        at = exact.replace(microsecond=0)
        if at > until:
            break
        signature = authors.signature(rng, made.author, at)
        title = made.title if count == 1 else f"{rng.choice(_WORDS)} {texts.thing(rng, product)}"
        message = title + "\n"
        if issue is not None and rng.random() < 0.3:
            message += f"\nRefs {issue.key}\n"
        helper = authors.someone(rng, product, at, made.author) if rng.random() < 0.04 else None
        if helper is not None:
            other = authors.signature(rng, helper, at)
            message += f"\nCo-authored-by: {other.name} <{other.email}>\n"
        made.commits.append(
            Commit(
                sha=sha("commit", made.repository, made.source_branch, made.created_at, number), author=made.author,
                author_name=signature.name, author_email=signature.email or "", committer_name=signature.name,
                committer_email=signature.email or "", authored_at=at,
                committed_at=at + timedelta(seconds=rng.choice((0, 0, 0, 90, 3600))), title=title, message=message,
            )
        )  # fmt: skip
