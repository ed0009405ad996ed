"""The one HTTP client for all sources: tries again where that helps, waits where it is asked to, and keeps secrets."""

import asyncio
import contextlib
import importlib.metadata
import time
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
import backoff
import msgspec
import structlog
from yarl import URL

from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.models.source import SourceSettings
from ovia_shared.source_client.addresses import base_address, origin, same_origin
from ovia_shared.source_client.answer import Answer
from ovia_shared.source_client.credentials import secrets_of
from ovia_shared.source_client.faults import NoAnswer, explain, not_json
from ovia_shared.source_client.gate import Gate
from ovia_shared.source_client.json_text import as_json
from ovia_shared.source_client.links import Params, pairs, parsed, place
from ovia_shared.source_client.pieces import Pieces
from ovia_shared.source_client.refusals import login_failed, refusal
from ovia_shared.source_client.tempo import Tempo
from ovia_shared.source_client.transport import Postponed, open_session, proxy_for

MOST_BYTES = 64 * 1024 * 1024
MOST_REDIRECTS = 3
# All that is read of an answer that will only be quoted from.
_MOST_ERROR_BYTES = 64 * 1024

_TRIED_AGAIN = {408, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}

log = structlog.get_logger()


class _Question(msgspec.Struct):
    method: str
    url: URL
    body: bytes | None = None
    tries: int = 0
    pieces: Pieces | None = None


class SourceClient:
    """One session to one source, used as an async context manager.

    `base_url` may have a path (https://x.example/jira). `headers` say who reads. `name` is what messages call the
    source. `concurrency` is how many requests may be under way at once. Raises `InvalidInput` for an address or a
    proxy that cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        settings: SourceSettings,
        headers: Mapping[str, str],
        *,
        name: str,
        concurrency: int = 8,
        tempo: Tempo = Tempo(),  # noqa: B008 (frozen)
    ) -> None:
        self.base = base_address(base_url, allow_link_local=settings.allow_link_local)
        self.requests = 0
        self._name = name
        self._settings = settings
        self._concurrency = concurrency
        self._proxy = proxy_for(self.base, settings)
        self.proxied = self._proxy is not None
        self._secrets = secrets_of(headers, settings.proxy, self._proxy.password if self._proxy else None)
        self._headers = {
            "Accept": "application/json",
            "User-Agent": f"ovia/{importlib.metadata.version('ovia-shared')}",
            **headers,
        }
        self._gate = Gate(name, settings.requests_per_second, tempo)
        self._places = asyncio.Semaphore(concurrency)
        self._under_way = 0
        self._session: aiohttp.ClientSession | None = None
        self._persist = backoff.on_exception(
            backoff.expo,
            NoAnswer,
            max_tries=settings.max_tries,
            giveup=lambda error: isinstance(error, NoAnswer) and not error.again,
            jitter=backoff.full_jitter,
            logger=None,
            factor=tempo.base_delay,
            max_value=tempo.longest_delay,
        )(self._attempt)

    async def __aenter__(self) -> Self:
        self._session = open_session(self._settings, self._proxy, self._is_shut, self._concurrency)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str, params: Params | None = None) -> Answer:
        """The answer of the path below the base URL, or of an absolute URL of the same host (a link's).

        Sequences repeat their name. Raises `SourceRefused` for 4xx and another `SourceError` where no answer that can
        be used comes within the tries that are set.
        """
        return await self._ask(_Question("GET", self._address(path, params)))

    async def post(self, path: str, body: Any, params: Params | None = None) -> Answer:
        """The answer to a question asked as a JSON body. It is repeated as `get` is, so it must change nothing."""
        return await self._ask(_Question("POST", self._address(path, params), msgspec.json.encode(body)))

    @contextlib.asynccontextmanager
    async def stream(self, path: str, body: Any, params: Params | None = None) -> AsyncGenerator[AsyncGenerator[bytes]]:
        """The body of an answer to `post`, piece by piece as it comes, whatever its kind; asked again only before the
        first piece. Raises as `get` does, while pieces are taken. Left early, the connection is closed.
        """
        pieces = Pieces()
        question = _Question("POST", self._address(path, params), msgspec.json.encode(body), pieces=pieces)
        async with pieces.taken_from(self._ask(question)) as taken:
            yield taken

    def _address(self, path: str, params: Params | None) -> URL:
        try:
            if "://" in path.partition("?")[0]:
                url = parsed(path)
                same = same_origin(url, self.base) and url.user is None and url.password is None
            else:
                below = path if path.startswith("/") else f"/{path}"
                url, same = parsed(f"{self.base}{below}"), True
        except ValueError:
            raise SourceError(f"{self._name}: a link of the source cannot be read", fault=SourceFault.FATAL) from None
        if not same:
            raise SourceError(
                f"{self._name}: a link leads to {place(url)}, away from {origin(self.base)}, and is not followed; "
                "set the base URL to the address the source gives itself",
                fault=SourceFault.FATAL,
            )
        return url.extend_query(pairs(params)) if params else url

    async def _ask(self, question: _Question) -> Answer:
        try:
            return await self._persist(question)
        except NoAnswer as error:
            raise error.after(question.tries) from None

    async def _attempt(self, question: _Question) -> Answer:
        question.tries += 1
        url = question.url
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._exchange(question, url)
            if answer.status not in _REDIRECTS:
                return self._judge(answer, question)
            url = self._redirected(question, answer)
        raise SourceError(
            f"{self._name}: {question.url.raw_path} redirects more than {MOST_REDIRECTS} times; check the base URL",
            fault=SourceFault.FATAL,
        )

    async def _exchange(self, question: _Question, url: URL) -> Answer:
        """One request and its whole answer, sent when the gate lets it."""
        while True:
            async with self._places:
                await self._gate.turn(url.raw_path)
                self.requests += 1
                self._under_way += 1
                try:
                    return await self._send(question, url)
                except Postponed:
                    self.requests -= 1
                finally:
                    self._under_way -= 1

    async def _send(self, question: _Question, url: URL) -> Answer:
        if self._session is None:
            raise RuntimeError("a SourceClient is used inside `async with`")
        started = time.monotonic()
        outcome: int | str = "stopped"
        try:
            async with self._session.request(
                question.method,
                url,
                data=question.body,
                headers=self._headers
                if question.body is None
                else self._headers | {"Content-Type": "application/json"},
                allow_redirects=False,
            ) as response:
                outcome = response.status
                # Before the body, which may take long: other requests are about to be sent.
                self._gate.heed(url.raw_path, response.headers, self._under_way - 1)
                body = await self._read(response, url, question.pieces)
                return Answer(response.status, response.headers, body, str(response.url))
        except (aiohttp.ClientError, OSError) as error:
            outcome = type(error).__name__
            fault = explain(error, self._name, url, self._settings, self._proxy)
            # What was passed on cannot be taken back.
            fault.again = fault.again and not (question.pieces and question.pieces.begun)
            raise fault from None
        finally:
            log.debug(
                "source request",
                source=self._name,
                method=question.method,
                path=url.raw_path,
                outcome=outcome,
                ms=round((time.monotonic() - started) * 1000, 1),
                attempt=question.tries,
            )

    async def _read(self, response: aiohttp.ClientResponse, url: URL, pieces: Pieces | None) -> bytes:
        body = bytearray()
        wanted = response.status < 300
        async for chunk in response.content.iter_any():
            body += chunk
            if wanted and pieces is not None:
                await pieces.put(chunk)
            if wanted and len(body) > MOST_BYTES:
                raise SourceError(
                    f"{self._name}: {url.raw_path} answered more than {MOST_BYTES // 1024**2} MiB in one page, "
                    "which is too large",
                    fault=SourceFault.FATAL,
                )
            if not wanted and len(body) > _MOST_ERROR_BYTES:
                break
        return bytes(body)

    def _judge(self, answer: Answer, question: _Question) -> Answer:
        """The answer if it is one; otherwise raises what it means."""
        if answer.status in _TRIED_AGAIN:
            # Raises where the source asks for more patience than trying again has.
            self._gate.shut_for(answer.path)
            reason = "it is asked too often; lower requests_per_second" if answer.status == 429 else "it is in trouble"
            raise NoAnswer(f"{self._name}: {answer.status} for {answer.path}: {reason}")
        if answer.status >= 500:
            raise NoAnswer(f"{self._name}: {answer.status} for {answer.path}: it is in trouble", again=False)
        if not 200 <= answer.status < 300 or login_failed(answer):
            raise refusal(self._name, answer, self._secrets)
        if answer.status == 204 or question.pieces is not None:
            return answer
        body = as_json(answer.body)
        if body is None:
            raise not_json(self._name, answer.path, answer.body)
        if body is not answer.body:
            return msgspec.structs.replace(answer, body=body)
        return answer

    def _redirected(self, question: _Question, answer: Answer) -> URL:
        try:
            target = parsed(answer.url).join(parsed(answer.header("Location") or ""))
        except ValueError:
            target = URL()
        followed = question.method == "GET" and same_origin(target, self.base) and target.user is None
        if followed:
            return target
        ours = question.url.raw_path.removeprefix(self.base.raw_path.rstrip("/"))
        # Where only the front of the address differs, the rest tells what the base URL should have been.
        better = f"{place(target)}{target.raw_path.removesuffix(ours)}" if target.raw_path.endswith(ours) else ""
        raise SourceError(
            f"{self._name}: {origin(self.base)} redirects {answer.path} to {place(target)}, which is not followed; "
            f"set the base URL to {better.rstrip('/') or place(target)} if that is the source",
            fault=SourceFault.FATAL,
        )

    def _is_shut(self, path: str) -> bool:
        try:
            return self._gate.shut_for(path) > 0
        except SourceError:
            return True
