"""A small GitLab over real sockets: lists that are filtered, ordered and paged as GitLab does it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlencode

from aiohttp import web
from aiohttp.test_utils import TestServer

from ovia_ingest.connectors.gitlab.api import GitLab
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Batch, Reading, Window
from ovia_shared.models.source import Deployment, SourceSettings
from ovia_shared.source_client.client import SourceClient
from ovia_shared.source_client.tempo import Tempo

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PROJECT = "/projects/7"
KEYSET = {"/projects", "/users", f"{PROJECT}/jobs"}

Thing = dict[str, Any]


def at(minutes: float) -> str:
    """A time of the test's working day as GitLab writes it."""
    return (START + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class SmallGitLab:
    """`lists` are what each path below /api/v4 lists; `single` overrides what a path of one thing answers.

    `refused` paths answer with a status. `meanwhile` is called after every answer with its path, to change things
    between pages. `asked` keeps every path with its query.
    """

    def __init__(self) -> None:
        self.lists: dict[str, list[Thing]] = {PROJECT: []}
        self.single: dict[str, Thing] = {"/version": {"version": "18.4.0"}, PROJECT: {"id": 7}}
        self.refused: dict[str, int] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.meanwhile: Callable[[str], None] = lambda _: None
        self.counts_to = 50_000
        self.links = True
        self.calls_itself = ""
        self.deaf = False

    def requests(self, path: str) -> list[dict[str, str]]:
        """The queries a path was asked with."""
        return [query for asked, query in self.asked if asked == path]

    async def answer(self, request: web.Request) -> web.Response:
        path = unquote(request.rel_url.raw_path.removeprefix("/gitlab/api/v4")).rstrip("/")
        query = dict(request.query)
        self.asked.append((path, query))
        response = self._answer(request, path, query)
        response.headers["Date"] = "Mon, 05 Jan 2026 18:00:00 GMT"
        self.meanwhile(path)
        return response

    def _answer(self, request: web.Request, path: str, query: dict[str, str]) -> web.Response:
        if path in self.refused:
            return web.json_response({"message": "refused"}, status=self.refused[path])
        if path in self.single:
            return web.json_response(self.single[path])
        if path in self.lists:
            return self._list(request, path, query)
        parent, _, name = path.rpartition("/")
        found = [one for one in self.lists.get(parent, []) if _name(one) == name]
        if not found:
            return web.json_response({"message": "404 Not found"}, status=404)
        return web.json_response({**found[0], "single": True})

    def _list(self, request: web.Request, path: str, query: dict[str, str]) -> web.Response:
        items = self._narrowed(path, query, request.query.getall("iids[]", []))
        size = min(int(query.get("per_page", 20)), 100)
        if query.get("pagination") == "keyset":
            return self._keyset(request, path, query, items, size)
        page = 1 if self.deaf else int(query.get("page", 1))
        if (page - 1) * size >= self.counts_to:
            return web.json_response({"error": "Offset pagination has a maximum allowed offset"}, status=405)
        chosen = items[(page - 1) * size : page * size]
        headers = {"X-Total": str(len(items))}
        if self.deaf or page * size < len(items):
            headers["Link"] = self._link(request, {**query, "page": str(page + 1)})
        return web.json_response(chosen, headers=headers)

    def _keyset(
        self, request: web.Request, path: str, query: dict[str, str], items: list[Thing], size: int
    ) -> web.Response:
        if path not in KEYSET or not self.links:
            return web.json_response({"error": "Keyset pagination is not yet available"}, status=405)
        descending = query["sort"] == "desc"
        after = int(query.get("cursor", 10**9 if descending else 0))
        left = [one for one in items if (one["id"] < after if descending else one["id"] > after)]
        headers = {}
        if len(left) > size:
            headers["Link"] = self._link(request, {**query, "cursor": str(left[size - 1]["id"])})
        return web.json_response(left[:size], headers=headers)

    def _link(self, request: web.Request, query: dict[str, str]) -> str:
        here = self.calls_itself or f"http://{request.host}"
        return f'<{here}{request.path}?{urlencode(query)}>; rel="next", <{here}/>; rel="first"'

    def _narrowed(self, path: str, query: dict[str, str], iids: list[str]) -> list[Thing]:
        items = list(self.lists[path])
        if iids:
            items = [one for one in items if str(one["iid"]) in iids]
        if path.endswith("/pipelines"):
            child = query.get("source") == "parent_pipeline"
            items = [one for one in items if (one.get("source") == "parent_pipeline") == child]
        for field in ("created", "updated"):
            if f"{field}_after" in query:
                bound = datetime.fromisoformat(query[f"{field}_after"])
                items = [
                    one
                    for one in items
                    if one.get(f"{field}_at") and datetime.fromisoformat(one[f"{field}_at"]) >= bound
                ]
        order = query.get("order_by", "id")
        if order in {"id", "created_at", "updated_at"} and all("id" in one for one in items):
            items.sort(key=lambda one: (str(one.get(order) or "") if order != "id" else "", one["id"]))
            if query.get("sort", "asc" if "order_by" in query else "desc") == "desc":
                items.reverse()
        return items


class Served:
    """A small GitLab under way, and readings of it."""

    def __init__(self, gitlab: SmallGitLab, url: str) -> None:
        self.gitlab = gitlab
        self.url = url

    def context(self, *scopes: str) -> Context:
        """The context of a connection to it, of the project `fernweh/app`."""
        settings = SourceSettings(scopes=scopes, max_tries=2)
        return Context(self.url, settings, Deployment.CLOUD, project_key="fernweh/app")

    def client(self) -> SourceClient:
        """A client that does not wait long before it tries again."""
        tempo = Tempo(base_delay=0.001, longest_delay=0.002)
        settings = SourceSettings(max_tries=2)
        return SourceClient(self.url, settings, {"PRIVATE-TOKEN": "of-no-worth"}, name="the test's GitLab", tempo=tempo)

    def api(self, client: SourceClient, *scopes: str) -> GitLab:
        return GitLab(client, self.context(*scopes))


async def serve(gitlab: SmallGitLab) -> TestServer:
    """The server, started; its base URL has a path, as in many companies."""
    application = web.Application()
    application.router.add_route("GET", "/gitlab/api/v4/{rest:.*}", gitlab.answer)
    server = TestServer(application)
    await server.start_server()
    return server


async def batches_of(reading: Reading, since: datetime | None = None, position: Any = None) -> list[Batch]:
    """Everything a reading gives for a window."""
    return [batch async for batch in reading.batches(Window(since, position))]


async def ids_of(reading: Reading, since: datetime | None = None, position: Any = None) -> list[str]:
    """The external ids a reading gives, in order, as often as they come."""
    found = await batches_of(reading, since, position)
    return [record.external_id for batch in found for record in batch.records]


def _name(one: Thing) -> str:
    return str(one.get("id", one.get("tag_name", one.get("name"))))
