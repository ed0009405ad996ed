"""What GitLab gives whole every time: projects, accounts, environments, releases, tags."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from ovia_ingest.connectors.gitlab.api import HIDDEN, GitLab, Item, Params, Part, item, together
from ovia_ingest.connectors.gitlab.meaning import release_id
from ovia_ingest.connectors.gitlab.paging import Page, keyset, numbered, whole
from ovia_ingest.sources.reading import Batch, Window
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.errors import SourceError, SourceFault, SourceRefused

BY_ID: Params = {"order_by": "id", "sort": "asc"}
# Secrets, and counters that would make every look a new version.
_NOT_KEPT_OF_PROJECTS = frozenset(
    {"runners_token", "import_url", "last_activity_at", "star_count", "forks_count", "open_issues_count", "statistics"}
)
# What only administrators are shown: it says when and from where people work, which is nobody's business here.
_NOT_KEPT_OF_USERS = frozenset(
    {"last_sign_in_at", "current_sign_in_at", "last_activity_on", "last_sign_in_ip", "current_sign_in_ip", "note"}
)


class Listing:
    """Reads a list that has no time filter: everything, every time."""

    whole = True

    def __init__(
        self,
        gitlab: GitLab,
        pages: Callable[[], AsyncGenerator[Page]],
        record: Callable[[Item], RawRecord],
        each: Callable[[Sequence[str]], Awaitable[list[Item]]],
    ) -> None:
        self._gitlab = gitlab
        self._pages = pages
        self._record = record
        self._each = each

    async def now(self) -> datetime:
        return await self._gitlab.now()

    async def batches(self, window: Window) -> AsyncGenerator[Batch]:  # noqa: ARG002 (there is nothing to narrow)
        seen: set[str] = set()
        async with aclosing(self._pages()) as pages:
            async for page in pages:
                fresh = [one for one in page.items if not one.key or one.key not in seen]
                seen.update(one.key for one in fresh)
                yield Batch([self._record(one) for one in fresh], total=page.total)

    async def present(self) -> list[str]:
        raise NotImplementedError("what is listed whole is its own census")

    async def named(self, external_ids: Sequence[str]) -> list[RawRecord]:
        return [self._record(one) for one in await self._each(external_ids)]


def projects(gitlab: GitLab) -> Listing:
    """The projects of the groups and paths that are set, or all that the account is a member of."""

    async def each(ids: Sequence[str]) -> list[Item]:
        found = await together([gitlab.found(f"/projects/{quote(one, safe='')}") for one in ids])
        return [item(raw) for raw in found if raw is not None]

    return Listing(gitlab, lambda: _visible(gitlab), project_record, each)


def project_record(one: Item) -> RawRecord:
    """A project without its secrets and counters."""
    return RawRecord(one.key, msgspec.json.encode({"project": _without(one.raw, _NOT_KEPT_OF_PROJECTS)}))


async def _visible(gitlab: GitLab) -> AsyncGenerator[Page]:
    if not gitlab.scopes:
        async for page in keyset(gitlab, "/projects", {"membership": True, **BY_ID}):
            yield page
        return
    for scope in gitlab.scopes:
        path = quote(scope.strip("/"), safe="")
        if await gitlab.found(f"/groups/{path}", {"with_projects": False}) is not None:
            # Subgroups and their projects come and go: they are found anew each time.
            narrowed: Params = {"include_subgroups": True, "with_shared": False, **BY_ID}
            async for page in numbered(gitlab, f"/groups/{path}/projects", narrowed):
                yield page
        elif (project := await gitlab.found(f"/projects/{path}")) is not None:
            yield Page([item(project)], None)
        else:
            raise SourceError(
                f"there is no group or project {scope}, or the token may not see it; check the connection's scopes",
                fault=SourceFault.FATAL,
            )


def users(gitlab: GitLab) -> Listing:
    """All accounts where GitLab lists them; otherwise the members of what is visible."""

    async def each(ids: Sequence[str]) -> list[Item]:
        found = await together([gitlab.found(f"/users/{quote(one, safe='')}") for one in ids])
        return [item(raw) for raw in found if raw is not None]

    return Listing(gitlab, lambda: _accounts(gitlab), user_record, each)


def user_record(one: Item) -> RawRecord:
    """An account without what says when and from where somebody works."""
    return RawRecord(one.key, msgspec.json.encode({"user": _without(one.raw, _NOT_KEPT_OF_USERS)}))


async def _accounts(gitlab: GitLab) -> AsyncGenerator[Page]:
    if not gitlab.everybodys:
        begun = False
        try:
            async for page in keyset(gitlab, "/users", BY_ID):
                begun = True
                yield page
        except SourceRefused as error:
            if begun or error.status != 403:
                raise
        else:
            return
    async for path in _memberships(gitlab):
        try:
            async for page in numbered(gitlab, path, {}):
                # The total is one group's.
                yield Page(page.items, None)
        except SourceRefused as error:
            if error.status not in HIDDEN:
                raise


async def _memberships(gitlab: GitLab) -> AsyncGenerator[str]:
    """Where members are listed: the groups of the visible projects, and projects that are in no group."""
    seen: set[str] = set()
    async for page in _visible(gitlab):
        for one in page.items:
            namespace: Any = one.head.namespace if isinstance(one.head.namespace, dict) else {}
            in_group = namespace.get("kind") == "group" and isinstance(namespace.get("id"), int)
            path = f"/groups/{namespace['id']}/members/all" if in_group else f"/projects/{one.key}/members/all"
            if path not in seen:
                seen.add(path)
                yield path


def environments(gitlab: GitLab, project: str) -> Listing:
    """The environments of a project."""
    part = Part(gitlab, project, "environments")
    return Listing(
        gitlab,
        lambda: part.unless_hidden(numbered(gitlab, part.path, {})),
        lambda one: RawRecord(one.key, in_project(project, environment=one.raw)),
        part.each,
    )


def releases(gitlab: GitLab, project: str) -> Listing:
    """The releases of a project. They have no id but their tag."""
    part = Part(gitlab, project, "releases")
    return _by_name(part, "release", "tag_name", {"order_by": "created_at", "sort": "asc"})


def tags(gitlab: GitLab, project: str) -> Listing:
    """The tags of a project that no release was made of: such a release names its tag itself."""
    part = Part(gitlab, project, "repository/tags")
    return _by_name(part, "tag", "name", {"order_by": "name", "sort": "asc"})


def _by_name(part: Part, kind: str, key: str, order: dict[str, str]) -> Listing:
    prefix = release_id(part.project, kind, "")

    def known(items: Sequence[Item]) -> list[Item]:
        bare = [one for one in items if kind == "release" or one.head.release is None]
        return [Item(prefix + one.key if one.key else "", one.raw, one.head) for one in bare]

    async def pages() -> AsyncGenerator[Page]:
        async for page in part.unless_hidden(numbered(part.gitlab, part.path, order, key=key)):
            yield Page(known(page.items), None, page.more, page.total)

    async def each(ids: Sequence[str]) -> list[Item]:
        return known([item(one.raw, key) for one in await part.each([one.removeprefix(prefix) for one in ids])])

    return Listing(
        part.gitlab, pages, lambda one: RawRecord(one.key, in_project(part.project, **{kind: one.raw})), each
    )


def in_project(project: str, **values: Any) -> bytes:
    """An envelope that also says which project its content is of, since GitLab often does not."""
    return msgspec.json.encode({"project_id": project, **values})


async def listed(
    gitlab: GitLab, path: str, params: Params | None = None, *, hidden: frozenset[int] = HIDDEN
) -> list[msgspec.Raw] | None:
    """All of a list as it was sent; None if the answer is one of `hidden`."""
    try:
        return [one.raw for one in await whole(gitlab, path, params)]
    except SourceRefused as error:
        if error.status not in hidden:
            raise
        return None


def _without(raw: msgspec.Raw, names: frozenset[str]) -> Any:
    """The object as it was sent, without these fields of its first level."""
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw
    return {name: value for name, value in fields.items() if name not in names}
