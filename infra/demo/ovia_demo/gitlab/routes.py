"""The paths of GitLab below `/gitlab/api/v4`."""

from aiohttp import web

from ovia_demo.gitlab.answering import PATH, Answering
from ovia_demo.gitlab.delivery import Delivery
from ovia_demo.gitlab.places import Places
from ovia_demo.gitlab.reviewing import Reviewing
from ovia_demo.serving import NOTICE, World, answer


class GitLab:
    def __init__(self, world: World) -> None:
        self._gitlab = Answering(world)

    def routes(self) -> list[web.RouteDef]:
        places = Places(self._gitlab)
        own = [("/user", places.user), ("/personal_access_tokens/self", places.token)]
        table = [
            ("/version", self.version),
            ("/metadata", self.version),
            *places.table(),
            *Reviewing(self._gitlab).table(),
            *Delivery(self._gitlab).table(),
        ]
        paths = [(path, self._gitlab.guarded(handler, scoped=False)) for path, handler in own]
        paths += [(path, self._gitlab.guarded(handler, scoped=True)) for path, handler in table]
        return [web.get(f"{PATH}/api/v4{path}", handler) for path, handler in paths]

    async def version(self, _request: web.Request) -> web.Response:
        return answer({"version": "18.5.1-ee", "revision": "0fe27d3", "enterprise": True, "notice": NOTICE})
