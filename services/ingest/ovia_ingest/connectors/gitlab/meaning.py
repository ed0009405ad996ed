"""What all normalisers of GitLab share: accounts, ids, numbers, and where texts name issues."""

import re
from collections.abc import Callable, Iterable, Sequence

from ovia_ingest.connectors.gitlab import payloads
from ovia_ingest.sources.accounts import account, on_host
from ovia_ingest.sources.mentions import LONGEST_SEARCHED, MOST_MENTIONS, mentions
from ovia_ingest.sources.reading import Normalised
from ovia_ingest.sources.values import line
from ovia_shared.models.canonical.references import Reference
from ovia_shared.models.identity import NewIdentity

SOURCE = "gitlab"
LARGEST_NUMBER = 2**62
LONGEST_NAME = 255

Normaliser = Callable[[bytes], Normalised]

_GHOST = re.compile(r"ghost\d*$")
# `#12` of this project, `app#12` of this group, `group/app#12`. No anchors of addresses, no HTML entities.
_ISSUE = re.compile(r"(?<![\w&/#.-])((?:[\w.-]+/)*[\w.-]+)?#([1-9][0-9]{0,8})(?!\w)")
# How GitLab names the branch it makes for an issue.
_ISSUE_BRANCH = re.compile(r"([1-9][0-9]{0,8})-")
_SHA = re.compile(r"[0-9a-f]{7,64}$")


class Seen:
    """Accounts as they are met, and the external id to name each by."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._accounts: dict[NewIdentity, None] = {}

    @property
    def accounts(self) -> tuple[NewIdentity, ...]:
        return tuple(self._accounts)

    def name(self, user: payloads.User | None) -> str | None:
        """The external id of this account; None if the source names nobody."""
        user_id = None if user is None else line(str(user.id), LONGEST_NAME)
        if user is None or user.id is None or user_id is None:
            return None
        shown = account(
            SOURCE,
            on_host(user_id, self._base_url),
            username=user.username,
            email=user.email or user.public_email,
            display_name=user.name,
            active=None if user.state is None else user.state == "active",
            machine_reason=_machine_reason(user),
        )
        self._accounts[shown] = None
        return shown.external_id

    def names(self, users: Sequence[payloads.User | None] | None) -> tuple[str, ...]:
        """Each of these once, in order."""
        return tuple(dict.fromkeys(name for name in map(self.name, users or []) if name is not None))


def _machine_reason(user: payloads.User) -> str | None:
    if user.username is not None and _GHOST.match(user.username) and (user.name or "Ghost User") == "Ghost User":
        return "the ghost user"
    if user.bot:
        return "GitLab says it is a bot"
    if user.user_type not in (None, "human", "regular"):
        return f"GitLab says it is a {line(user.user_type, 60)} account"
    return None


def identified(value: payloads.Id, what: str) -> str:
    """The id as a text. Raises ValueError if there is none."""
    found = None if value is None else line(str(value), LONGEST_NAME)
    if found is None:
        raise ValueError(f"the {what} has no id")
    return found


def optional(value: payloads.Id) -> str | None:
    """The id of something else, as a text."""
    return None if value is None else line(str(value), LONGEST_NAME)


def release_id(project: str, kind: str, name: str) -> str:
    """What a release (`kind` release) or a bare tag (tag) is known by: names are unique only within a project."""
    return f"{project}:{kind}:{name}"


def number(value: int | None) -> int | None:
    """A whole number that fits."""
    return value if value is not None and abs(value) < LARGEST_NUMBER else None


def seconds(value: float | None) -> float | None:
    """A duration; None for what no clock could have measured."""
    return float(value) if value is not None and 0 <= value < 1e12 else None


def labels(values: Sequence[str | payloads.Titled | None] | None) -> tuple[str, ...]:
    """The names of labels, which come as texts or as objects."""
    names = (
        line(one.name or one.title if isinstance(one, payloads.Titled) else one, LONGEST_NAME) for one in values or []
    )
    return tuple(dict.fromkeys(name for name in names if name is not None))


def project_of(references: payloads.References | None, mark: str) -> str | None:
    """The path of the project in a full reference such as `fernweh/app!12`."""
    full = None if references is None else line(references.full)
    path, found, _ = (full or "").rpartition(mark)
    return path if found and path else None


def named_in(
    subject_kind: str, subject: str, texts: Iterable[tuple[str, str | None]], project: str | None
) -> list[Reference]:
    """References to work items, of any tracker, from (where, text) pairs."""
    pairs = list(texts)
    found = mentions(subject_kind, subject, pairs)
    keys = [(place, key) for place, text in pairs for key in _issue_keys(place, text, project)]
    found += [
        Reference(
            subject_kind=subject_kind,
            subject_external_id=subject,
            target_kind="work_item",
            target=key,
            found_in=place,
        )
        for place, key in keys[:MOST_MENTIONS]
    ]
    return list(dict.fromkeys(found))


def _issue_keys(place: str, text: str | None, project: str | None) -> Iterable[str]:
    if project is None or text is None:
        return
    if place == "branch":
        issue = _ISSUE_BRANCH.match(text)
        if issue is not None:
            yield f"{project}#{issue[1]}"
        return
    for match in _ISSUE.finditer(text[:LONGEST_SEARCHED]):
        path, issue_number = match.groups()
        if path is None:
            yield f"{project}#{issue_number}"
        elif "/" in path:
            yield f"{path}#{issue_number}"
        elif "/" in project:
            yield f"{project.rpartition('/')[0]}/{path}#{issue_number}"


def commits_named(subject_kind: str, subject: str, pairs: Iterable[tuple[str, str | None]]) -> list[Reference]:
    """References to commits from (where, SHA) pairs; what is no SHA is left out."""
    found = [
        Reference(
            subject_kind=subject_kind,
            subject_external_id=subject,
            target_kind="commit",
            target=sha,
            found_in=place,
        )
        for place, sha in pairs
        if sha is not None and _SHA.match(sha)
    ]
    return list(dict.fromkeys(found))
