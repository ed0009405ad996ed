"""The paths of Jira, below `/jira` for Cloud and `/jira-dc` for Data Center."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from ovia_demo.jira import search
from ovia_demo.jira.access import known, reader, refusal
from ovia_demo.jira.fields import fields
from ovia_demo.jira.jql import Query
from ovia_demo.jira.payloads import ISSUE_TYPES, Payloads
from ovia_demo.organisation.model import Account, Issue, Product, Workflow
from ovia_demo.query_words import BadQuery
from ovia_demo.serving import NOTICE, World, answer, atlassian_time, base_of, encode, raw, whole_number

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NO_ISSUE = "Issue does not exist or you do not have permission to see it."


class Jira:
    """One flavour of Jira at one path."""

    def __init__(self, world: World, path: str, *, cloud: bool) -> None:
        self.world = world
        self.path = path
        self.cloud = cloud
        self._payloads: dict[str, Payloads] = {}

    def routes(self) -> list[web.RouteDef]:
        api, agile = f"{self.path}/rest/api/{3 if self.cloud else 2}", f"{self.path}/rest/agile/1.0"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/serverInfo", self.server_info),
            ("GET", "/myself", self.myself),
            ("GET", "/field", self.field),
            ("GET", "/status", self.status),
            ("GET", "/issuetype", self.issue_types),
            ("GET", "/project/{key}", self.project),
            ("GET", "/project/{key}/versions", self.versions),
            ("GET", "/issue/{key}", self.issue),
            ("GET", "/issue/{key}/comment", self.comments),
            ("GET", "/issue/{key}/worklog", self.worklogs),
            *(self._cloud_only() if self.cloud else self._data_center_only()),
        ]
        routes = [web.route(method, api + path, self._guarded(handler)) for method, path, handler in table]
        routes.append(web.get(f"{agile}/board", self._guarded(self.boards)))
        routes.append(web.get(f"{agile}/board/{{id}}/sprint", self._guarded(self.sprints)))
        return routes

    def _cloud_only(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/project/search", self.project_search),
            ("GET", "/users/search", self.users),
            ("GET", "/issue/{key}/changelog", self.changelog),
            ("GET", "/search/jql", self.search_cloud),
            ("POST", "/search/jql", self.search_cloud),
            ("POST", "/search/approximate-count", self.count),
            ("POST", "/changelog/bulkfetch", self.bulk),
            ("GET", "/search", self.gone),
            ("POST", "/search", self.gone),
        ]

    def _data_center_only(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/project", self.all_projects),
            ("GET", "/user/search", self.users),
            ("GET", "/search", self.search_data_center),
            ("POST", "/search", self.search_data_center),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if handler != self.server_info and not known(self.world, request, cloud=self.cloud):
                return self._anonymous(handler)
            try:
                return await handler(request)
            except BadQuery as error:
                return refusal(400, str(error))

        return guarded

    def _anonymous(self, handler: Handler) -> web.Response:
        """Cloud shows strangers the public part, which is empty here, instead of turning them away."""
        if self.cloud and handler == self.search_cloud:
            return answer({"issues": [], "isLast": True})
        if self.cloud and handler == self.project_search:
            return answer({"startAt": 0, "maxResults": 50, "total": 0, "isLast": True, "values": []})
        if self.cloud and handler == self.count:
            return answer({"count": 0})
        if self.cloud and handler in (self.field, self.issue_types, self.status):
            return answer([])
        if self.cloud and handler in (self.issue, self.comments, self.worklogs, self.changelog):
            return refusal(404, NO_ISSUE)
        return refusal(401, "Client must be authenticated to access this resource.")

    def _of(self, request: web.Request) -> Payloads:
        base = base_of(request, self.path)
        if base not in self._payloads:
            self._payloads[base] = Payloads(self.world, base, cloud=self.cloud)
        return self._payloads[base]

    def _products(self) -> list[Product]:
        return [one for one in self.world.organisation.products if one.key not in self.world.revoked]

    async def server_info(self, request: web.Request) -> web.Response:
        kind, version, numbers = "Cloud", "1001.0.0-SNAPSHOT", [1001, 0, 0]
        if not self.cloud:
            kind, version, numbers = "Server", "9.12.15", [9, 12, 15]
        shown = {"baseUrl": base_of(request, self.path), "version": version, "versionNumbers": numbers,
                 "buildNumber": 100284,
                 "deploymentType": kind, "serverTime": atlassian_time(self.world.clock.now()),
                 "serverTitle": NOTICE}  # fmt: skip
        return answer(shown)

    async def myself(self, request: web.Request) -> web.Response:
        account = reader(self.world)
        return answer({**self._of(request).user(account), "emailAddress": account.email, "locale": "en_US"})

    async def field(self, _request: web.Request) -> web.Response:
        shown = fields()
        if not self.cloud:
            shown = [{name: value for name, value in one.items() if name != "key"} for one in shown]
        return answer(shown)

    async def status(self, request: web.Request) -> web.Response:
        workflows: list[Workflow] = [one.workflow for one in self._products()]
        found = {
            status.id: status for flow in workflows
            for status in (flow.todo, flow.doing, flow.review, flow.done, flow.blocked) if status is not None
        }  # fmt: skip
        return answer([self._of(request).status(one) for one in found.values()])

    async def issue_types(self, request: web.Request) -> web.Response:
        return answer([self._of(request).issue_type(name) for name in ISSUE_TYPES])

    async def all_projects(self, request: web.Request) -> web.Response:
        return answer([self._of(request).project(one, full=True) for one in self._products()])

    async def project_search(self, request: web.Request) -> web.Response:
        return _values(request, [self._of(request).project(one, full=True) for one in self._products()], 50)

    def _product(self, request: web.Request) -> Product | None:
        wanted = request.match_info["key"].upper()
        return next((one for one in self._products() if wanted in (one.key, str(one.id))), None)

    async def project(self, request: web.Request) -> web.Response:
        product = self._product(request)
        if product is None:
            return refusal(404, f"No project could be found with key '{request.match_info['key']}'.")
        return answer(self._of(request).project(product, full=True))

    async def versions(self, request: web.Request) -> web.Response:
        product = self._product(request)
        if product is None:
            return refusal(404, f"No project could be found with key '{request.match_info['key']}'.")
        return answer(
            [self._of(request).version(one) for one in self.world.organisation.versions if one.product == product.key]
        )

    async def users(self, request: web.Request) -> web.Response:
        accounts: dict[str, Account] = {}
        for actor in self.world.actors.values():
            accounts |= {one.external_id: one for one in actor.accounts if one.source == "jira"}
        # Former users are known from what they wrote, and listed nowhere.
        listed = [one for one in accounts.values() if one.name != "Former user"]
        if not self.cloud and not request.query.get("username"):
            return refusal(400, "The username query parameter was not provided")
        if not self.cloud and request.query.get("includeInactive") != "true":
            listed = [one for one in listed if one.active]
        start, size = whole_number(request, "startAt", 0), whole_number(request, "maxResults", 50, 1, 1000)
        return answer([self._of(request).user(one) for one in listed[start : start + size]])

    def _issue(self, request: web.Request) -> Issue | None:
        return self.world.issue(request.match_info["key"])

    async def issue(self, request: web.Request) -> web.Response:
        issue = self._issue(request)
        if issue is None:
            return refusal(404, NO_ISSUE)
        wanted = [one for value in request.query.getall("fields", ["*all"]) for one in value.split(",")]
        changelog = "changelog" in request.query.get("expand", "")
        return raw(self._of(request).issue(issue, wanted, changelog=changelog))

    async def comments(self, request: web.Request) -> web.Response:
        issue = self._issue(request)
        if issue is None:
            return refusal(404, NO_ISSUE)
        payloads = self._of(request)
        return _part(request, "comments", [payloads.comment(issue, one) for one in issue.comments], 5000)

    async def worklogs(self, request: web.Request) -> web.Response:
        issue = self._issue(request)
        if issue is None:
            return refusal(404, NO_ISSUE)
        payloads = self._of(request)
        return _part(request, "worklogs", [payloads.worklog(issue, one) for one in issue.worklogs], 5000)

    async def changelog(self, request: web.Request) -> web.Response:
        issue = self._issue(request)
        if issue is None:
            return refusal(404, NO_ISSUE)
        return _values(request, [self._of(request).history(one) for one in issue.histories], 100)

    async def search_cloud(self, request: web.Request) -> web.Response:
        return search.cloud_page(self.world, self._of(request), await search.asked(request))

    async def search_data_center(self, request: web.Request) -> web.Response:
        return search.offset_page(self.world, self._of(request), await search.asked(request))

    async def count(self, request: web.Request) -> web.Response:
        query = Query(self.world, (await search.asked(request)).jql)
        return answer({"count": len(query.find())}) if query.bounded else refusal(400, search.UNBOUNDED)

    async def bulk(self, request: web.Request) -> web.Response:
        return await search.bulk_changelogs(self.world, self._of(request), request)

    async def gone(self, _request: web.Request) -> web.Response:
        return refusal(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")

    async def boards(self, request: web.Request) -> web.Response:
        wanted = request.query.get("projectKeyOrId", "").upper()
        payloads = self._of(request)
        shown = [
            {"id": one.board_id, "self": f"{payloads.base}/rest/agile/1.0/board/{one.board_id}",
             "name": f"{one.name} board",
             "type": "scrum", "location": {"projectId": one.id, "projectKey": one.key, "projectName": one.name}}
            for one in self._products() if not wanted or wanted in (one.key, str(one.id))
        ]  # fmt: skip
        return _values(request, shown, 50)

    async def sprints(self, request: web.Request) -> web.Response:
        product = next((one for one in self._products() if str(one.board_id) == request.match_info["id"]), None)
        if product is None:
            return refusal(404, "Board does not exist or you do not have permission to see it.")
        shown = [self._of(request).sprint(one) for one in self.world.organisation.sprints if one.product == product.key]
        states = request.query.get("state", "").split(",")
        return _values(request, [one for one in shown if states == [""] or one["state"] in states], 50)


def _values(request: web.Request, rows: list[Any], most: int) -> web.Response:
    start, size = whole_number(request, "startAt", 0), whole_number(request, "maxResults", 50, 1, most)
    page = rows[start : start + size]
    last = start + size >= len(rows)
    return answer({"maxResults": size, "startAt": start, "total": len(rows), "isLast": last, "values": page})


def _part(request: web.Request, name: str, rows: list[Any], most: int) -> web.Response:
    start, size = whole_number(request, "startAt", 0), whole_number(request, "maxResults", most, 1, most)
    return raw(encode({"startAt": start, "maxResults": size, "total": len(rows), name: rows[start : start + size]}))
