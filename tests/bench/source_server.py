"""A Jira that answers as fast as it can: `python -m tests.bench.source_server ISSUES` prints its port and serves.

Each issue has five entries of history, two comments, a worklog, a link and a sprint, with authors out of eighty. Pages
are put together from one prepared issue, so that the reader beside it has the machine to itself.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

import msgspec
from aiohttp import web

from tests.ingest.jira.issues import change, issue, moved
from tests.ingest.jira.server import LISTINGS

PAGE = 100
PEOPLE = 80
PROJECTS = 4
_NUMBER, _KEY, _PERSON, _PROJECT = b"7777777701", b"GLD-7777777702", b"person-7777777703", b"7777777704"


def _prepared() -> tuple[bytes, bytes]:
    """An issue and its changelog, with places for number, key and person."""
    person = {"accountId": _PERSON.decode(), "displayName": f"Person {_PERSON.decode()}", "active": True}
    created = (datetime.now(UTC) - timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    comments = [{"id": f"{_NUMBER.decode()}{n}", "author": person, "body": "Looks good. " * 20} for n in range(2)]
    worklog = {"id": _NUMBER.decode(), "author": person, "timeSpentSeconds": 3600, "started": created}
    link = {"id": _NUMBER.decode(), "type": {"name": "Blocks", "inward": "is blocked by"}, "inwardIssue": {"id": "1"}}
    made = issue(
        created=created, updated=created, reporter=person, assignee=person, creator=person, issuelinks=[link],
        description="The wing flutters above 200 km/h. " * 30,
        comment={"comments": comments, "total": 2}, worklog={"worklogs": [worklog], "total": 1},
    )  # fmt: skip
    made |= {"id": _NUMBER.decode(), "key": _KEY.decode()}
    made["fields"]["project"] = {"id": _PROJECT.decode(), "key": "GLD"}
    log = [change(n, created, moved("status", str(n), str(n + 1))) | {"id": f"{_NUMBER.decode()}{n}", "author": person}
           for n in range(5)]  # fmt: skip
    return msgspec.json.encode(made), msgspec.json.encode({"issueId": _NUMBER.decode(), "changeHistories": log})


class Server:
    """Serves `count` issues, a quarter of them in each of four projects."""

    def __init__(self, count: int) -> None:
        self._count = count // PROJECTS
        self._issue, self._log = _prepared()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/rest/api/3/search/jql", self._search)
        app.router.add_post("/rest/api/3/search/approximate-count", self._estimate)
        app.router.add_post("/rest/api/3/changelog/bulkfetch", self._changelogs)
        app.router.add_get("/rest/api/3/myself", self._myself)
        app.router.add_get("/rest/api/3/{what:.*}", self._listing)
        app.router.add_get("/rest/agile/1.0/{what:.*}", self._listing)
        return app

    async def _search(self, request: web.Request) -> web.Response:
        body = await request.json()
        first = self._count * int(body["jql"].partition('"P')[2].partition('"')[0])
        start = int(body.get("nextPageToken", first))
        end = min(start + body["maxResults"], first + self._count)
        if body["fields"] == ["id"]:
            issues = [b'{"id":"%d"}' % number for number in range(start, end)]
        else:
            issues = [self._filled(self._issue, number) for number in range(start, end)]
        token = b"" if end == first + self._count else b',"nextPageToken":"%d"' % end
        return _json(b'{"issues":[' + b",".join(issues) + b"]" + token + b"}")

    async def _changelogs(self, request: web.Request) -> web.Response:
        ids = (await request.json())["issueIdsOrKeys"]
        return _json(b'{"issueChangeLogs":[' + b",".join(self._filled(self._log, int(one)) for one in ids) + b"]}")

    async def _estimate(self, _: web.Request) -> web.Response:
        return web.json_response({"count": self._count})

    async def _myself(self, _: web.Request) -> web.Response:
        return web.json_response({"accountId": "me", "displayName": "Bench"})

    async def _listing(self, request: web.Request) -> web.Response:
        what = request.match_info["what"]
        if what == "project/search":
            projects = [{"id": str(number), "key": f"P{number}"} for number in range(PROJECTS)]
            return web.json_response({"values": projects, "isLast": True})
        if what.endswith("/versions"):
            return web.json_response([])
        if what == "users/search" and request.query["startAt"] != "0":
            return web.json_response([])
        return web.json_response(LISTINGS[what]) if what in LISTINGS else web.json_response({}, status=404)

    def _filled(self, prepared: bytes, number: int) -> bytes:
        project = number // self._count
        prepared = prepared.replace(_KEY, b"P%d-%d" % (project, number)).replace(_PROJECT, b"%d" % project)
        return prepared.replace(_PERSON, b"person-%d" % (number % PEOPLE)).replace(_NUMBER, b"%d" % number)


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


async def serve(count: int) -> None:
    """Serves until its standard input ends."""
    runner = web.AppRunner(Server(count).app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    print(site._server.sockets[0].getsockname()[1], flush=True)  # type: ignore[attr-defined]
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
