"""Confluence Data Center: v1 for everything."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from ovia_demo.confluence.contents import GROUPS, Contents, NotFound
from ovia_demo.confluence.cql import Query
from ovia_demo.organisation.code_model import Page, PageVersion
from ovia_demo.organisation.model import Account, Comment, Product
from ovia_demo.query_words import BadQuery
from ovia_demo.serving import World, answer, base_of, whole_number

PATH = "/confluence-dc"
MOST = 200
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# A server of one's own shows times in its own zone.
_SERVERS_ZONE = timezone(timedelta(hours=3))


class ConfluenceDataCenter:
    def __init__(self, world: World) -> None:
        self.world = world
        self.contents = Contents(world, cloud=False)

    def routes(self) -> list[web.RouteDef]:
        table: list[tuple[str, Handler]] = [
            ("/space", self.spaces),
            ("/space/{space}", self.space),
            ("/content", self.listed),
            ("/content/search", self.search),
            ("/content/{id}", self.one),
            ("/content/{id}/version", self.versions),
            ("/content/{id}/child/comment", self.comments),
            ("/content/{id}/label", self.labels),
            ("/user/current", self.current_user),
            ("/user", self.user),
            ("/group", self.groups),
            ("/group/{name}/member", self.members),
        ]
        routes = [web.get(f"{PATH}/rest/api{path}", self._guarded(handler)) for path, handler in table]
        routes.append(web.get(f"{PATH}/rest/experimental/content/{{id}}/version", self._guarded(self.versions)))
        return routes

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self.contents.allowed(request):
                return _refusal(401, "Client must be authenticated to access this resource.")
            try:
                return await handler(request)
            except NotFound as error:
                return _refusal(404, str(error))
            except BadQuery as error:
                return _refusal(400, str(error))

        return guarded

    def _results(self, request: web.Request, rows: list[Any], shape: Callable[[Any], Any]) -> web.Response:
        start, size = whole_number(request, "start", 0), whole_number(request, "limit", 25, 1, MOST)
        page = [shape(row) for row in rows[start : start + size]]
        links = {"base": base_of(request, PATH), "context": PATH, "self": base_of(request, request.path)}
        if start + size < len(rows):
            links["next"] = str(request.rel_url.update_query(start=start + size, limit=size)).removeprefix(PATH)
        return answer({"results": page, "start": start, "limit": size, "size": len(page), "_links": links})

    async def spaces(self, request: web.Request) -> web.Response:
        keys = request.query.getall("spaceKey", [])
        rows = [one for one in self.contents.spaces() if not keys or one.space_key in keys]
        return self._results(request, rows, self._space)

    async def space(self, request: web.Request) -> web.Response:
        return answer(self._space(self.contents.space(request.match_info["space"])))

    def _space(self, one: Product) -> dict[str, Any]:
        return {"id": one.space_id, "key": one.space_key, "name": one.name, "type": "global", "status": "CURRENT",
                "_links": {"webui": f"/display/{one.space_key}"}}  # fmt: skip

    async def listed(self, request: web.Request) -> web.Response:
        kind, key = request.query.get("type", "page"), request.query.get("spaceKey")
        if kind not in ("page", "blogpost"):
            return _refusal(400, f"Unsupported content type '{kind}'")
        rows = self.contents.pages(kind)
        if key is not None:
            product = self.contents.space(key)
            rows = [one for one in rows if one.product == product.key]
        return self._results(request, rows, self._shape(request))

    async def search(self, request: web.Request) -> web.Response:
        return self._results(request, Query(self.contents, request.query.get("cql", "")).find(), self._shape(request))

    async def one(self, request: web.Request) -> web.Response:
        return answer(self._shape(request)(self.contents.page(request.match_info["id"])))

    def _shape(self, request: web.Request) -> Callable[[Page], dict[str, Any]]:
        expand = {one.strip() for value in request.query.getall("expand", []) for one in value.split(",")}
        return lambda page: self._content(page, expand)

    def _content(self, one: Page, expand: set[str]) -> dict[str, Any]:
        """Only what was asked for; the rest is named under `_expandable`."""
        product, last = self.world.products[one.product], self.contents.last(one)
        possible: dict[str, Callable[[], Any]] = {
            "space": lambda: self._space(product),
            "version": lambda: self._version(last),
            "ancestors": lambda: self._ancestors(one),
            "history": lambda: {
                "latest": True, "createdBy": self._actor(one.versions[0].author, one.created_at),
                "createdDate": _time(one.created_at), "lastUpdated": self._version(last),
            },
            "body": lambda: {"storage": {"value": self.contents.body(one), "representation": "storage"}},
            "metadata": lambda: {"labels": {"results": _labels(one), "start": 0, "limit": MOST,
                                            "size": len(one.labels)}},
        }  # fmt: skip
        given = {name.split(".")[0] for name in expand}
        if "body" in given and "body.storage" not in expand:
            given.discard("body")
        shown: dict[str, Any] = {"id": str(one.id), "type": one.kind, "status": "current", "title": one.title}
        shown |= {name: make() for name, make in possible.items() if name in given}
        shown["_expandable"] = dict.fromkeys((name for name in possible if name not in given), "")
        shown["_links"] = {
            "webui": f"/pages/viewpage.action?pageId={one.id}",
            "self": f"{PATH}/rest/api/content/{one.id}",
        }
        return shown

    def _ancestors(self, one: Page) -> list[dict[str, Any]]:
        above: list[dict[str, Any]] = []
        parent = one.parent
        while parent is not None:
            page = self.world.pages[parent]
            above.insert(0, {"id": str(page.id), "type": page.kind, "status": "current", "title": page.title})
            parent = page.parent
        return above

    def _version(self, one: PageVersion) -> dict[str, Any]:
        return {"by": self._actor(one.author, one.at), "when": _time(one.at), "message": one.message,
                "number": one.number,
                "minorEdit": one.minor, "hidden": False}  # fmt: skip

    async def versions(self, request: web.Request) -> web.Response:
        rows = list(reversed(self.contents.page(request.match_info["id"]).versions))
        return self._results(request, rows, self._version)

    async def comments(self, request: web.Request) -> web.Response:
        page = self.contents.page(request.match_info["id"])
        everything = request.query.get("depth") == "all"
        rows = [one for one in page.comments if not one.deleted and (everything or one.parent is None)]
        return self._results(request, rows, lambda one: self._comment(page, one))

    def _comment(self, page: Page, one: Comment) -> dict[str, Any]:
        extensions: dict[str, Any] = {"location": "inline" if one.inline else "footer"}
        if one.inline:
            extensions["inlineProperties"] = {"originalSelection": "no new server", "markerRef": f"{one.id:x}"}
            extensions["resolution"] = {"status": "resolved" if one.resolved else "open"}
        parent = [] if one.parent is None else [{"id": str(one.parent), "type": "comment"}]
        return {
            "id": str(one.id), "type": "comment", "status": "current", "title": f"Re: {page.title}",
            "ancestors": parent,
            "version": {"by": self._actor(one.author, one.at), "when": _time(one.at), "number": 1, "minorEdit": False},
            "history": {"createdBy": self._actor(one.author, one.at), "createdDate": _time(one.at)},
            "body": {"storage": {"value": self.contents.comment_body(one), "representation": "storage"}},
            "extensions": extensions,
        }  # fmt: skip

    async def labels(self, request: web.Request) -> web.Response:
        return self._results(request, _labels(self.contents.page(request.match_info["id"])), lambda one: one)

    def _user(self, one: Account) -> dict[str, Any]:
        return {"type": "known", "username": one.username or one.data_center_id, "userKey": one.data_center_id,
                "displayName": one.name,
                "profilePicture": {"path": "/images/icons/profilepics/default.svg"}}  # fmt: skip

    def _actor(self, actor: str, at: datetime) -> dict[str, Any]:
        account = self.contents.account(actor, at) or self.contents.account(actor)
        return {"type": "anonymous", "displayName": "Anonymous"} if account is None else self._user(account)

    async def current_user(self, _request: web.Request) -> web.Response:
        return answer(self._user(self.contents.reader()))

    async def user(self, request: web.Request) -> web.Response:
        for one in self.contents.accounts():
            if request.query.get("key") == one.data_center_id or request.query.get("username") == one.username:
                return answer(self._user(one))
        raise NotFound("No user found")

    async def groups(self, request: web.Request) -> web.Response:
        return self._results(request, [name for name, _ in GROUPS], lambda name: {"type": "group", "name": name})

    async def members(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in dict(GROUPS):
            raise NotFound(f"No group found for name : {name}")
        return self._results(request, self.contents.members(name), self._user)


def _labels(page: Page) -> list[dict[str, Any]]:
    return [{"prefix": "global", "name": one, "id": str(900 + len(one)), "label": one} for one in page.labels]


def _time(moment: datetime) -> str:
    return moment.astimezone(_SERVERS_ZONE).isoformat(timespec="milliseconds")


def _refusal(status: int, message: str) -> web.Response:
    return answer(
        {"statusCode": status, "data": {"authorized": status != 401, "errors": []}, "message": message}, status
    )
