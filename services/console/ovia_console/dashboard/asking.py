"""What a page of numbers is asked: whose, of when, and whether somebody chose the time or takes the usual one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request

from ovia_console.scopes.scope import Scope, scope_of
from ovia_shared.errors import InvalidInput
from ovia_shared.models.kpi import Window

# The services' own window where none is asked for: 30 days, and today.
_DAYS = 31


class Asked(msgspec.Struct, frozen=True):
    """A scope, and `dated` if the address says of when.

    Without dates the services are asked for none either: they have the usual window ready.
    """

    scope: Scope
    dated: bool

    def parameters(self, window: Window | None = None) -> dict[str, str]:
        """As the services are asked: pass it on as `**asked.parameters()`. A window is of moments, not of days."""
        given = self.scope.asked()
        if window is not None:
            return given | {"from_": window.start.isoformat(), "to": window.end.isoformat()}
        return given if self.dated else {name: given[name] for name in given if name.startswith("scope")}

    def kept(self) -> dict[str, str]:
        """What of it stands in the addresses of other pages."""
        shown = self.scope.shown()
        return shown if self.dated else {"scope": shown["scope"]}


def asked_of(request: Request[Any, Any, Any]) -> Asked:
    """As the address says. Raises `InvalidInput`."""
    query = request.query_params
    return Asked(scope_of(request, days=_DAYS), bool(query.get("from") or query.get("to")))


def window_of(start: str, end: str) -> Window | None:
    """The window between two moments in an address, or None without them. Raises `InvalidInput`."""
    if not start or not end:
        return None
    return Window(_moment(start, "start"), _moment(end, "end"))


def known(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Those wanted that there are."""
    return [name for name in wanted if name in names]


def _moment(text: str, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput(f"{text[:40]!r} is no moment such as 2026-11-01T00:00:00Z", field=field)
    return moment
