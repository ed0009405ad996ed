"""What all three APIs share: the organisation with its indexes, a clock of its own, access, and answers."""

import base64
import binascii
import time
from bisect import insort
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from ovia_demo.organisation.code_model import (
    Deployment,
    MergeRequest,
    Organisation,
    Page,
    Pipeline,
    Release,
    Ticket,
)
from ovia_demo.organisation.model import Account, Issue, Machine, Person

TOKEN = "sample-token"  # noqa: S105 (the sample sources guard nothing)
# Valid, but of a user who may see no more than their own profile.
LIMITED_TOKEN = "sample-token-limited"  # noqa: S105
NOTICE = "Generated sample data; no real organisation."

Part = TypeVar("Part", MergeRequest, Pipeline, Deployment, Release, Ticket)
encode = msgspec.json.Encoder().encode


class Options(msgspec.Struct, kw_only=True, frozen=True):
    """`rate_limit` is requests per minute and token (0: none); with `control`, tests may change and disturb things."""

    latency_ms: float = 0.0
    rate_limit: int = 0
    control: bool = False


class Clock:
    """Stands at the end of the generated time when the server starts, and goes on from there as real time does."""

    def __init__(self, until: datetime) -> None:
        self._until = until
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._until + timedelta(milliseconds=int((time.monotonic() - self._began) * 1000))


class World:
    """The organisation as it is served: found by id and key, changed by `control`, with its encoded records kept."""

    def __init__(self, organisation: Organisation, options: Options) -> None:
        self.organisation = organisation
        self.options = options
        self.clock = Clock(organisation.until)
        self.actors: dict[str, Person | Machine] = {one.id: one for one in organisation.people}
        self.actors |= {one.id: one for one in organisation.machines}
        self.products = {one.key: one for one in organisation.products}
        self.repositories = {one.id: one for one in organisation.repositories}
        self.issues = {one.id: one for one in organisation.issues}
        self.issue_ids = {key: one.id for one in organisation.issues for key in [*one.former_keys, one.key]}
        self.pages: dict[int, Page] = {one.id: one for one in organisation.pages}
        self.merge_requests = _by_repository(organisation.merge_requests)
        self.pipelines = _by_repository(organisation.pipelines)
        self.deployments = _by_repository(organisation.deployments)
        self.releases = _by_repository(organisation.releases)
        self.tickets = _by_repository(organisation.tickets)
        self.jobs = {
            repository: sorted(((job.id, job, one) for one in pipelines for job in one.jobs), key=lambda row: row[0])
            for repository, pipelines in self.pipelines.items()
        }
        self.last_history = max((one.id for issue in organisation.issues for one in issue.histories), default=0)
        # Products, repositories and spaces that the token may not see any more; `token` for everything.
        self.revoked: set[str] = set()
        self._encoded: dict[tuple[Any, ...], bytes] = {}
        self._accounts: dict[tuple[str, str], list[Account]] = {}

    def kept(self, key: tuple[Any, ...], make: Callable[[], Any]) -> bytes:
        """The JSON of a record, encoded once. The key begins with the kind and the id."""
        found = self._encoded.get(key)
        if found is None:
            found = self._encoded[key] = encode(make())
        return found

    def forget(self) -> None:
        """Has all records encoded anew: one that changed may also be shown inside others."""
        self._encoded.clear()

    def account(self, source: str, actor: str, at: datetime | None = None) -> Account | None:
        """The account an actor used at a time, or uses now. None where the actor has none in that source."""
        known = self._accounts.get((source, actor))
        if known is None:
            known = [one for one in self.actors[actor].accounts if one.source == source]
            self._accounts[source, actor] = known
        if at is not None and len(known) > 1:
            known = [one for one in known if (not one.since or at >= one.since) and (not one.until or at < one.until)]
        return known[0] if known else None

    def live_issues(self) -> Iterable[Issue]:
        return (one for one in self.organisation.issues if not one.deleted and one.product not in self.revoked)

    def issue(self, id_or_key: str) -> Issue | None:
        number = int(id_or_key) if id_or_key.isdecimal() else self.issue_ids.get(id_or_key.upper(), 0)
        found = self.issues.get(number)
        return None if found is None or found.deleted or found.product in self.revoked else found


def _by_repository(parts: list[Part]) -> dict[int, list[Part]]:
    found: dict[int, list[Part]] = {}
    for part in parts:
        insort(found.setdefault(part.repository, []), part, key=lambda one: getattr(one, "id", 0))
    return found


def token_of(request: web.Request) -> tuple[str | None, str]:
    """The token of a request and how it was sent: basic, bearer or private."""
    private = request.headers.get("PRIVATE-TOKEN") or request.query.get("private_token")
    if private and request.path.startswith("/gitlab/"):
        return private, "private"
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip(), "bearer"
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2], "basic"
        except (binascii.Error, UnicodeDecodeError):
            return None, "basic"
    return None, "none"


def base_of(request: web.Request, path: str) -> str:
    """Where the client reached us, so that links lead back to the same place."""
    return f"{request.scheme}://{request.host}{path}"


def raw(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=body, status=status, headers=headers, content_type="application/json", charset="utf-8")


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return raw(encode(value), status, headers)


def joined(parts: Iterable[bytes]) -> bytes:
    """Encoded records as one JSON array."""
    return b"[" + b",".join(parts) + b"]"


def whole_number(request: web.Request, name: str, otherwise: int, least: int = 0, most: int = 10**9) -> int:
    """A numeric parameter, cut to what is allowed."""
    value = request.query.get(name, "")
    return max(least, min(most, int(value))) if value.isdecimal() else otherwise


def atlassian_time(moment: datetime) -> str:
    """`2026-01-02T03:04:05.678+0000`"""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def zulu(moment: datetime) -> str:
    """`2026-01-02T03:04:05.678Z`"""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def zulu_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else zulu(moment)


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
