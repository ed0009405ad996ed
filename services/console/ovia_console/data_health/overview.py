"""What is wrong with the data, worst first, and what to do about it; and how many records came of how many."""

from typing import Any

import msgspec
from litestar import Response, get

from ovia_console.data_health import words
from ovia_console.pages.visit import OfVisit


class Fault(msgspec.Struct, frozen=True):
    """All faults of one kind. `share` is what the worst of them takes off its part of the score."""

    remedy: words.Remedy
    details: list[str]
    share: float


def faults_of(reasons: list[dict[str, Any]]) -> list[Fault]:
    """Faults by kind, the worst first: a source that is away has one for each of its streams."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for one in reasons:
        kinds.setdefault(one["code"], []).append(one)
    found = [
        Fault(
            words.REMEDIES.get(code, words.UNKNOWN),
            [one["detail"] for one in some],
            max(one["weight"] for one in some),
        )
        for code, some in kinds.items()
    ]
    return sorted(found, key=lambda one: -one.share)


@get("/data-health")
async def show(visit: OfVisit) -> Response[str]:
    """The score and its parts, faults with their remedies, and what numbers still lack."""
    told = await visit.metrics.get("/data-quality", dict[str, Any])
    return visit.page(
        "data_health/overview.html",
        told=told,
        faults=faults_of(told["quality"]["reasons"]),
        tabs=words.TABS,
    )


@get("/data-health/parity")
async def parity(visit: OfVisit) -> Response[str]:
    """Each stream: how many records the source had counted, sent, and how many rows are made of them."""
    told = await visit.metrics.get("/data-quality", dict[str, Any])
    streams = sorted(told["streams"], key=lambda one: (agrees(one) is not False, one["connection"], one["stream"]))
    rows = [(one, agrees(one)) for one in streams]
    return visit.page("data_health/parity.html", rows=rows, quality=told["quality"], tabs=words.TABS)


def agrees(stream: dict[str, Any]) -> bool | None:
    """Whether the counts of a stream are the same; None where the source told none."""
    announced, sent = stream["announced"], stream["sent"]
    if announced is None and sent is None:
        return None
    came = announced is None or stream["read"] >= announced
    return came and (sent is None or sent == stream["ours"])
