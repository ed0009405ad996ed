"""One server for all sample sources."""

import asyncio
import email.utils
import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ovia_demo.browsing import Browsing
from ovia_demo.confluence.cloud import ConfluenceCloud
from ovia_demo.confluence.data_center import ConfluenceDataCenter
from ovia_demo.control import Control
from ovia_demo.faults import Faults, Log
from ovia_demo.gitlab.routes import GitLab
from ovia_demo.jira.routes import Jira
from ovia_demo.organisation import Organisation
from ovia_demo.serving import NOTICE, TOKEN, Options, World, answer, token_of

SOURCES = ("/jira", "/jira-dc", "/gitlab", "/confluence", "/confluence-dc")
WORLD: web.AppKey[World] = web.AppKey("world", World)


def create_app(organisation: Organisation, options: Options | None = None) -> web.Application:
    """The application that serves an organisation. Tests that change it give each server an organisation of its own."""
    options = options or Options()
    world = World(organisation, options)
    faults = Faults(Log())
    middlewares: list[Middleware] = [_watched(faults)] if options.control else []
    middlewares.append(_unknown_paths)
    if options.rate_limit:
        middlewares.append(_rate_limit(options.rate_limit))
    if options.latency_ms:
        middlewares.append(_latency(options.latency_ms / 1000))
    app = web.Application(middlewares=middlewares)
    app[WORLD] = world
    app.router.add_get("/", _front)
    app.add_routes(Jira(world, "/jira", cloud=True).routes())
    app.add_routes(Jira(world, "/jira-dc", cloud=False).routes())
    app.add_routes(GitLab(world).routes())
    app.add_routes(ConfluenceCloud(world).routes())
    app.add_routes(ConfluenceDataCenter(world).routes())
    app.add_routes(Browsing(world).routes())
    if options.control:
        app.add_routes(Control(world, faults).routes())
    app.on_response_prepare.append(_dated)
    return app


async def _front(request: web.Request) -> web.Response:
    organisation = request.app[WORLD].organisation
    bases = {path[1:]: f"{request.scheme}://{request.host}{path}" for path in SOURCES}
    return answer({"organisation": organisation.name, "notice": NOTICE, "token": TOKEN, "bases": bases})


async def _dated(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Date"] = email.utils.format_datetime(request.app[WORLD].clock.now(), usegmt=True)


@web.middleware
async def _unknown_paths(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is not served answers as an API does, in JSON."""
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
        return answer({"error": f"{error.status} {error.reason}", "message": error.text}, error.status)


def _watched(faults: Faults) -> Middleware:
    @web.middleware
    async def watched(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await faults.answer(request, handler) if request.path.startswith(SOURCES) else await handler(request)

    return watched


def _latency(seconds: float) -> Middleware:
    @web.middleware
    async def late(request: web.Request, handler: Handler) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await handler(request)

    return late


def _rate_limit(most: int) -> Middleware:
    """So many requests in each minute and token; the headers say how many are left and when the next minute begins."""
    used: dict[str, tuple[int, int]] = {}

    @web.middleware
    async def limited(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(SOURCES):
            return await handler(request)
        now = int(time.monotonic())
        name = f"{request.path.split('/')[1]}/{token_of(request)[0]}"
        minute, count = used.get(name, (now, 0))
        if now - minute >= 60:
            minute, count = now, 0
        used[name] = minute, count + 1
        wait = minute + 60 - now
        reset = int(request.app[WORLD].clock.now().timestamp()) + wait
        headers = {"RateLimit-Limit": str(most), "RateLimit-Remaining": str(max(0, most - count - 1)),
                   "RateLimit-Reset": str(reset), "RateLimit-Observed": str(count + 1)}  # fmt: skip
        if count >= most:
            return answer({"message": "429 Too Many Requests"}, 429, {**headers, "Retry-After": str(wait)})
        response = await handler(request)
        response.headers.update(headers)
        return response

    return limited
