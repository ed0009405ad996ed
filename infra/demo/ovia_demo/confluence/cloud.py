"""Confluence Cloud: v2 for spaces and content, v1 for users, groups and CQL."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from ovia_demo.confluence.contents import GROUPS, Contents, NotFound
from ovia_demo.confluence.cql import Query
from ovia_demo.organisation.code_model import Page, PageVersion
from ovia_demo.organisation.model import Account, Comment, Product
from ovia_demo.query_words import BadQuery
from ovia_demo.serving import NOTICE, World, answer, base_of, encode, joined, milliseconds, raw, whole_number, zulu

PATH = "/confluence"
LARGEST = 250
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# The place behind the last record of a page: the value that the list is ordered by, and the id.
Place = tuple[int, int]
_ORDERS: dict[str, Callable[[Page], int]] = {
    "id": lambda page: page.id,
    "created-date": lambda page: milliseconds(page.created_at),
    "modified-date": lambda page: milliseconds(page.versions[-1].at),
}


class ConfluenceCloud:
    def __init__(self, world: World) -> None:
        self.world = world
        self.contents = Contents(world, cloud=True)

    def routes(self) -> list[web.RouteDef]:
        v1, v2 = f"{PATH}/wiki/rest/api", f"{PATH}/wiki/api/v2"
        table: list[tuple[str, Handler]] = [
            (f"{v2}/spaces", self.spaces),
            (f"{v2}/spaces/{{space}}", self.space),
            (f"{v2}/footer-comments/{{id}}/children", self.replies),
            (f"{v2}/inline-comments/{{id}}/children", self.replies),
            (f"{v1}/user/current", self.current_user),
            (f"{v1}/user", self.user),
            (f"{v1}/group", self.groups),
            (f"{v1}/group/{{id}}/membersByGroupId", self.members),
            (f"{v1}/search/user", self.search_users),
            (f"{v1}/content/search", self.search),
            (f"{v1}/settings/systemInfo", self.system),
        ]
        for name, kind in (("pages", "page"), ("blogposts", "blogpost")):
            table += [
                (f"{v2}/{name}", self._for(kind, self.listed)),
                (f"{v2}/spaces/{{space}}/{name}", self._for(kind, self.listed)),
                (f"{v2}/{name}/{{id}}", self._for(kind, self.one)),
                (f"{v2}/{name}/{{id}}/versions", self._for(kind, self.versions)),
                (f"{v2}/{name}/{{id}}/footer-comments", self._for(kind, self.footer_comments)),
                (f"{v2}/{name}/{{id}}/inline-comments", self._for(kind, self.inline_comments)),
                (f"{v2}/{name}/{{id}}/labels", self._for(kind, self.labels)),
            ]
        return [web.get(path, self._guarded(handler)) for path, handler in table]

    def _for(self, kind: str, handler: Callable[[web.Request, str], Awaitable[web.Response]]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            return await handler(request, kind)

        return handle

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self.contents.allowed(request):
                return _refusal(request, 401, "Unauthorized")
            try:
                return await handler(request)
            except NotFound as error:
                return _refusal(request, 404, str(error))
            except BadQuery as error:
                return _refusal(request, 400, str(error))

        return guarded

    async def system(self, _request: web.Request) -> web.Response:
        return answer({"cloudId": "fernweh-sample", "commitHash": NOTICE, "siteTitle": NOTICE})

    async def spaces(self, request: web.Request) -> web.Response:
        keys = [one for value in request.query.getall("keys", []) for one in value.split(",")]
        ids = [one for value in request.query.getall("ids", []) for one in value.split(",")]
        found = [
            one for one in self.contents.spaces()
            if (not keys or one.space_key in keys) and (not ids or str(one.space_id) in ids)
        ]  # fmt: skip
        rows = [((one.space_id, one.space_id), encode(self._space(one))) for one in found]
        return self._page_of(request, rows)

    async def space(self, request: web.Request) -> web.Response:
        return answer(self._space(self.contents.space(request.match_info["space"])))

    def _space(self, one: Product) -> dict[str, Any]:
        home = next(
            (page.id for page in self.contents.pages("page") if page.product == one.key and page.parent is None), None
        )
        return {"id": str(one.space_id), "key": one.space_key, "name": one.name, "type": "global", "status": "current",
                "authorId": self.contents.account_id(one.lead), "createdAt": zulu(one.created_at),
                "homepageId": str(home),
                "description": None, "icon": None, "_links": {"webui": f"/spaces/{one.space_key}"}}  # fmt: skip

    async def listed(self, request: web.Request, kind: str) -> web.Response:
        spaces = [one for value in request.query.getall("space-id", []) for one in value.split(",")]
        if "space" in request.match_info:
            spaces = [str(self.contents.space(request.match_info["space"]).space_id)]
        wanted = [one for value in request.query.getall("id", []) for one in value.split(",")]
        products = self.world.products
        found = [
            one for one in self.contents.pages(kind)
            if (not spaces or str(products[one.product].space_id) in spaces) and (not wanted or str(one.id) in wanted)
        ]  # fmt: skip
        if request.query.get("status", "current") != "current":
            found = []
        sort = request.query.get("sort", "id")
        order = _ORDERS.get(sort.lstrip("-"))
        if order is None:
            return _refusal(
                request, 400, f"Provided value '{sort}' is not the correct type. Expected type is PageSortOrder."
            )
        sign = -1 if sort.startswith("-") else 1
        body = request.query.get("body-format") == "storage"
        keyed = sorted((((sign * order(one), sign * one.id), one) for one in found), key=lambda row: row[0])
        place = _place(request)
        size = whole_number(request, "limit", 25, 1, LARGEST)
        ahead = [row for row in keyed if place is None or row[0] > place]
        shown = [(key, self._encoded(one, body=body)) for key, one in ahead[: size + 1]]
        return self._page_of(request, shown, skip=False)

    def _encoded(self, one: Page, *, body: bool) -> bytes:
        return self.world.kept(("page", one.id, PATH, body), lambda: self._content(one, body=body))

    async def one(self, request: web.Request, kind: str) -> web.Response:
        page = self.contents.page(request.match_info["id"], kind)
        return raw(self._encoded(page, body=request.query.get("body-format") == "storage"))

    def _content(self, one: Page, *, body: bool) -> dict[str, Any]:
        product, contents = self.world.products[one.product], self.contents
        shown: dict[str, Any] = {
            "id": str(one.id), "status": "current", "title": one.title, "spaceId": str(product.space_id),
            "authorId": contents.account_id(one.versions[0].author), "createdAt": zulu(one.created_at),
            "version": self._version(contents.last(one)), "body": {},
            "_links": {"webui": f"/spaces/{product.space_key}/pages/{one.id}", "editui": f"/pages/edit-v2/{one.id}"},
        }  # fmt: skip
        if one.kind == "page":
            parent = None if one.parent is None else str(one.parent)
            shown |= {"parentId": parent, "parentType": parent and "page", "position": one.id % 1000,
                      "ownerId": shown["authorId"], "lastOwnerId": None}  # fmt: skip
        if body:
            shown["body"] = {"storage": {"representation": "storage", "value": contents.body(one)}}
        return shown

    def _version(self, one: PageVersion) -> dict[str, Any]:
        return {"createdAt": zulu(one.at), "message": one.message, "number": one.number, "minorEdit": one.minor,
                "authorId": self.contents.account_id(one.author, one.at)}  # fmt: skip

    async def versions(self, request: web.Request, kind: str) -> web.Response:
        page = self.contents.page(request.match_info["id"], kind)
        rows = [((-one.number, 0), encode(self._version(one))) for one in reversed(page.versions)]
        return self._page_of(request, rows)

    async def footer_comments(self, request: web.Request, kind: str) -> web.Response:
        return self._comments(request, kind, inline=False)

    async def inline_comments(self, request: web.Request, kind: str) -> web.Response:
        return self._comments(request, kind, inline=True)

    def _comments(self, request: web.Request, kind: str, *, inline: bool) -> web.Response:
        """Those at the top; what was replied to them stands below each."""
        page = self.contents.page(request.match_info["id"], kind)
        top = [one for one in page.comments if one.inline == inline and one.parent is None and not one.deleted]
        return self._page_of(request, [((one.id, one.id), encode(self._comment(page, one))) for one in top])

    async def replies(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        for page in [*self.contents.pages("page"), *self.contents.pages("blogpost")]:
            if any(str(one.id) == wanted and not one.deleted for one in page.comments):
                below = [one for one in page.comments if str(one.parent) == wanted and not one.deleted]
                return self._page_of(request, [((one.id, one.id), encode(self._comment(page, one))) for one in below])
        raise NotFound(f"No comment with id {wanted}")

    def _comment(self, page: Page, one: Comment) -> dict[str, Any]:
        version = {"createdAt": zulu(one.at), "message": "", "number": 1, "minorEdit": False,
                   "authorId": self.contents.account_id(one.author, one.at)}  # fmt: skip
        shown: dict[str, Any] = {
            "id": str(one.id), "status": "current", "title": f"Re: {page.title}", "version": version,
            f"{'blogPost' if page.kind == 'blogpost' else 'page'}Id": str(page.id),
            "body": {"storage": {"representation": "storage", "value": self.contents.comment_body(one)}},
            "_links": {"webui": f"/pages/{page.id}?focusedCommentId={one.id}"},
        }  # fmt: skip
        if one.parent is not None:
            shown["parentCommentId"] = str(one.parent)
        if one.inline:
            shown["resolutionStatus"] = "resolved" if one.resolved else "open"
            shown["properties"] = {"inlineMarkerRef": f"{one.id:x}", "inlineOriginalSelection": "no new server"}
        return shown

    async def labels(self, request: web.Request, kind: str) -> web.Response:
        page = self.contents.page(request.match_info["id"], kind)
        shown = [{"id": str(900 + len(one)), "name": one, "prefix": "global"} for one in page.labels]
        return self._page_of(request, [((number, 0), encode(one)) for number, one in enumerate(shown)])

    def _page_of(self, request: web.Request, rows: list[tuple[Place, bytes]], *, skip: bool = True) -> web.Response:
        """A page of v2. The first link of the header is a notice, and only the second leads on."""
        size, place = whole_number(request, "limit", 25, 1, LARGEST), _place(request)
        ahead = [row for row in rows if not skip or place is None or row[0] > place]
        body = b'{"results":' + joined(row[1] for row in ahead[:size])
        base = base_of(request, f"{PATH}/wiki")
        notice = f'<{base}/deprecations>; rel="deprecation"'
        if len(ahead) <= size:
            return raw(body + b',"_links":{"base":"' + base.encode() + b'"}}', headers={"Link": notice})
        cursor = base64.urlsafe_b64encode(msgspec.json.encode(ahead[size - 1][0])).decode()
        following = str(request.rel_url.update_query(cursor=cursor))
        headers = {"Link": f'{notice}, <{following}>; rel="next"'}
        return raw(body + b',"_links":' + encode({"next": following, "base": base}) + b"}", headers=headers)

    def _user(self, one: Account) -> dict[str, Any]:
        return {"type": "known", "accountId": one.external_id, "accountType": "app" if one.machine else "atlassian",
                "email": one.email or "" if one.email_shown else "", "publicName": one.name, "displayName": one.name,
                "isExternalCollaborator": False, "timeZone": "Europe/Berlin"}  # fmt: skip

    async def current_user(self, _request: web.Request) -> web.Response:
        one = self.contents.reader()
        return answer({**self._user(one), "email": one.email})

    async def user(self, request: web.Request) -> web.Response:
        for one in self.contents.accounts():
            if one.external_id == request.query.get("accountId"):
                return answer(self._user(one))
        raise NotFound("No user found with that account id")

    async def groups(self, request: web.Request) -> web.Response:
        shown = [{"type": "group", "name": name, "id": f"group-{number}"} for number, (name, _) in enumerate(GROUPS)]
        return _results(request, shown)

    async def members(self, request: web.Request) -> web.Response:
        for number, (name, _) in enumerate(GROUPS):
            if request.match_info["id"] == f"group-{number}":
                return _results(request, [self._user(one) for one in self.contents.members(name)])
        raise NotFound("No group with that id")

    async def search_users(self, request: web.Request) -> web.Response:
        if not request.query.get("cql", "").replace(" ", "").startswith(("type=user", "user")):
            return _refusal(request, 400, "Could not parse cql : only users can be searched here")
        found = [one for one in self.contents.accounts() if one.active]
        return _results(request, [{"user": self._user(one), "title": one.name, "entityType": "user"} for one in found])

    async def search(self, request: web.Request) -> web.Response:
        found = Query(self.contents, request.query.get("cql", "")).find()
        shown = [{"id": str(one.id), "type": one.kind, "status": "current", "title": one.title} for one in found]
        return _results(request, shown)


def _place(request: web.Request) -> Place | None:
    cursor = request.query.get("cursor")
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=tuple[int, int])
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise BadQuery("Invalid cursor") from None


def _refusal(request: web.Request, status: int, message: str) -> web.Response:
    if "/api/v2/" in request.path:
        code = {400: "INVALID_REQUEST_PARAMETER", 401: "UNAUTHORIZED", 404: "NOT_FOUND"}[status]
        return answer({"errors": [{"status": status, "code": code, "title": message, "detail": None}]}, status)
    return answer({"statusCode": status, "message": message, "data": None}, status)


def _results(request: web.Request, rows: list[Any]) -> web.Response:
    """A page of v1, by offset."""
    start, size = whole_number(request, "start", 0), whole_number(request, "limit", 25, 1, 200)
    page = rows[start : start + size]
    links = {"base": base_of(request, f"{PATH}/wiki"), "context": "/wiki"}
    if start + size < len(rows):
        links["next"] = str(request.rel_url.update_query(start=start + size, limit=size)).removeprefix(f"{PATH}/wiki")
    return answer(
        {"results": page, "start": start, "limit": size, "size": len(page), "totalSize": len(rows), "_links": links}
    )
