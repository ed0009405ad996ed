"""Connections to a source: which addresses they may reach, through which proxy, and trusting which certificates."""

import socket
import ssl
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from ovia_shared.errors import InvalidInput
from ovia_shared.models.source import SourceSettings
from ovia_shared.source_client.addresses import is_link_local

_LONGEST_HEADER = 64 * 1024


class LinkLocalRefused(OSError):
    """The name of the source leads to an address of the machine itself."""


class Postponed(Exception):
    """The gate closed while the connection was made; nothing was sent."""


class ConnectionLost(aiohttp.ClientPayloadError):
    """The connection ended before there was an answer."""


class GatedConnector(aiohttp.TCPConnector):
    """Looks at every address that is connected to, and at the gate again once connected.

    Looking when connecting, not when the URL is given, leaves no way round by redirects or by names that change what
    they point to. Making a connection takes a while, in which another answer may have asked for silence.
    """

    def __init__(self, settings: SourceSettings, is_shut: Callable[[str], bool], concurrency: int) -> None:
        super().__init__(
            limit=concurrency,
            ssl=_certificates(settings.ca_file),
            socket_factory=None if settings.allow_link_local else _guarded_socket,
        )
        self._is_shut = is_shut

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 (aiohttp's)
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        if self._is_shut(req.url.raw_path):
            connection.release()
            raise Postponed
        return connection


def _guarded_socket(address: Any) -> socket.socket:
    family, kind, protocol, _, place = address
    if is_link_local(str(place[0])):
        raise LinkLocalRefused(f"{place[0]} is an address of the machine itself")
    return socket.socket(family, kind, protocol)


def _certificates(ca_file: str | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:  # an ssl.SSLError is one
        reason = "it holds no certificates in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        raise InvalidInput(f"the CA file {Path(ca_file).name} cannot be used: {reason}", field="ca_file") from None
    return context


def proxy_for(base: URL, settings: SourceSettings) -> URL | None:
    """The proxy to go through: the connection's own, else that of the environment (`HTTPS_PROXY`, `NO_PROXY`).

    Raises `InvalidInput` on the field `proxy`; the message leaves its user and password out.
    """
    text = settings.proxy
    if text is None:
        # aiohttp would read .netrc as well, and send whatever that has for the host.
        known = urllib.request.getproxies()
        host = f"{base.host}:{base.port}"
        text = None if urllib.request.proxy_bypass(host) else known.get(base.scheme, known.get("all"))
        if text is None:
            return None
    try:
        proxy = URL(text if "://" in text else f"http://{text}")
    except ValueError:
        proxy = URL()
    if proxy.scheme not in ("http", "https") or not proxy.host:
        raise InvalidInput("the proxy is not an address like http://proxy.company.example:3128", field="proxy")
    return proxy


async def _asked_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    # aiohttp repeats a request whose connection was lost, past our waiting and our count. It knows the loss by its
    # class, so it gets another one.
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise ConnectionLost("the connection was lost") from None


def open_session(
    settings: SourceSettings, proxy: URL | None, is_shut: Callable[[str], bool], concurrency: int
) -> aiohttp.ClientSession:
    """A session of its own for one source. Raises `InvalidInput` if the CA file cannot be used.

    A read ends after `timeout_seconds` of silence, and after four times as long whatever comes: a server that dribbles
    would otherwise hold a place for ever. The session has no headers of its own: aiohttp would give them to the proxy
    as well, unencrypted, when it asks for a tunnel.
    """
    patience = settings.timeout_seconds
    return aiohttp.ClientSession(
        connector=GatedConnector(settings, is_shut, concurrency),
        timeout=aiohttp.ClientTimeout(total=4 * patience, sock_connect=patience, sock_read=patience),
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy,
        middlewares=(_asked_once,),
        max_line_size=_LONGEST_HEADER,
        max_field_size=_LONGEST_HEADER,
    )
