"""A small Confluence Cloud on a real socket."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from ovia_shared.models.source import Deployment
from tests.ingest.confluence.payloads import ANN, BOB, Json, cloud_comment, cloud_document, cloud_version
from tests.ingest.confluence.site import Remark, Site, everything, stamp

KINDS = {"pages": "page", "blogposts": "blogpost"}


class CloudSite(Site):
    """Lists by id go on behind the last id; lists by date go on at a number, so deletions move them up."""

    deployment = Deployment.CLOUD

    def __init__(self) -> None:
        super().__init__()
        self.expired: set[str] = set()
        # Documents that the search does not know yet.
        self.unindexed: set[str] = set()
        self.repeats = ""

    def routes(self, app: web.Application) -> None:
        v1, v2 = "/wiki/rest/api", "/wiki/api/v2"
        app.router.add_get(f"{v1}/user/current", self._current)
        app.router.add_get(f"{v1}/content/search", self._search)
        app.router.add_get(f"{v1}/group", self._groups)
        app.router.add_get(v1 + "/group/{group}/membersByGroupId", self._members)
        app.router.add_get(f"{v1}/search/user", self._people)
        app.router.add_get(f"{v2}/spaces", self._spaces)
        app.router.add_get(v2 + "/spaces/{space}/{kind}", self._listing)
        app.router.add_get(v2 + "/{kind:pages|blogposts}/{id}", self._document)
        app.router.add_get(v2 + "/{kind:pages|blogposts}/{id}/{part}", self._part)
        app.router.add_get(v2 + "/{sort:footer-comments|inline-comments}/{id}/{what:children|versions}", self._below)

    def document(self, number: str, *, whole: bool) -> Json:
        paper = self.papers[number]
        version = cloud_version(paper.version, BOB, stamp(paper.modified))
        document = cloud_document(paper.id, spaceId=paper.space, status=paper.status, version=version)
        if not whole:
            del document["body"]
        return document

    def page(self, request: web.Request, items: Sequence[Any], place: str = "0") -> web.Response:
        """One page of a list; the link to the next comes behind another link, as Confluence sends it."""
        start = int(request.query.get("cursor", place).removeprefix("at-"))
        limit = min(int(request.query.get("limit", "25")), self.page_limit)
        headers, links = {}, {}
        if start + limit < len(items) or self.repeats:
            cursor = f"at-{start + limit}" if self.repeats in ("", "page") else f"at-{start}"
            following = f"{request.path}?limit={limit}&cursor={cursor}"
            headers["Link"] = f'<https://docs.example/gone>; rel="deprecation", <{following}>; rel="next"'
            links["next"] = following
        found = items[:limit] if self.repeats else items[start : start + limit]
        return web.json_response({"results": found, "_links": links}, headers=headers)

    async def _current(self, request: web.Request) -> web.Response:
        return web.json_response({"type": "known", "accountId": ANN})

    async def _listing(self, request: web.Request) -> web.Response:
        assert request.query["status"] == "current"
        if request.query.get("cursor") in self.expired:
            return web.json_response({"errors": [{"status": 400, "code": "INVALID_CURSOR"}]}, status=400)
        papers = self.listed(KINDS[request.match_info["kind"]], request.match_info["space"])
        whole = "body-format" in request.query
        if request.query["sort"] == "-modified-date":
            papers.sort(key=lambda one: one.modified, reverse=True)
            return self.page(request, [self.document(one.id, whole=whole) for one in papers])
        papers.sort(key=lambda one: int(one.id))
        behind = request.query.get("cursor", "after-0").removeprefix("after-")
        rest = [one for one in papers if int(one.id) > int(behind)]
        limit = min(int(request.query["limit"]), self.page_limit)
        links = {}
        if len(rest) > limit:
            links["next"] = f"{request.path}?cursor=after-{rest[limit - 1].id}&limit={limit}"
        found = [self.document(one.id, whole=whole) for one in rest[:limit]]
        return web.json_response({"results": found, "_links": links})

    async def _document(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        if number not in self.papers:
            raise web.HTTPNotFound
        return web.json_response(self.document(number, whole=True))

    async def _part(self, request: web.Request) -> web.Response:
        paper = self.papers.get(request.match_info["id"])
        if paper is None:
            raise web.HTTPNotFound
        match request.match_info["part"]:
            case "versions":
                return self.page(request, [cloud_version(number) for number in range(paper.version, 0, -1)])
            case "labels":
                return self.page(request, [{"id": name, "name": name, "prefix": "global"} for name in paper.labels])
            case part:
                inline = part == "inline-comments"
                return self.page(request, [_comment(one) for one in paper.remarks if one.inline is inline])

    async def _below(self, request: web.Request) -> web.Response:
        remarks = [found for paper in self.papers.values() for found in everything(paper.remarks)]
        remark = next((one for one in remarks if one.id == request.match_info["id"]), None)
        if remark is None:
            raise web.HTTPNotFound
        if request.match_info["what"] == "children":
            return self.page(request, [_comment(one) for one in remark.answers])
        return self.page(request, [cloud_version(number) for number in range(remark.edits, 0, -1)])

    async def _search(self, request: web.Request) -> web.Response:
        if "restrictions.read" in request.query["expand"]:
            return self._restrictions(request)
        found = re.fullmatch(
            r'space = "GL" and type = comment and lastmodified >= "(.{16})" order by created asc', request.query["cql"]
        )
        assert found is not None
        since = datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        results = [
            {"id": one.id, "type": "comment", "container": {"id": paper.id, "type": paper.kind}}
            for paper in self.papers.values()
            for one in everything(paper.remarks)
            if paper.space == "7" and one.written >= since
        ]
        return self.page(request, results)

    def _restrictions(self, request: web.Request) -> web.Response:
        cql = request.query["cql"]
        of_kind = re.fullmatch(r'space = "GL" and type = (page|blogpost) order by created asc', cql)
        one = re.fullmatch(r'id = "(.+)"', cql)
        assert of_kind or one, cql
        found = [
            paper.id
            for paper in self.papers.values()
            if paper.status == "current"
            and paper.id not in self.unindexed
            and (paper.id == one[1] if one else of_kind and (paper.kind, paper.space) == (of_kind[1], "7"))
        ]
        return self.page(request, [self.restrictions(external_id) for external_id in found])

    async def _groups(self, request: web.Request) -> web.Response:
        return self.page(request, [{"type": "group", "id": f"g{n}", "name": f"group {n}"} for n in range(12)])

    async def _members(self, request: web.Request) -> web.Response:
        number = int(request.match_info["group"].removeprefix("g"))
        return self.page(request, [_user(f"u{member}") for member in range(number, number + 12)])

    async def _people(self, request: web.Request) -> web.Response:
        assert request.query["cql"] == "type=user"
        return self.page(request, [{"user": _user(f"u{member}"), "title": "x"} for member in range(15, 40)])

    async def _spaces(self, request: web.Request) -> web.Response:
        spaces = [{"id": str(n), "key": f"S{n}", "name": f"Space {n}", "status": "current"} for n in range(1, 26)]
        keys = request.query.get("keys")
        return self.page(request, [one for one in spaces if keys is None or one["key"] in keys.split(",")])


def _comment(remark: Remark) -> Json:
    return cloud_comment(remark.id, version=cloud_version(remark.edits, BOB, stamp(remark.written)))


def _user(account_id: str) -> Json:
    return {"type": "known", "accountId": account_id, "accountType": "atlassian", "displayName": account_id}
