"""What somebody asks of a forecast: read from a form, sent as `POST /forecasts` takes it. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from ovia_console.scopes.scope import Scope

# Two weeks: what a team plans ahead.
AHEAD = 14
# What the sliders reach; the fields beside them take what the service takes.
REACH = {
    "sampling_days": (28, 365),
    "pace": (25, 300),
    "more_items": (-50, 100),
    "growth": (0, 200),
    "wip_limit": (0, 50),
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The fields, as they stand in the form. Of the what-ifs, 100 % or 0 imagines nothing."""

    kind: str
    items: str
    by: str
    sampling_days: str
    pace: str
    more_items: str
    growth: str
    wip_limit: str

    @property
    def when(self) -> bool:
        """Whether a day is the answer."""
        return self.kind != "how_many"


def read(form: Mapping[str, Any], today: date) -> Asked:
    """What is not given stays as it is now."""

    def text(name: str, otherwise: str) -> str:
        return str(form.get(name) or otherwise).strip()[:20]

    return Asked(
        kind="how_many" if form.get("kind") == "how_many" else "when",
        items=text("items", ""),
        by=text("by", (today + timedelta(days=AHEAD)).isoformat()),
        sampling_days=text("sampling_days", "90"),
        pace=text("pace", "100"),
        more_items=text("more_items", "0"),
        growth=text("growth", "0"),
        wip_limit=text("wip_limit", "0"),
    )


def body(asked: Asked, scope: Scope) -> dict[str, Any]:
    """As the service is asked. What is no number is left for it to refuse, so that the field is named."""
    given = scope.kind in ("sprint", "release")
    sent: dict[str, Any] = {
        "kind": asked.kind,
        "scope": {"kind": scope.kind, "id": scope.id},
        "sampling_days": _number(asked.sampling_days),
    }
    if asked.when and asked.items and not given:
        sent["items"] = _number(asked.items)
    if not asked.when:
        sent["by"] = asked.by
    if imagined := _what_if(asked, given=given):
        sent["what_if"] = imagined
    return sent


def _what_if(asked: Asked, *, given: bool) -> dict[str, Any]:
    imagined: dict[str, Any] = {}
    if asked.pace != "100":
        imagined["pace"] = _share(asked.pace)
    if asked.more_items != "0" and (asked.when or given):
        imagined["items"] = _number(asked.more_items)
    if asked.growth != "0" and asked.when and not given:
        imagined["growth"] = _share(asked.growth)
    if asked.wip_limit != "0":
        imagined["wip_limit"] = _number(asked.wip_limit)
    return imagined


def _share(text: str) -> float | str:
    percent = _number(text)
    return percent if isinstance(percent, str) else percent / 100


def _number(text: str) -> int | float | str:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return text
