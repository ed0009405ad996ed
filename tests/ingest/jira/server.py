"""A small Jira on a real socket, whose issues a test may change while they are read."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from ovia_ingest.connectors.jira.api import Jira
from ovia_ingest.sources.context import Context
from ovia_shared.models.source import Deployment, SourceSettings
from ovia_shared.source_client.client import SourceClient

_BOUND = re.compile(r"(created|updated) (>=|<) (\d+)")
START = datetime(2025, 1, 1, tzinfo=UTC)


# What a Jira has besides issues; by the path behind the API's root.
LISTINGS: dict[str, Any] = {
    "serverInfo": {"baseUrl": "https://fernweh.example", "deploymentType": "Cloud", "version": "1001.0.0"},
    "field": [{"id": "customfield_10000", "name": "Sprint", "custom": True,
               "schema": {"custom": "com.pyxis.greenhopper.jira:gh-sprint", "type": "array"}}],
    "status": [{"id": "3", "name": "In Progress", "statusCategory": {"key": "indeterminate"}}],
    "project/search": {"values": [{"id": "1", "key": "GLD", "name": "Gliders"}], "isLast": True},
    "users/search": [{"accountId": "ann", "displayName": "Ann Example", "emailAddress": "ann@fernweh.example"}],
    "board": {"values": [{"id": 4, "name": "Gliders"}], "isLast": True},
    "board/4/sprint": {"values": [{"id": 8, "name": "Sprint 8", "state": "active", "originBoardId": 4}],
                       "isLast": True},
    "project/1/versions": [{"id": "70", "name": "1.2", "projectId": 1, "released": True, "releaseDate": "2026-02-01"}],
}  # fmt: skip


class JiraServer:
    """Issues by id. `before_search` is called before each page of a search, with the number of the page."""

    def __init__(self) -> None:
        self.issues: dict[str, dict[str, Any]] = {}
        self.time = START
        self.searches: list[dict[str, Any]] = []
        self.before_search: Callable[[int], None] = lambda _: None
        self.page_limit = 10
        # What an administrator lets Data Center give at once.
        self.most = 1000
        self.expired: set[str] = set()
        self.stuck = False
        self.requests = 0
        self.refused = False
        self.forbidden: set[str] = set()
        # Issues a search finds whatever it asks for.
        self.pinned: set[str] = set()
        self.garble: Callable[[bytes], bytes] = lambda body: body

    def add(self, number: int, project: str = "GLD", created: datetime | None = None) -> None:
        self.time += timedelta(minutes=1)
        stamp = _text(created or self.time)
        self.issues[str(number)] = {
            "id": str(number), "key": f"{project}-{number}",
            "fields": {"project": {"id": "1", "key": project}, "summary": "new", "created": stamp, "updated": stamp,
                       "comment": {"comments": [], "total": 0}},
        }  # fmt: skip

    def edit(self, number: int, **fields: Any) -> None:
        self.time += timedelta(minutes=1)
        self.issues[str(number)]["fields"] |= {"updated": _text(self.time), **fields}

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """The server, listening; its address."""
        app = web.Application(middlewares=[self._counted])
        app.router.add_get("/rest/api/{version}/myself", self._myself)
        app.router.add_post("/rest/api/3/search/jql", self._search_cloud)
        app.router.add_post("/rest/api/3/search/approximate-count", self._count)
        app.router.add_post("/rest/api/3/changelog/bulkfetch", self._changelogs)
        app.router.add_post("/rest/api/2/search", self._search_data_center)
        app.router.add_get("/rest/api/{version}/issue/{id}", self._issue)
        app.router.add_get("/rest/api/{version}/issue/{id}/comment", self._comments)
        app.router.add_get("/rest/api/{version}/{what:.*}", self._listing)
        app.router.add_get("/rest/agile/1.0/{what:.*}", self._listing)
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/")

    @asynccontextmanager
    async def reached(self, deployment: Deployment, days: int = 90) -> AsyncIterator[tuple[Jira, Context]]:
        """The API as a connector reaches it."""
        async with self.served() as base:
            context = Context(base, SourceSettings(window_days=days, max_tries=2), deployment, project_key="GLD")
            async with SourceClient(base, context.settings, {}, name="Jira") as client:
                yield Jira(client, context), context

    @web.middleware
    async def _counted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests += 1
        if self.refused:
            return web.json_response({"message": "Client must be authenticated"}, status=401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _listing(self, request: web.Request) -> web.Response:
        what = request.match_info["what"]
        if what in self.forbidden:
            return web.json_response({"errorMessages": ["You do not have permission"]}, status=403)
        if what == "users/search" and request.query["startAt"] != "0":
            return web.json_response([])
        if what in LISTINGS:
            return web.json_response(LISTINGS[what])
        return web.json_response({"errorMessages": [f"nothing at {what}"]}, status=404)

    def _found(self, jql: str) -> list[dict[str, Any]]:
        self.searches.append({"jql": jql})
        self.before_search(len(self.searches))
        assert jql.startswith('project = "GLD"')
        assert jql.endswith(" order by created asc, id asc")
        pinned = [self.issues[number] for number in sorted(self.pinned)]
        found = [
            issue
            for number, issue in self.issues.items()
            if number not in self.pinned and issue["fields"]["project"]["key"] == "GLD"
        ]
        for field, sign, bound in _BOUND.findall(jql):
            at = datetime.fromtimestamp(int(bound) / 1000, UTC)
            if sign == ">=":
                found = [one for one in found if _time(one["fields"][field]) >= at]
            else:
                found = [one for one in found if _time(one["fields"][field]) < at]
        return [*pinned, *sorted(found, key=_place)]

    async def _myself(self, _: web.Request) -> web.Response:
        return web.json_response({"accountId": "me"})

    async def _search_cloud(self, request: web.Request) -> web.Response:
        body = await request.json()
        token = body.get("nextPageToken")
        if token in self.expired:
            self.expired.discard(token)
            return web.json_response({"errorMessages": ["the page token has expired"]}, status=400)
        found = self._found(body["jql"])
        # As Jira's tokens do: the place is behind an issue, not at a number.
        if token is not None:
            behind = tuple(json.loads(token))
            found = [one for one in found if one["id"] not in self.pinned and _place(one) > behind]
        page = found[: min(body["maxResults"], self.page_limit)]
        answer: dict[str, Any] = {"issues": page if "*all" in body["fields"] or "created" in body["fields"] else
                                  [{"id": one["id"]} for one in page]}  # fmt: skip
        if self.stuck:
            answer["nextPageToken"] = token or json.dumps(["2025-01-01", 0])
        elif len(found) > len(page):
            answer["nextPageToken"] = json.dumps(_place(page[-1]))
        return web.Response(body=self.garble(json.dumps(answer).encode()), content_type="application/json")

    async def _search_data_center(self, request: web.Request) -> web.Response:
        body = await request.json()
        found = self._found(body["jql"])
        page = found[body["startAt"] : body["startAt"] + min(body["maxResults"], self.most)]
        return web.json_response({"issues": page, "total": len(found), "startAt": body["startAt"]})

    async def _count(self, request: web.Request) -> web.Response:
        return web.json_response({"count": len(self.issues)})

    async def _changelogs(self, request: web.Request) -> web.Response:
        body = await request.json()
        ids = body["issueIdsOrKeys"]
        # Two pages, however few they are.
        half = len(ids) // 2 if "nextPageToken" not in body else 0
        chosen = ids[:half] if half else ids[len(ids) // 2 :] if "nextPageToken" in body else ids
        answer: dict[str, Any] = {"issueChangeLogs": [
            {"issueId": one, "changeHistories": [{"id": f"9{one}", "created": 1767323045678, "items": []}]}
            for one in chosen
        ]}  # fmt: skip
        if half:
            answer["nextPageToken"] = "second"
        return web.json_response(answer)

    async def _issue(self, request: web.Request) -> web.Response:
        found = self.issues.get(request.match_info["id"])
        if found is None:
            return web.json_response({"errorMessages": ["Issue does not exist"]}, status=404)
        return web.Response(body=self.garble(json.dumps(found).encode()), content_type="application/json")

    async def _comments(self, request: web.Request) -> web.Response:
        total = self.issues[request.match_info["id"]]["fields"]["comment"]["total"]
        start = int(request.query["startAt"])
        page = [{"id": str(number), "body": "text"} for number in range(start, min(total, start + 20))]
        return web.json_response({"comments": page, "total": total})


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _time(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return START


def _place(issue: dict[str, Any]) -> tuple[str, int]:
    return str((issue["fields"] or {}).get("created")), int(issue["id"])
