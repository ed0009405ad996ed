"""How GitLab answers: who may ask, which projects they see, and lists of records that are encoded once."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from ovia_demo.gitlab.lists import Listing, bad_request, respond
from ovia_demo.gitlab.payloads import Payloads
from ovia_demo.organisation.model import Account, Repository
from ovia_demo.serving import LIMITED_TOKEN, TOKEN, World, answer, base_of, token_of

PATH = "/gitlab"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Table = list[tuple[str, Handler]]
Reading = Callable[[Any], Any]
NUMBERED: dict[str, Reading] = {"id": lambda row: row.id}
TIMES: dict[str, Reading] = {"updated_at": lambda row: row.updated_at, "created_at": lambda row: row.created_at}


class NotThere(Exception):
    """Answered with 404 and this message."""


class Answering:
    """What the handlers of all resources share."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._payloads: dict[str, Payloads] = {}

    def guarded(self, handler: Handler, *, scoped: bool) -> Handler:
        """The handler, for those with a token; `scoped` ones need a token that may read the API."""

        async def checked(request: web.Request) -> web.StreamResponse:
            token, _ = token_of(request)
            if token not in (TOKEN, LIMITED_TOKEN) or "token" in self.world.revoked:
                return bad_request("401 Unauthorized", 401)
            if token == LIMITED_TOKEN and scoped:
                return answer(
                    {"error": "insufficient_scope", "scope": "api read_api",
                     "error_description": "The request requires higher privileges than provided by the access token."},
                    403,
                )  # fmt: skip
            try:
                return await handler(request)
            except NotThere as error:
                return bad_request(f"404 {error} Not Found", 404)

        return checked

    def of(self, request: web.Request) -> Payloads:
        base = base_of(request, PATH)
        if base not in self._payloads:
            self._payloads[base] = Payloads(self.world, base)
        return self._payloads[base]

    def visible(self) -> list[Repository]:
        gone = self.world.revoked
        return [
            one for one in self.world.repositories.values() if not one.deleted and f"repository/{one.id}" not in gone
        ]

    def repository(self, request: web.Request) -> Repository:
        wanted = request.match_info["project"]
        for one in self.visible():
            if wanted in (str(one.id), one.path):
                return one
        raise NotThere("Project")

    def part(self, request: web.Request, rows: list[Any]) -> Any:
        for one in rows:
            if str(one.id) == request.match_info["id"] and not getattr(one, "deleted", False):
                return one
        raise NotThere("")

    def listing(
        self, request: web.Request, rows: list[Any], kind: str, shape: Callable[[Any], Any], **how: Any
    ) -> web.Response:
        """A list of records that are encoded once; `kind` names them."""
        base = self.of(request).base
        live = [one for one in rows if not getattr(one, "deleted", False)]

        def encoded(row: Any) -> bytes:
            identity = row.id if hasattr(row, "id") else (row.repository, row.tag)
            return self.world.kept((kind, identity, base, shape.__name__), lambda: shape(row))

        how.setdefault("orders", NUMBERED)
        return respond(request, Listing(rows=live, encode=encoded, **how))

    def accounts(self) -> list[Account]:
        found = [one for actor in self.world.actors.values() for one in actor.accounts if one.source == "gitlab"]
        return sorted(found, key=lambda one: int(one.external_id))

    def reader(self) -> Account:
        """The account that the token belongs to."""
        found = (self.world.account("gitlab", one.id) for one in self.world.organisation.people)
        return next(one for one in found if one is not None and one.active)
