"""What a question may be answered from, as a form says it and as the rag service takes it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar.datastructures.multi_dicts import ImmutableMultiDict, MultiDict

from ovia_console.ask.answers import Filters, Meant
from ovia_shared.errors import InvalidInput

MANY = ("kinds", "systems")
SINGLE = ("team", "product", "person", "since", "until")


class Narrowing(msgspec.Struct, frozen=True):
    """The chips that are chosen. `since` and `until` are days of the reader's clock, both included."""

    kinds: list[str] = []
    systems: list[str] = []
    team: str = ""
    product: str = ""
    person: str = ""
    since: str = ""
    until: str = ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """As fields of a form, or of an address."""
        many = [(name, one) for name in MANY for one in getattr(self, name)]
        single = [(name, getattr(self, name)) for name in SINGLE]
        return [*many, *((name, value) for name, value in single if value)]

    @property
    def count(self) -> int:
        """How many things narrow it."""
        return len(self.pairs)

    def address(self, question: str) -> str:
        """Where the box holds another question with the same chips."""
        return "/console/ask?" + urlencode([("question", question), *self.pairs])

    def without(self, others: list[Meant]) -> "Narrowing":
        """Less what names one of these."""
        apart = {one.kind: "" for one in others if one.kind in SINGLE and getattr(self, one.kind) == one.id}
        return msgspec.structs.replace(self, **apart)

    def asked(self, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
        """As the service takes it. Raises `InvalidInput` for a day that there is not."""
        told: dict[str, Any] = {
            name: value for name in ("kinds", "systems", "team", "product", "person") if (value := getattr(self, name))
        }
        if self.since:
            told["since"] = _midnight(self.since, "since", zone).isoformat()
        if self.until:
            end = _midnight(self.until, "until", zone, days=1)
            # Until today is until now: nothing is known of what is yet to come.
            if not now < end <= now + timedelta(days=1):
                told["until"] = end.isoformat()
        return told


def chosen(form: ImmutableMultiDict[Any] | MultiDict[Any]) -> Narrowing:
    """As a form, or an address, says it."""
    many = {name: [str(one) for one in form.getall(name, []) if one] for name in MANY}
    single = {name: str(form.get(name, "")) for name in SINGLE}
    return Narrowing(**many, **single)  # type: ignore[arg-type]


def of(filters: Filters, zone: ZoneInfo) -> Narrowing:
    """The chips that an answer was asked with."""
    last = None if filters.until is None else filters.until - timedelta(microseconds=1)
    return Narrowing(
        kinds=filters.kinds,
        systems=filters.systems,
        team=filters.team or "",
        product=filters.product or "",
        person=filters.person or "",
        since=_day(filters.since, zone),
        until=_day(last, zone),
    )


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else moment.astimezone(zone).date().isoformat()


def _midnight(text: str, field: str, zone: ZoneInfo, days: int = 0) -> datetime:
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{text[:40]!r} is no date such as 2026-11-01", field=f"filters.{field}") from None
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
