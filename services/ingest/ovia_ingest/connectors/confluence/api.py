"""Asking Confluence: where its API is, and how a list of it is paged."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from ovia_ingest.sources.context import Context
from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.models.source import Deployment
from ovia_shared.source_client.answer import Answer
from ovia_shared.source_client.client import SourceClient

PAGE = 100
IDS_PAGE = 250
# Pages come back short, even empty, where the account may not see what was on them.
MOST_EMPTY_PAGES = 100
# Dates in CQL are read in the account's own time zone, which the API does not tell.
ZONES = timedelta(hours=24)

Glimpsed = TypeVar("Glimpsed", bound=msgspec.Struct)
Params = Mapping[str, str | int | bool | Sequence[str | int]]
Place = dict[str, str]


class _Links(msgspec.Struct):
    next: str | None = None


class _Listed(msgspec.Struct):
    results: list[msgspec.Raw] = []
    links: _Links | None = msgspec.field(default=None, name="_links")


class _Account(msgspec.Struct):
    type: str | None = None


class Found(msgspec.Struct):
    """Items of one page of a list, and the place behind it; None behind the last."""

    items: list[msgspec.Raw]
    place: Place | None


class Confluence:
    """The API of one Confluence, whichever product it is."""

    def __init__(self, client: SourceClient, context: Context) -> None:
        self.client = client
        self.cloud = context.deployment is not Deployment.DATA_CENTER
        self.v1 = f"{wiki(context)}/rest/api"
        self.v2 = f"{wiki(context)}/api/v2"
        self.experimental = f"{wiki(context)}/rest/experimental"

    async def now(self) -> datetime:
        """Confluence's time. Asks who we are: a token that no longer counts would read a public site as a stranger."""
        answer = await self.client.get(f"{self.v1}/user/current")
        if answer.decode(_Account).type == "anonymous":
            raise SourceError(
                "Confluence takes us for an anonymous visitor; check the token of the connection and, on Cloud, "
                "the e-mail address it belongs to",
                fault=SourceFault.FATAL,
            )
        return answer.date

    async def one(self, path: str, params: Params | None = None) -> msgspec.Raw:
        """One object."""
        return (await self.client.get(path, params)).decode(msgspec.Raw)

    async def pages(self, path: str, params: Params, place: Place | None = None) -> AsyncGenerator[Found]:
        """The pages of a list, from `place` on."""
        passed: set[tuple[tuple[str, str], ...]] = set()
        before: list[msgspec.Raw] = []
        empty = 0
        while True:
            answer = await self.client.get(path, {**params, **(place or {})})
            page = answer.decode(_Listed)
            place = _following(answer, page)
            yield Found(page.results, place)
            if place is None:
                return
            empty = 0 if page.results else empty + 1
            here = tuple(sorted(place.items()))
            if here in passed or empty > MOST_EMPTY_PAGES or (page.results and page.results == before):
                raise SourceError(f"{path} gives the same page again and again", fault=SourceFault.RETRIABLE)
            passed.add(here)
            before = page.results

    async def all_of(self, path: str, params: Params | None = None) -> list[msgspec.Raw]:
        """Everything of a list that belongs to one record."""
        found: list[msgspec.Raw] = []
        async for page in self.pages(path, {"limit": PAGE, **(params or {})}):
            found += page.items
        return found

    async def search(self, cql: str, expand: str) -> AsyncGenerator[Found]:
        """The pages of what a CQL query finds."""
        async for found in self.pages(f"{self.v1}/content/search", {"cql": cql, "expand": expand, "limit": PAGE}):
            yield found


class _Identified(msgspec.Struct):
    id: str | int | None = None


def glimpse(raw: msgspec.Raw, kind: type[Glimpsed]) -> Glimpsed:
    """The little that reading needs to know of a record; nothing of one whose shape is not as documented.

    Such a record is stored all the same: to understand it is a later matter.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError:
        return kind()


def identify(raw: msgspec.Raw) -> str:
    """The id of a record; "" if it has none."""
    found = glimpse(raw, _Identified).id
    return "" if found is None else str(found)


def segment(value: str | int | None) -> str:
    """A value as one part of a path."""
    return quote("" if value is None else str(value), safe="")


def wiki(context: Context) -> str:
    """What stands between the base URL and the API: Cloud lives below /wiki, which the base URL may name or not."""
    if context.deployment is Deployment.DATA_CENTER or urlsplit(context.base_url).path.rstrip("/").endswith("/wiki"):
        return ""
    return "/wiki"


def address(context: Context, webui: str | None) -> str | None:
    """The URL people open."""
    return f"{context.base_url.rstrip('/')}{wiki(context)}{webui}" if webui and webui.startswith("/") else None


def changed_since(key: str | None, kind: str, since: datetime) -> str:
    """The CQL for content of a kind in a space that changed since, and a day more."""
    moment = f"{since - ZONES:%Y-%m-%d %H:%M}"
    return f'{_in_space(key, kind)} and lastmodified >= "{moment}" order by created asc'


def of_kind(key: str | None, kind: str) -> str:
    """The CQL for all content of a kind in a space."""
    return f"{_in_space(key, kind)} order by created asc"


def _in_space(key: str | None, kind: str) -> str:
    name = (key or "").replace("\\", "\\\\").replace('"', '\\"')
    return f'space = "{name}" and type = {kind}'


def _following(answer: Answer, page: _Listed) -> Place | None:
    """What to ask for the next page with, by the link to it; the link itself may lead around a proxy."""
    link = answer.links().get("next") or (page.links.next if page.links is not None else None)
    if not link:
        return None
    query = dict(parse_qsl(urlsplit(link).query))
    place = {name: value for name, value in query.items() if name in ("cursor", "start")}
    if not place:
        raise SourceError("Confluence links to a next page without saying where it begins", fault=SourceFault.RETRIABLE)
    return place
