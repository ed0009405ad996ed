"""What the small Confluences of these tests have in common: documents with a clock, changed while they are read."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from ovia_ingest.sources.context import Context
from ovia_shared.models.source import Deployment, SourceSettings
from ovia_shared.source_client.client import SourceClient
from tests.ingest.confluence.payloads import Json, restricted_content

START = datetime(2026, 3, 1, tzinfo=UTC)


class Remark(msgspec.Struct):
    """A comment and the answers to it."""

    id: str
    written: datetime
    edits: int = 1
    inline: bool = False
    answers: list["Remark"] = []


class Paper(msgspec.Struct):
    """A page or a blog post."""

    id: str
    kind: str
    space: str
    created: datetime
    modified: datetime
    version: int = 1
    status: str = "current"
    labels: list[str] = []
    remarks: list[Remark] = []
    parent: str | None = None
    restricted: bool = False


class Site:
    """Documents by id. `before_list` is called before each page of a list, with how many were asked for so far."""

    deployment: Deployment
    base_path = ""

    def __init__(self) -> None:
        self.papers: dict[str, Paper] = {}
        self.time = START
        self.before_list: Callable[[int], None] = lambda _: None
        self.page_limit = 10
        self.asked: list[Json] = []
        self.lists = 0
        self.answers: dict[str, tuple[int, Any]] = {}
        self._next_remark = 9000

    def add(self, number: int, kind: str = "page", space: str = "7") -> Paper:
        self.time += timedelta(hours=1)
        self.papers[str(number)] = Paper(str(number), kind, space, self.time, self.time)
        return self.papers[str(number)]

    def edit(self, number: int) -> None:
        self.time += timedelta(hours=1)
        paper = self.papers[str(number)]
        paper.modified, paper.version = self.time, paper.version + 1

    def remark(self, number: int, *, inline: bool = False, edits: int = 1, below: Remark | None = None) -> Remark:
        self.time += timedelta(hours=1)
        self._next_remark += 1
        remark = Remark(str(self._next_remark), self.time, edits, inline)
        (below.answers if below is not None else self.papers[str(number)].remarks).append(remark)
        return remark

    def answer(self, path: str, status: int, body: Any) -> None:
        """From now on this path answers so."""
        self.answers[path] = (status, body)

    @asynccontextmanager
    async def reached(
        self, key: str | None = "GL", scopes: tuple[str, ...] = ()
    ) -> AsyncIterator[tuple[SourceClient, Context]]:
        """The site as a connector reaches it, over a real socket."""
        app = web.Application(middlewares=[self._scripted])
        self.routes(app)
        async with TestServer(app) as server:
            base = str(server.make_url(self.base_path)).rstrip("/")
            settings = SourceSettings(max_tries=2, scopes=scopes)
            context = Context(base, settings, self.deployment, project_key=key)
            async with SourceClient(base, settings, {}, name="Confluence") as client:
                yield client, context

    def restrictions(self, external_id: str) -> Json:
        """Who may see a document, as v1 expands it: its own restrictions, and the ids above it."""
        paper = self.papers[external_id]
        above: list[Json] = []
        parent = paper.parent
        while parent is not None:
            above.insert(0, {"id": parent, "type": "page"})
            parent = self.papers[parent].parent
        return restricted_content(paper.id, paper.kind, above, restricted=paper.restricted)

    def routes(self, app: web.Application) -> None:
        raise NotImplementedError

    def listed(self, kind: str, space: str) -> list[Paper]:
        """What a list shows at this moment."""
        self.lists += 1
        self.before_list(self.lists)
        return [one for one in self.papers.values() if (one.kind, one.space, one.status) == (kind, space, "current")]

    @web.middleware
    async def _scripted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append({"path": request.path, **request.query})
        if request.path in self.answers:
            status, body = self.answers[request.path]
            return web.json_response(body, status=status)
        found: web.StreamResponse = await handler(request)
        return found


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def everything(remarks: list[Remark]) -> list[Remark]:
    """Comments with all their answers."""
    return [found for one in remarks for found in (one, *everything(one.answers))]
