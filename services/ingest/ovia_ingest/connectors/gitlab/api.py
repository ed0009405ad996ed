"""Asking GitLab: where its API is, what a list of it holds, and whether a project still shows a part of itself."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from ovia_ingest.sources.context import Context
from ovia_ingest.sources.values import moment
from ovia_shared.errors import SourceRefused
from ovia_shared.source_client.answer import Answer
from ovia_shared.source_client.client import SourceClient

T = TypeVar("T")

Params = Mapping[str, str | int | bool | Sequence[str | int]]

ROOT = "/api/v4"
# What GitLab answers for a part of a project that is switched off, or that the account's role does not reach.
HIDDEN = frozenset({403, 404})


class Head(msgspec.Struct):
    """What reading needs to know of an item; the rest is the normaliser's."""

    id: int | str | None = None
    iid: Any = None
    name: Any = None
    tag_name: Any = None
    status: Any = None
    created_at: Any = None
    updated_at: Any = None
    user_notes_count: Any = None
    namespace: Any = None
    release: Any = None

    def time(self, field: str) -> datetime | None:
        """`created_at` or `updated_at`, if it is a time."""
        value = getattr(self, field)
        return moment(value) if isinstance(value, str | int | float) else None


class Item(msgspec.Struct):
    """An entry of a list as it was sent, and what it is known by there (empty if by nothing)."""

    key: str
    raw: msgspec.Raw
    head: Head

    @property
    def mark(self) -> str:
        """What it is recognised by on another page."""
        return self.key or f"? {zlib.crc32(self.raw)}"


def item(raw: msgspec.Raw, key: str = "id") -> Item:
    """The item with the value of its field `key` ("": it has none). What is no item at all keeps its bytes."""
    try:
        head = msgspec.json.decode(raw, type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError):
        head = Head()
    value = getattr(head, key) if key else None
    return Item(str(value) if isinstance(value, int | str) and not isinstance(value, bool) else "", raw, head)


class GitLab:
    """The API of one GitLab."""

    def __init__(self, client: SourceClient, context: Context) -> None:
        self._client = client
        self.base_url = context.base_url
        self.scopes = context.settings.scopes
        # Its list of users is that of the whole world.
        self.everybodys = urlsplit(context.base_url).hostname == "gitlab.com"

    async def get(self, path: str, params: Params | None = None) -> Answer:
        """The answer to a path below the API's root. Raises `SourceError`."""
        return await self._client.get(f"{ROOT}{path}", params)

    async def found(self, path: str, params: Params | None = None) -> msgspec.Raw | None:
        """One thing as it is now; None if GitLab knows none."""
        try:
            return (await self.get(path, params)).decode(msgspec.Raw)
        except SourceRefused as error:
            if error.status != 404:
                raise
            return None

    async def now(self) -> datetime:
        """GitLab's time. Refused without a token that counts."""
        return (await self.get("/version")).date


class Part:
    """A part of a project, such as its jobs. Projects may switch it off, and roles may not reach it."""

    def __init__(self, gitlab: GitLab, project: str, name: str) -> None:
        self.gitlab = gitlab
        self.project = project
        self.path = f"/projects/{quote(project, safe='')}/{name}"

    async def unless_hidden(self, pages: AsyncGenerator[T]) -> AsyncGenerator[T]:
        """The pages, or none if the part is hidden. Raises `SourceRefused` if the project itself is."""
        try:
            async with aclosing(pages):
                async for page in pages:
                    yield page
        except SourceRefused as error:
            if error.status not in HIDDEN:
                raise
            await self.gitlab.get(f"/projects/{quote(self.project, safe='')}")

    async def must_show(self) -> None:
        """Raises `SourceRefused` if the part is hidden: then an item that is not found says nothing."""
        await self.gitlab.get(self.path, {"per_page": 1})

    async def each(self, keys: Sequence[str]) -> list[Item]:
        """These items as they are now, each asked for by its key, without those that are gone."""
        paths = [f"{self.path}/{quote(key, safe='')}" for key in keys]
        answers = await together([self.gitlab.found(path) for path in paths])
        if None in answers:
            await self.must_show()
        return [item(raw) for raw in answers if raw is not None]


async def together(questions: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All answers, in order. The first failure ends the other questions and is raised."""
    tasks = [asyncio.ensure_future(question) for question in questions]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
