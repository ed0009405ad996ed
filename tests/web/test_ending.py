"""How a service ends: real processes, real signals, and callers who should not notice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import STARTS_WITHIN_SECONDS, Service, free_port

CHECKOUT = Path(__file__).resolve().parents[2]
# Far longer than a test takes: what ends sooner does so because it may.
LONG = "60"

Start = Callable[..., "asyncio.Future[Service]"]


def launched(directory: Path, settings: dict[str, str]) -> Service:
    port, log = free_port(), directory / "service.log"
    environment = {"PATH": os.environ["PATH"], "OVIA_PORT": str(port), "OVIA_SECRETS_DIR": str(directory)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.slow_service"],
            cwd=CHECKOUT,
            env=environment | settings,
            stdout=output,
            stderr=output,
        )
    return Service(process, f"http://127.0.0.1:{port}", log)


def newly(service: Service, path: str) -> httpx.Response:
    """Asked over a connection of its own."""
    return httpx.get(service.address + path, trust_env=False)


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts the slow service with the settings given."""
    started: list[Service] = []

    async def begin(**settings: str) -> Service:
        service = launched(tmp_path, settings)
        started.append(service)
        await service.answers("/health")
        return service

    yield begin  # type: ignore[misc]
    for service in started:
        service.process.terminate()
        try:
            service.process.wait(5)
        except subprocess.TimeoutExpired:
            service.process.kill()
            service.process.wait()


async def in_flight(client: httpx.AsyncClient, count: int) -> None:
    """Waits until so many requests, and the one that asks, are being answered."""
    async with asyncio.timeout(STARTS_WITHIN_SECONDS):
        while (
            f'ovia_http_requests_in_flight{{service="ovia-slow"}} {count + 1}.0'
            not in (await client.get("/metrics")).text
        ):
            await asyncio.sleep(0.01)


async def drains(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(STARTS_WITHIN_SECONDS):
        while (await client.get("/ready")).status_code != 503:
            await asyncio.sleep(0.01)


def exit_code(service: Service) -> int:
    return service.process.wait(30)


async def test_told_to_end_it_is_not_ready_at_once_and_serves_as_before(start: Start) -> None:
    service = await start(OVIA_DRAIN_SECONDS=LONG)
    async with service.client() as client:
        assert (await client.get("/ready")).status_code == 200
        service.process.terminate()
        await drains(client)
        unready = await client.get("/ready")
        assert unready.headers["retry-after"].isdigit()
        assert unready.json()["checks"][-1]["name"] == "running"
    for _ in range(3):
        answer = newly(service, "/info")
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    assert newly(service, "/health/started").status_code == 200
    assert service.process.poll() is None


async def test_requests_under_way_end_as_if_nothing_happened(start: Start, tmp_path: Path) -> None:
    service = await start(OVIA_DRAIN_SECONDS="0", OVIA_GRACE_SECONDS=LONG)
    done = tmp_path / "done"
    async with service.client() as client:
        waiting = [asyncio.create_task(client.post("/wait", params={"until": str(done)})) for _ in range(3)]
        exporting = asyncio.create_task(client.get("/export", params={"until": str(done)}))
        await in_flight(client, 4)
        service.process.terminate()
        # The listener is gone once nobody can connect any more: only then may they end.
        async with asyncio.timeout(STARTS_WITHIN_SECONDS):
            while True:
                try:
                    newly(service, "/health")
                except httpx.TransportError:
                    break
                await asyncio.sleep(0.01)
        done.touch()
        assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [201] * 3
        assert (await exporting).text == "first\nlast\n"
    assert await asyncio.to_thread(exit_code, service) == 0


async def test_a_stream_without_an_end_ends_when_the_service_is_told_to(start: Start) -> None:
    service = await start(OVIA_DRAIN_SECONDS="0", OVIA_GRACE_SECONDS=LONG)
    async with service.client() as client:
        news = asyncio.create_task(client.get("/news"))
        await in_flight(client, 1)
        service.process.terminate()
        assert (await news).text == "hello\ngoodbye\n"
    assert await asyncio.to_thread(exit_code, service) == 0


async def test_a_second_signal_is_harmless(start: Start, tmp_path: Path) -> None:
    service = await start(OVIA_DRAIN_SECONDS="1", OVIA_GRACE_SECONDS=LONG)
    done = tmp_path / "done"
    async with service.client() as client:
        waiting = asyncio.create_task(client.post("/wait", params={"until": str(done)}))
        await in_flight(client, 1)
        service.process.terminate()
        await drains(client)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            service.process.send_signal(number)
        done.touch()
        assert (await waiting).status_code == 201
    assert await asyncio.to_thread(exit_code, service) == 0


async def test_a_request_that_outlasts_the_grace_is_cut_told_so_and_logged(start: Start, tmp_path: Path) -> None:
    service = await start(OVIA_DRAIN_SECONDS="0", OVIA_GRACE_SECONDS="0.2")
    never = {"until": str(tmp_path / "never")}
    async with service.client(**{"X-Request-Id": "the-one-that-was-cut"}) as client:
        waiting = asyncio.create_task(client.post("/wait", params=never))
        exporting = asyncio.create_task(client.get("/export", params=never))
        await in_flight(client, 2)
        service.process.terminate()
        answer = await waiting
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert answer.headers["retry-after"].isdigit()
        # Half an answer cannot be taken back: whoever reads it is told that it is not whole.
        with pytest.raises(httpx.RemoteProtocolError):
            await exporting
    assert await asyncio.to_thread(exit_code, service) == 0
    logged = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    cut = [line for line in logged if "was cut" in line["event"]]
    assert {line["path"] for line in cut} == {"/wait", "/export"}
    assert {line["request_id"] for line in cut} == {"the-one-that-was-cut"}


async def test_ctrl_c_at_a_terminal_does_not_wait_for_anybody_to_look_elsewhere(start: Start) -> None:
    service = await start(OVIA_DRAIN_SECONDS=LONG)
    service.process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(exit_code, service) == 0
