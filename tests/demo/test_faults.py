"""Faults on demand: each kind as a client meets it, and the log of clients that do not wait."""

import asyncio
import json
from collections import Counter
from typing import Any

import aiohttp
import pytest

from ovia_demo import faults
from ovia_demo.organisation import Organisation
from tests.demo.conftest import PRIVATE, Serve, Source

PATH = "/gitlab/api/v4/projects"


@pytest.fixture
async def source(serve: Serve, fernweh: Organisation) -> Source:
    return await serve(fernweh, PRIVATE, control=True)


async def disturb(source: Source, *kinds: str, share: float = 1.0, **more: Any) -> None:
    await source.post("/control", {"action": "fault", "kinds": kinds, "share": share, **more})


async def met(source: Source) -> str:
    """What one request meets: a status, or how it broke."""
    try:
        async with source.client.get(PATH, params={"per_page": 100}, headers=PRIVATE) as response:
            body = await response.read()
            if response.status != 200:
                return str(response.status)
            if response.content_type != "application/json":
                return response.content_type
            return f"{len(json.loads(body))} projects"
    except (aiohttp.ClientError, ValueError) as error:
        return type(error).__name__


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("429", "429"),
        ("500", "500"),
        ("502", "502"),
        ("503", "503"),
        ("504", "504"),
        ("html", "text/html"),
        ("truncated", "JSONDecodeError"),
        ("cut_before", "ServerDisconnectedError"),
        ("cut_after", "ClientPayloadError"),
        ("slow", "12 projects"),
        ("dribble", "12 projects"),
    ],
)
async def test_each_fault_is_what_it_says(source: Source, kind: str, seen: str) -> None:
    await disturb(source, kind, seconds=0.2)
    began = asyncio.get_running_loop().time()
    assert await met(source) == seen
    if kind in ("slow", "dribble"):
        assert asyncio.get_running_loop().time() - began >= 0.19
    assert (await source.get("/control/log"))["faults"] == {kind: 1}


async def test_a_reset_ends_the_connection_at_once(source: Source) -> None:
    await disturb(source, "reset")
    assert await met(source) in ("ClientOSError", "ConnectionResetError", "ServerDisconnectedError")


async def test_one_seed_disturbs_the_same_requests_again(source: Source) -> None:
    runs = []
    for _ in range(2):
        await disturb(source, "500", "html", "truncated", share=0.4, seed=5)
        runs.append([await met(source) for _ in range(40)])
    assert runs[0] == runs[1]
    assert set(Counter(runs[0])) == {"500", "text/html", "JSONDecodeError", "12 projects"}
    await source.post("/control", {"action": "restore", "kind": "fault"})
    assert [await met(source) for _ in range(5)] == ["12 projects"] * 5


async def test_a_client_that_comes_back_too_early_is_noted(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "UNDER_WAY", 0.0)
    await disturb(source, "429", retry_after=30)
    assert [await met(source), await met(source)] == ["429", "429"]
    log = await source.get("/control/log")
    assert log["requests"] == 2
    assert [one["path"] for one in log["violations"]] == [PATH]
    assert log["violations"][0]["early_seconds"] > 25


async def test_a_client_that_waits_is_not_noted(source: Source) -> None:
    await disturb(source, "429", retry_after=1)
    assert await met(source) == "429"
    await asyncio.sleep(1.0)
    assert await met(source) == "429"
    assert (await source.get("/control/log"))["violations"] == []
