"""A small Confluence Data Center on a real socket, below a path."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from ovia_shared.models.source import Deployment
from tests.ingest.confluence.payloads import Json, content, person
from tests.ingest.confluence.site import Site, everything, stamp

V1 = "/confluence/rest/api"


class DataCenterSite(Site):
    """Every list goes on at a number, so deletions move it up."""

    deployment = Deployment.DATA_CENTER
    base_path = "/confluence"

    def __init__(self) -> None:
        super().__init__()
        self.old = False

    def routes(self, app: web.Application) -> None:
        app.router.add_get(f"{V1}/user/current", self._current)
        app.router.add_get(f"{V1}/content", self._listing)
        app.router.add_get(f"{V1}/content/search", self._search)
        app.router.add_get(V1 + "/content/{id}", self._document)
        app.router.add_get(V1 + "/content/{id}/{part:version|label|child/comment}", self._part)
        app.router.add_get("/confluence/rest/experimental/content/{id}/{part:version}", self._part)
        app.router.add_get(f"{V1}/space", self._spaces)
        app.router.add_get(f"{V1}/group", self._groups)
        app.router.add_get(V1 + "/group/{group}/member", self._members)

    def document(self, number: str) -> Json:
        paper = self.papers[number]
        labels = [{"name": name, "prefix": "global"} for name in paper.labels[:200]]
        return content(
            paper.id,
            type=paper.kind,
            space={"id": int(paper.space), "key": "GL", "name": "Gliders"},
            version={"by": person(), "when": stamp(paper.modified), "number": paper.version},
            ancestors=self.restrictions(number)["ancestors"],
            metadata={"labels": {"results": labels, "size": len(labels), "limit": 200}},
        )

    def page(self, request: web.Request, items: Sequence[Any]) -> web.Response:
        start = int(request.query.get("start", "0"))
        limit = min(int(request.query.get("limit", "25")), self.page_limit)
        links = {"self": str(request.url)}
        if start + limit < len(items):
            links["next"] = f"{request.path.removeprefix('/confluence')}?limit={limit}&start={start + limit}"
        results = items[start : start + limit]
        return web.json_response({"results": results, "start": start, "limit": limit, "_links": links})

    async def _current(self, request: web.Request) -> web.Response:
        return web.json_response(person())

    async def _listing(self, request: web.Request) -> web.Response:
        assert request.query["spaceKey"] == "GL"
        if "restrictions.read" in request.query.get("expand", ""):
            kind = request.query["type"]
            papers = [
                one for one in self.papers.values() if (one.kind, one.space, one.status) == (kind, "7", "current")
            ]
            return self.page(request, [self.restrictions(one.id) for one in papers])
        papers = self.listed(request.query["type"], "7")
        papers.sort(key=lambda one: one.created)
        if "expand" not in request.query:
            return self.page(request, [{"id": one.id, "type": one.kind} for one in papers])
        return self.page(request, [self.document(one.id) for one in papers])

    async def _document(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        if number not in self.papers or self.papers[number].status != "current":
            raise web.HTTPNotFound
        if "restrictions.read" in request.query["expand"]:
            return web.json_response(self.restrictions(number))
        return web.json_response(self.document(number))

    async def _part(self, request: web.Request) -> web.Response:
        paper = self.papers.get(request.match_info["id"])
        part = request.match_info["part"]
        if paper is None or (part == "version" and self.old is not ("experimental" in request.path)):
            raise web.HTTPNotFound
        if part == "version":
            return self.page(request, [{"number": number, "by": person()} for number in range(paper.version, 0, -1)])
        if part == "label":
            return self.page(request, [{"name": name, "prefix": "global"} for name in paper.labels])
        assert request.query["depth"] == "all"
        assert request.query.getall("location") == ["footer", "inline", "resolved"]
        return self.page(request, [content(one.id, type="comment") for one in everything(paper.remarks)])

    async def _search(self, request: web.Request) -> web.Response:
        found = re.fullmatch(
            r'space = "GL" and type = (\w+) and lastmodified >= "(.{16})" order by created asc', request.query["cql"]
        )
        assert found is not None
        kind, since = found[1], datetime.strptime(found[2], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        papers = sorted(self.listed("page", "7") + self.listed("blogpost", "7"), key=lambda one: one.created)
        if kind != "comment":
            edited = [one for one in papers if one.kind == kind and one.modified >= since]
            return self.page(request, [{"id": one.id, "type": kind} for one in edited])
        results = [
            {"id": one.id, "type": "comment", "container": {"id": paper.id, "type": paper.kind}}
            for paper in papers
            for one in everything(paper.remarks)
            if one.written >= since
        ]
        return self.page(request, results)

    async def _spaces(self, request: web.Request) -> web.Response:
        spaces = [{"id": n, "key": f"S{n}", "name": f"Space {n}"} for n in range(1, 26)]
        keys = request.query.getall("spaceKey", [])
        return self.page(request, [one for one in spaces if not keys or one["key"] in keys])

    async def _groups(self, request: web.Request) -> web.Response:
        return self.page(request, [{"type": "group", "name": name} for name in ("staff", "night/shift", "все")])

    async def _members(self, request: web.Request) -> web.Response:
        group = request.match_info["group"]
        return self.page(request, [person("k0", "ann"), person(f"k-{group}", group)])
