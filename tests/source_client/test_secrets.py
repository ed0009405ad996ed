"""No fault, however it comes about, shows a token, a password or a query."""

import asyncio
import logging
import traceback
from typing import Any

import pytest
import structlog
from aiohttp import web
from structlog.testing import LogCapture

from ovia_shared.errors import SourceError
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import Deployment, SourceCredentials, SourceSettings
from ovia_shared.source_client.credentials import authorization
from tests.source_client.conftest import Serve, client_of

TOKEN = "k3y-nobody-may-see"
QUESTION = {"jql": "summary ~ layoffs", "token": TOKEN}
HEADERS = {
    "basic": authorization(ConnectionKind.JIRA, Deployment.AUTO, SourceCredentials(TOKEN, "ada@x.example")),
    "bearer": authorization(ConnectionKind.JIRA, Deployment.AUTO, SourceCredentials(TOKEN)),
    "private": authorization(ConnectionKind.GITLAB, Deployment.AUTO, SourceCredentials(TOKEN)),
}


async def _echo(request: web.Request, status: int) -> web.Response:
    """What a careless source might say."""
    told = f"denied: {dict(request.headers)}"
    return web.json_response({"message": told, "errorMessages": list(request.headers.values())}, status=status)


async def _redirect(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": f"http://sso.example/login?token={TOKEN}"})


async def _redirect_with_user(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": f"http://ada:{TOKEN}@sso.example/"})


async def _page(request: web.Request) -> web.Response:
    return web.Response(text=f"<html>{dict(request.headers)}</html>")


async def _drop(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _hang(request: web.Request) -> web.Response:
    await asyncio.sleep(1)
    return web.Response()


FAULTS: dict[str, Any] = {
    **{str(status): lambda request, status=status: _echo(request, status) for status in (400, 401, 403, 404, 429, 500)},
    "redirect": _redirect,
    "redirect with a user": _redirect_with_user,
    "page": _page,
    "drop": _drop,
    "hang": _hang,
}


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> LogCapture:
    """What the client logs, at every level, however the process is set up."""
    capture = LogCapture()
    logger = structlog.wrap_logger(None, processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(0))
    monkeypatch.setattr("ovia_shared.source_client.client.log", logger)
    return capture


@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_neither_errors_nor_logs_show_a_secret(
    serve: Serve, fault: str, headers: str, caplog: pytest.LogCaptureFixture, logs: LogCapture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def handler(request: web.Request) -> web.StreamResponse:
        response: web.StreamResponse = await FAULTS[fault](request)
        return response

    settings = SourceSettings(max_tries=2, timeout_seconds=0.1)
    sent = HEADERS[headers]
    async with client_of(await serve(handler), settings, sent) as client:
        with pytest.raises(SourceError) as caught:
            await client.get("/search", QUESTION)
    told = [
        str(caught.value),
        repr(caught.value),
        *traceback.format_exception(caught.value),
        repr(client),
        str(logs.entries),
    ]
    told += [record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp.access")]
    for secret in (TOKEN, *(value.split(" ")[-1] for value in sent.values())):
        assert not [text for text in told if secret in text]
    assert not [text for text in told if "layoffs" in text]
    assert len(logs.entries) == client.requests > 0


async def test_each_attempt_is_logged_without_its_query(serve: Serve, logs: LogCapture) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({})

    async with client_of(await serve(answer)) as client:
        await client.get("/rest/x", {"a": "private"})
    assert logs.entries[0].pop("ms") >= 0
    assert logs.entries == [
        {
            "event": "source request",
            "log_level": "debug",
            "source": "Tracker",
            "method": "GET",
            "path": "/rest/x",
            "outcome": 200,
            "attempt": 1,
        }
    ]
