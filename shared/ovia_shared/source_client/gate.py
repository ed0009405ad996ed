"""When the next request may be sent: one gate for all the requests of a client, however many run at once."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from aiolimiter import AsyncLimiter

from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.source_client.answer import parse_date
from ovia_shared.source_client.tempo import Tempo

LONGEST_WAIT = 3600.0
# Below this share of its limit a source is left in peace until the limit starts anew.
RESERVE = 0.02

_EVERYTHING = ""
_NUMBER = re.compile(r"\s*(-?[0-9]+(?:\.[0-9]+)?)")
_FIXED_PART = re.compile(r"[a-z][a-z_-]*")
# A reset given as a number is either a time since 1970 or, in the IETF's draft, a number of seconds from now.
_EPOCH_FROM = 10**8
_FOR_EVER = 10 * 366 * 86400.0
_MOST_FAMILIES = 500


class Gate:
    """Holds requests back: to the pace that was set, after `Retry-After`, and while a limit is used up.

    `Retry-After` and limits without a name hold back everything; a limit with a name (`RateLimit-Name`) only the paths
    that were seen to count towards it.
    """

    def __init__(self, name: str, requests_per_second: float | None, tempo: Tempo) -> None:
        self._name = name
        self._tempo = tempo
        self._limiter = None if requests_per_second is None else AsyncLimiter(1, 1 / requests_per_second)
        self._shut_until: dict[str, float] = {}
        self._limit_of: dict[str, str] = {}

    async def turn(self, path: str) -> None:
        """Waits until a request to this path may be sent. Raises `SourceError` if that is more than an hour away."""
        while True:
            while (seconds := self.shut_for(path)) > 0:
                await self._tempo.sleep(seconds)
            if self._limiter is None:
                return
            await self._limiter.acquire()
            if self.shut_for(path) <= 0:
                return

    def shut_for(self, path: str) -> float:
        """Seconds until the gate opens for this path. Raises a retriable `SourceError` if they are too many."""
        limit = self._limit_of.get(_family(path), _EVERYTHING)
        until = max(self._shut_until.get(_EVERYTHING, 0.0), self._shut_until.get(limit, 0.0))
        seconds = until - self._tempo.clock()
        if seconds > LONGEST_WAIT:
            opens = self._tempo.now() + timedelta(seconds=seconds)
            raise SourceError(
                f"{self._name} asks to be left in peace until {opens:%Y-%m-%d %H:%M:%S} UTC; it is tried again later",
                fault=SourceFault.RETRIABLE,
            )
        return seconds

    def heed(self, path: str, headers: Mapping[str, str], under_way: int = 0) -> None:
        """Takes in what an answer says about limits. `under_way` other requests are sent and not yet answered."""
        now = parse_date(headers.get("Date")) or self._tempo.now()
        wait = _seconds(headers.get("Retry-After"), now)
        if wait is not None:
            self._shut(_EVERYTHING, wait)
        name = headers.get("RateLimit-Name", _EVERYTHING)
        if len(self._limit_of) >= _MOST_FAMILIES:
            self._limit_of.clear()
        self._limit_of[_family(path)] = name
        for prefix in ("RateLimit", "X-RateLimit"):
            remaining = _number(headers.get(f"{prefix}-Remaining"))
            if remaining is not None:
                limit = _number(headers.get(f"{prefix}-Limit")) or 0.0
                # What is under way may not be counted yet.
                if remaining < max(1.0, limit * RESERVE, under_way):
                    self._shut(name, _until_reset(headers, prefix, now))
                return

    def _shut(self, limit: str, seconds: float | None) -> None:
        if seconds is not None and seconds > 0:
            until = self._tempo.clock() + min(seconds, _FOR_EVER)
            self._shut_until[limit] = max(until, self._shut_until.get(limit, 0.0))


def _until_reset(headers: Mapping[str, str], prefix: str, now: datetime) -> float | None:
    reset = headers.get(f"{prefix}-Reset")
    if reset is None:
        # Jira Data Center fills up its allowance once every interval.
        return _number(headers.get(f"{prefix}-Interval-Seconds"))
    number = _number(reset) if _is_number(reset) else None
    if number is not None and number >= _EPOCH_FROM:
        return number - now.timestamp()
    return _seconds(reset, now)


def _seconds(text: str | None, now: datetime) -> float | None:
    """From now until what is given: as seconds, an HTTP date or an ISO date."""
    if text is None:
        return None
    if _is_number(text):
        return _number(text)
    moment = parse_date(text) or _iso(text)
    return None if moment is None else (moment - now).total_seconds()


def _iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _is_number(text: str) -> bool:
    match = _NUMBER.match(text)
    return match is not None and not text[match.end() :].strip()


def _number(text: str | None) -> float | None:
    match = _NUMBER.match(text or "")
    return None if match is None else float(match[1])


def _family(path: str) -> str:
    """The path with ids and keys left out: limits are set for kinds of requests."""
    return "/".join(part if _FIXED_PART.fullmatch(part) else "*" for part in path.split("/"))
