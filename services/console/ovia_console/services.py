"""The other services, asked over HTTP with the rights of whoever is signed in."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import backoff
import msgspec

from ovia_console.settings import ConsoleSettings
from ovia_shared.errors import OviaError

Answer = TypeVar("Answer")
# A replica that ended between two requests is not worth a word: another one answers.
_GONE = (aiohttp.ServerDisconnectedError, aiohttp.ClientConnectorError, aiohttp.ClientOSError)
_TRIES = 3


class FieldFault(msgspec.Struct, frozen=True):
    """What a service says is wrong with one field."""

    field: str
    message: str


class ServiceProblem(OviaError):
    """A service did not do what was asked. `status` is HTTP's: 503 if it could not be reached, 504 if it was slow."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        faults: tuple[FieldFault, ...] = (),
        request_id: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.faults = faults
        self.request_id = request_id
        self.retry_after = retry_after

    def of(self, field: str) -> str | None:
        """What is wrong with a field, if anything is."""
        return next((fault.message for fault in self.faults if fault.field == field), None)


class Page(msgspec.Struct, frozen=True):
    """A page of a list, as every list of Ovia answers. `next` is the cursor of the one behind it."""

    data: list[dict[str, Any]]
    next: str | None = None
    total: int | None = None


class Told(msgspec.Struct, frozen=True):
    """An answer with the version it may be changed by: `etag` goes into `If-Match`."""

    data: Any
    etag: str


class Service:
    """One service as one person may use it. Every method raises `ServiceProblem`."""

    def __init__(self, http: aiohttp.ClientSession, address: str, headers: Mapping[str, str]) -> None:
        self._http = http
        self._address = address
        self._headers = headers

    async def get(self, path: str, kind: type[Answer], /, **parameters: Any) -> Answer:
        """What is at a path, read as `kind`. Parameters that are None or empty are left out; `from_` goes as `from`."""
        return _read(await self._body("GET", path, parameters=parameters), kind)

    async def told(self, path: str, /, **parameters: Any) -> Told:
        """The same with its version, for whoever is going to change it."""
        async with self._answer("GET", path, parameters=parameters) as answer:
            return Told(_read(await answer.read(), Any), answer.headers.get("ETag", ""))

    async def page(self, path: str, /, **parameters: Any) -> Page:
        """A page of a list."""
        return await self.get(path, Page, **parameters)

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        kind: type[Answer] = Any,  # type: ignore[assignment]
        if_match: str | None = None,
        key: str | None = None,
        within: float | None = None,
        **parameters: Any,
    ) -> Answer:
        """Changes something. `key` is the `Idempotency-Key`: with one, a second try changes nothing a second time.

        `within` so many seconds, where that is another time than every other request may take.
        """
        more = {"If-Match": if_match, "Idempotency-Key": key}
        headers = {name: value for name, value in more.items() if value}
        more_told = {"body": body, "headers": headers, "parameters": parameters, "within": within}
        return _read(await self._body(method, path, **more_told), kind)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        accept: str = "*/*",
        **parameters: Any,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is passed on as it comes: an export, or events."""
        async with self._answer(
            method, path, body=body, headers={"Accept": accept}, parameters=parameters, whole=False
        ) as answer:
            yield answer

    async def _body(self, method: str, path: str, **more: Any) -> bytes:
        repeatable = method == "GET" or "Idempotency-Key" in more.get("headers", {})
        tries = _TRIES if repeatable else 1

        @backoff.on_exception(backoff.expo, _Unreached, max_tries=tries, factor=0.1, max_time=3)
        async def asked() -> bytes:
            async with self._answer(method, path, **more) as answer:
                return await answer.read()

        return await asked()

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        whole: bool = True,
        within: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        patience = self._http.timeout if whole else _between_pieces(self._http.timeout)
        if within is not None:
            patience = aiohttp.ClientTimeout(total=within, sock_connect=patience.sock_connect)
        # Bytes are a list as somebody's spreadsheet wrote it.
        content = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        sent = {**self._headers, **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "text/csv" if isinstance(body, bytes) else "application/json"
        try:
            async with self._http.request(
                method,
                self._address + path,
                params=_query(parameters or {}),
                data=content,
                headers=sent,
                timeout=patience,
            ) as answer:
                if answer.status >= 400:
                    raise await _problem(answer)
                yield answer
        except _GONE as error:
            raise _Unreached(503, "a part of Ovia cannot be reached at the moment", retry_after=5) from error
        except TimeoutError as error:
            raise ServiceProblem(504, "a part of Ovia took too long to answer", retry_after=5) from error
        except aiohttp.ClientError as error:
            raise ServiceProblem(502, "a part of Ovia answered what cannot be read") from error


class _Unreached(ServiceProblem):
    """Nothing was done: worth a second try."""


class Services:
    """All services. Opened with the application, closed with it."""

    def __init__(self, settings: ConsoleSettings) -> None:
        self._settings = settings
        self._http: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Makes the connections' pool."""
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._settings.service_timeout, sock_connect=3),
            connector=aiohttp.TCPConnector(limit=100, ttl_dns_cache=1),
            trust_env=False,
            read_bufsize=256 * 1024,
        )

    async def close(self) -> None:
        """Closes it."""
        if self._http is not None:
            await self._http.close()

    def api(self, token: str, request_id: str) -> Service:
        """The api: people, accounts, teams, connections, tokens."""
        return self._of(self._settings.api_url, token, request_id)

    def metrics(self, token: str, request_id: str) -> Service:
        """The numbers."""
        return self._of(self._settings.metrics_url, token, request_id)

    def rag(self, token: str, request_id: str) -> Service:
        """The answers."""
        return self._of(self._settings.rag_url, token, request_id)

    def _of(self, address: str, token: str, request_id: str) -> Service:
        assert self._http is not None, "the services are not open"
        return Service(self._http, address, {"Authorization": f"Bearer {token}", "X-Request-Id": request_id})


def segment(value: object) -> str:
    """A value as one segment of a path: what it holds cannot lead elsewhere."""
    return quote(str(value), safe="")


def _query(parameters: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.rstrip("_"): ("true" if value is True else "false" if value is False else str(value))
        for name, value in parameters.items()
        if value is not None and value != ""
    }


def _read(content: bytes, kind: type[Answer]) -> Answer:
    if not content:
        return None  # type: ignore[return-value]
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise ServiceProblem(502, f"a part of Ovia answered what the console cannot read ({error})") from error


def _between_pieces(timeout: aiohttp.ClientTimeout) -> aiohttp.ClientTimeout:
    """A large file may take as long as it likes, but not stand still."""
    return aiohttp.ClientTimeout(total=None, sock_connect=timeout.sock_connect, sock_read=timeout.total)


class _Problem(msgspec.Struct, frozen=True):
    detail: str = ""
    errors: tuple[FieldFault, ...] = ()
    request_id: str = ""


async def _problem(answer: aiohttp.ClientResponse) -> ServiceProblem:
    try:
        told = msgspec.json.decode(await answer.read(), type=_Problem)
    except msgspec.MsgspecError:
        told = _Problem()
    after = answer.headers.get("Retry-After", "")
    return ServiceProblem(
        answer.status,
        told.detail or "a part of Ovia refused without saying why",
        faults=told.errors,
        request_id=told.request_id or answer.headers.get("X-Request-Id", ""),
        retry_after=int(after) if after.isdigit() else None,
    )
