"""Users, groups and projects."""

from typing import Any

from aiohttp import web

from ovia_demo.gitlab.answering import Answering, NotThere, Table
from ovia_demo.gitlab.lists import Listing, respond
from ovia_demo.organisation.model import Repository
from ovia_demo.serving import LIMITED_TOKEN, answer, encode, token_of, zulu


class Places:
    """Who there is, and where they work."""

    def __init__(self, gitlab: Answering) -> None:
        self._gitlab = gitlab

    def table(self) -> Table:
        return [
            ("/users", self.users),
            ("/users/{id}", self.one_user),
            ("/groups", self.groups),
            ("/groups/{group}", self.group),
            ("/groups/{group}/projects", self.group_projects),
            ("/groups/{group}/members/all", self.members),
            ("/projects", self.projects),
            ("/projects/{project}", self.project),
            ("/projects/{project}/members/all", self.members),
        ]

    async def user(self, request: web.Request) -> web.Response:
        account = self._gitlab.reader()
        return answer({**self._gitlab.of(request).full_user(account), "email": account.email, "is_admin": False})

    async def token(self, request: web.Request) -> web.Response:
        limited = token_of(request)[0] == LIMITED_TOKEN
        scopes = ["read_user"] if limited else ["read_api", "read_user"]
        owner = int(self._gitlab.reader().external_id)
        return answer({"id": 1, "name": "ovia", "revoked": False, "scopes": scopes, "user_id": owner, "active": True,
                       "created_at": zulu(self._gitlab.world.organisation.start), "expires_at": None})  # fmt: skip

    async def users(self, request: web.Request) -> web.Response:
        payloads = self._gitlab.of(request)
        wanted = request.query.get("username")
        rows = [(int(one.external_id), one) for one in self._gitlab.accounts() if wanted in (None, one.username)]
        listing = Listing(
            rows=rows,
            encode=lambda row: encode(payloads.full_user(row[1])),
            orders={"id": lambda row: row[0]},
            keyset="cursor",
        )
        return respond(request, listing)

    async def one_user(self, request: web.Request) -> web.Response:
        for one in self._gitlab.accounts():
            if one.external_id == request.match_info["id"]:
                return answer(self._gitlab.of(request).full_user(one))
        raise NotThere("User")

    async def groups(self, request: web.Request) -> web.Response:
        return self._gitlab.listing(request, self._gitlab.world.organisation.groups, "group",
                                    self._gitlab.of(request).group, descending=False,
                          keyset="id_after")  # fmt: skip

    def _group(self, request: web.Request) -> Any:
        wanted = request.match_info["group"]
        for one in self._gitlab.world.organisation.groups:
            if wanted in (str(one.id), one.path):
                return one
        raise NotThere("Group")

    async def group(self, request: web.Request) -> web.Response:
        return answer(self._gitlab.of(request).group(self._group(request)))

    async def group_projects(self, request: web.Request) -> web.Response:
        group = self._group(request)
        nested = request.query.get("include_subgroups") == "true"
        rows = [
            one
            for one in self._gitlab.visible()
            if one.group == group.id or (nested and one.path.startswith(f"{group.path}/"))
        ]
        return self._projects(request, rows)

    async def projects(self, request: web.Request) -> web.Response:
        return self._projects(request, self._gitlab.visible())

    def _projects(self, request: web.Request, rows: list[Repository]) -> web.Response:
        archived = request.query.get("archived")
        kept = [one for one in rows if archived in (None, "") or one.archived == (archived == "true")]
        orders = {"created_at": lambda row: row.created_at, "id": lambda row: row.id, "path": lambda row: row.path,
                  "last_activity_at": lambda row: row.created_at}  # fmt: skip
        return self._gitlab.listing(
            request, kept, "repository", self._gitlab.of(request).project, orders=orders, keyset="id_after"
        )

    async def project(self, request: web.Request) -> web.Response:
        return answer(self._gitlab.of(request).project(self._gitlab.repository(request)))

    async def members(self, request: web.Request) -> web.Response:
        if "project" in request.match_info:
            self._gitlab.repository(request)
        rows = [(one["id"], one) for one in self._gitlab.of(request).members()]
        listing = Listing(
            rows=rows, encode=lambda row: encode(row[1]), orders={"id": lambda row: row[0]}, descending=False
        )
        return respond(request, listing)
