"""What is wrong with the data, worst first, and what to do about it; and how many records came of how many."""

from typing import Any

import msgspec
from litestar import Response, get

from ovia_console.data_health import words
from ovia_console.pages.visit import OfVisit


class Place(msgspec.Struct, frozen=True):
    """Where a fault is: of a source, a stream or a family of facts, `part` of `whole`, or for how long."""

    name: str
    part: int | None = None
    whole: int | None = None
    seconds: float | None = None


class Fault(msgspec.Struct, frozen=True):
    """All faults of one kind. `share` is what the worst of them takes off its part of the score.

    `details` are the service's own sentences, for a fault of which no place can be told.
    """

    remedy: words.Remedy
    places: list[Place]
    details: list[str]
    share: float


# Of a stream: which of how many.
_COUNTED = {
    "failing": ("failing", "partitions"),
    "never_read": ("never_read", "partitions"),
    "dead_letters": ("dead_letters", None),
    "fewer_than_announced": ("read", "announced"),
    "counts_differ": ("ours", "sent"),
}


def faults_of(told: dict[str, Any]) -> list[Fault]:
    """Faults by kind, the worst first: a source that is away has one for each of its streams."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for one in told["quality"]["reasons"]:
        kinds.setdefault(one["code"], []).append(one)
    found = [
        Fault(
            words.REMEDIES.get(code, words.UNKNOWN),
            places_of(code, told),
            [one["detail"] for one in some],
            max(one["weight"] for one in some),
        )
        for code, some in kinds.items()
    ]
    return sorted(found, key=lambda one: -one.share)


def places_of(code: str, told: dict[str, Any]) -> list[Place]:
    """Where a kind of fault is, told in numbers, so that every reader reads it in their own language."""
    if code == "unmapped_accounts":
        lacking = [one for one in told["accounts"] if one["mapped"] < one["accounts"]]
        return [Place(one["source"], one["accounts"] - one["mapped"], one["accounts"]) for one in lacking]
    if code in ("not_derived", "derivation_behind", "derivation_failing"):
        behind = [one for one in told["derivations"] if one["what_to_do"] is not None]
        return [Place(one["family"], seconds=one["lag_seconds"]) for one in behind]
    streams = [one for one in told["streams"] if any(reason["code"] == code for reason in one["reasons"])]
    return [_place(code, one) for one in streams]


def _place(code: str, stream: dict[str, Any]) -> Place:
    name = f"{stream['connection']} · {stream['stream']}"
    if code not in _COUNTED:
        return Place(name, seconds=stream["lag_seconds"])
    part, whole = _COUNTED[code]
    return Place(name, stream[part], None if whole is None else stream[whole])


@get("/data-health")
async def show(visit: OfVisit) -> Response[str]:
    """The score and its parts, faults with their remedies, and what numbers still lack."""
    told = await visit.metrics.get("/data-quality", dict[str, Any])
    return visit.page(
        "data_health/overview.html",
        told=told,
        faults=faults_of(told),
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
