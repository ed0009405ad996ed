"""Asking a provider over HTTP: with patience but not for ever, and without its words getting into ours."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, Self, TypeVar

import msgspec
import structlog

from ovia_rag.providers import haste
from ovia_rag.providers.breaking import Breaker
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_shared.errors import SourceError, SourceRefused
from ovia_shared.models.source import SourceSettings
from ovia_shared.source_client.client import SourceClient
from ovia_shared.source_client.faults import NoAnswer, NotJson
from ovia_shared.source_client.links import Params
from ovia_shared.source_client.tempo import Tempo

TRIES = 3
CONCURRENCY = 4

Answered = TypeVar("Answered")

log = structlog.get_logger()

# Of what a provider says of a refusal nothing is shown: it may quote the question.
_REFUSALS = {
    400: "does not accept the request; is the model's name right, and is it a model for this?",
    401: "does not accept the key, or wants one; whoever runs the installation gives keys",
    402: "wants to be paid first",
    403: "does not let this key use the model",
    404: "knows no such model, or the base URL is wrong",
    413: "finds the request too long",
    422: "does not accept the request; is the model's name right, and is it a model for this?",
}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked: `title` is what messages call it, `headers` hold the key, all tries take `patience` seconds."""

    title: str
    base_url: str
    headers: Mapping[str, str] = {}
    patience: float = 30.0

    def __repr__(self) -> str:
        return f"Target({self.title})"


class Caller:
    """Asks one provider at one address. It keeps connections open until `close`.

    Raises `InvalidInput` for an address that cannot be asked. What goes wrong later is a `ProviderFailed`.
    """

    def __init__(self, target: Target, *, tempo: Tempo = Tempo(), breaker: Breaker | None = None) -> None:  # noqa: B008 (frozen)
        self.title = target.title
        self._patience = target.patience
        self._tempo = tempo
        self._breaker = breaker or Breaker(target.title, tempo.clock)
        self._client = SourceClient(
            target.base_url,
            SourceSettings(max_tries=TRIES, timeout_seconds=target.patience),
            target.headers,
            name=target.title,
            concurrency=CONCURRENCY,
            tempo=msgspec.structs.replace(tempo, sleep=self._wait),
        )
        self._opened = False

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Around a request and all that is made of its answer: its faults become `ProviderFailed`, and count."""
        self._breaker.enter()
        failed: BaseException | None = None
        try:
            yield
        except BaseException as error:
            failed = self._meaning(error)
            if failed is error:
                raise
            raise failed from None
        finally:
            self._breaker.leave(failed)

    async def ask(self, path: str, body: Any, kind: type[Answered], params: Params | None = None) -> Answered:
        """The answer as `kind`, which takes only what it names. Inside `watched`."""
        client = await self._open()
        seconds = haste.left(self._patience)
        try:
            async with asyncio.timeout(seconds):
                answer = await client.post(path, body, params)
        except TimeoutError:
            raise self._too_slow(seconds) from None
        return answer.decode(kind)

    async def events(self, path: str, body: Any, params: Params | None = None) -> AsyncGenerator[bytes]:
        """The data of each event of a stream of server-sent events, as they come. Inside `watched`."""
        client = await self._open()
        seconds = haste.left(self._patience)
        ends = asyncio.get_running_loop().time() + seconds
        async with client.stream(path, body, params) as pieces:
            try:
                async for event in _events(_until(pieces, ends)):
                    yield event
            except TimeoutError:
                raise self._too_slow(seconds) from None

    async def close(self) -> None:
        """Lets the connections go. What is asked afterwards opens new ones."""
        if self._opened:
            self._opened = False
            await self._client.__aexit__(None, None, None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _open(self) -> SourceClient:
        if not self._opened:
            self._opened = True
            await self._client.__aenter__()
        return self._client

    async def _wait(self, seconds: float) -> None:
        # A person waits for the answer. What takes longer than that is done without.
        if seconds > haste.left(self._patience):
            raise ProviderFailed(
                f"{self.title} is asked too often and wants to be left in peace for {seconds:.0f} s",
                failure=Failure.BUSY,
            )
        await self._tempo.sleep(seconds)

    def _meaning(self, error: BaseException) -> BaseException:
        match error:
            case SourceRefused(status=status):
                log.warning("provider refused", provider=self.title, status=status)
                said = _REFUSALS.get(status, "does not accept the request")
                failure = Failure.TOO_LARGE if status == 413 else Failure.REFUSED
                return ProviderFailed(f"{self.title} {said} ({status})", failure=failure)
            case NotJson():
                return self.unusable("something that is not JSON")
            case NoAnswer():
                return ProviderFailed(error.message, failure=_kind_of(error))
            case SourceError():
                # Redirects, pages without end, JSON of another shape.
                log.warning("provider answered something unusable", provider=self.title, error=error.message)
                return self.unusable("something unexpected")
        return error

    def _too_slow(self, seconds: float) -> ProviderFailed:
        return ProviderFailed(f"{self.title} takes longer than {seconds:.2g} s", failure=Failure.TOO_SLOW)

    def unusable(self, what: str) -> ProviderFailed:
        """What to raise for an answer that came and is of no use."""
        return ProviderFailed(f"{self.title} answered {what}", failure=Failure.UNUSABLE)


def _kind_of(error: NoAnswer) -> Failure:
    if error.unreachable:
        return Failure.UNREACHABLE
    if "takes longer" in error.message:
        return Failure.TOO_SLOW
    return Failure.BUSY if ": 429 " in error.message else Failure.IN_TROUBLE


async def _until(pieces: AsyncGenerator[bytes], ends: float) -> AsyncGenerator[bytes]:
    # The time that whoever takes the pieces needs counts too, but only waiting for a piece is cut short.
    while True:
        async with asyncio.timeout_at(ends):
            try:
                piece = await anext(pieces)
            except StopAsyncIteration:
                return
        yield piece


async def _events(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The data of server-sent events; of their other fields nothing is needed. One that was cut off is left out."""
    rest, data = b"", []
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in (one.removesuffix(b"\r") for one in lines):
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data)
                data = []
