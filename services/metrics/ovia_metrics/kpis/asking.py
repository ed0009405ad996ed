"""What is asked: whose numbers, of which time, as of which moment. Every route about KPIs reads it in the same way."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from ovia_shared.database import knowing, retention
from ovia_shared.database.kpis.allowing import may_name, scope_of
from ovia_shared.database.kpis.measuring import Basis, Question, basis_of
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.kpis import windows
from ovia_shared.models.caller import Caller
from ovia_shared.models.kpi import Scope, ScopeKind, Window
from ovia_shared.web import moments

DEFAULT_DAYS = 30
# Beyond this a window is a mistake.
LONGEST = timedelta(days=20 * 366)

ScopeParameter = Annotated[ScopeKind, QueryParameter(description="Whose numbers. `person` needs the role manager.")]
ScopeIdParameter = Annotated[
    str,
    QueryParameter(
        max_length=1200,
        description=(
            "Which product, team or person: its id. Which project, sprint or release: the id of its connection, a "
            "colon and the id it has there. Nothing for the organisation."
        ),
    ),
]
FromParameter = Annotated[
    str | None,
    QueryParameter(
        name="from",
        max_length=40,
        description="The window begins here: a date in the organisation's time zone, or a moment (RFC 3339). "
        "Without it, 30 days before its end.",
    ),
]
ToParameter = Annotated[
    str | None,
    QueryParameter(
        name="to",
        max_length=40,
        description="The window ends before this: a date or a moment. Without it, or if it is yet to come, now.",
    ),
]
AsOfParameter = Annotated[
    str | None,
    QueryParameter(
        max_length=40, description="As it was known then (a moment, RFC 3339). Without it, as it is known now."
    ),
]


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """A scope, a window and a moment. `named`: whether people may be told by name.

    `begun`: the beginning of the window was given; `plain`: neither window nor moment were. `past`: the moment was.
    """

    scope: Scope
    basis: Basis
    window: Window
    as_of: datetime
    begun: bool
    past: bool
    plain: bool
    named: bool

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's."""
        return ZoneInfo(self.basis.zone)

    def question(self, caller: Caller, kpi: str, window: Window | None = None) -> Question:
        """Of this KPI."""
        return Question(
            org_id=caller.org_id, kpi=kpi, window=window or self.window, basis=self.basis,
            facts_as_of=self.as_of, people_as_of=self.as_of,
        )  # fmt: skip


async def asking(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    scope_kind: ScopeParameter = ScopeKind.ORGANISATION,
    scope_id: ScopeIdParameter = "",
    since: FromParameter = None,
    until: ToParameter = None,
    as_of: AsOfParameter = None,
) -> Asking:
    """Reads the parameters. Raises `NotFound`, `NotAllowed` and `InvalidInput`."""
    now = await knowing.settled(conn)
    moment = now if as_of is None else min(now, _past(as_of, now))
    if as_of is not None:
        await must_be_kept(conn, caller.org_id, moment, "as_of")
    wanted = scope_of(caller, scope_kind, scope_id)
    basis = await basis_of(conn, caller.org_id, wanted, as_of=None if as_of is None else moment)
    window = read_window(since, until, moment, ZoneInfo(basis.zone))
    return Asking(
        scope=Scope(basis.scope.kind, basis.scope.id),
        basis=basis,
        window=window,
        as_of=moment,
        begun=since is not None,
        past=as_of is not None,
        plain=since is None and until is None and as_of is None,
        named=await may_name(conn, caller, basis, window),
    )


async def must_be_kept(conn: Connection, org_id: UUID, moment: datetime, field: str) -> None:
    """Raises `InvalidInput` if what was believed at that moment is no longer known in full."""
    since = await retention.facts_known_since(conn, org_id)
    if since is not None and moment < since:
        raise InvalidInput(f"what was believed before {since:%Y-%m-%d %H:%M:%S} UTC is no longer kept", field=field)


def read_window(since: str | None, until: str | None, now: datetime, zone: ZoneInfo) -> Window:
    """The window that is meant. Its end is cut to `now`, and whole minutes. Raises `InvalidInput`."""
    latest = now.replace(second=0, microsecond=0)
    end = latest if until is None else min(latest, read_moment(until, "to", zone))
    start = windows.last_days(end, DEFAULT_DAYS, zone).start if since is None else read_moment(since, "from", zone)
    if start >= end:
        raise InvalidInput("the window is empty: from must be before to, and before now", field="from")
    if end - start > LONGEST:
        raise InvalidInput("a window is 20 years at most", field="from")
    return Window(start, end)


def read_moment(text: str, field: str, zone: ZoneInfo) -> datetime:
    """A date, which is its first moment in this zone, or a moment. Raises `InvalidInput`."""
    try:
        day = date.fromisoformat(text) if len(text) <= 10 else None
    except ValueError:
        day = None
    if day is None:
        return moments.read(text, field)
    # Far from the ends of the calendar, where a zone's offset would lead out of it.
    moments.in_utc(datetime(day.year, day.month, day.day, tzinfo=UTC), field)
    return windows.midnight(day, zone)


def _past(text: str, now: datetime) -> datetime:
    moment = moments.read(text, "as_of")
    if moment > now + timedelta(minutes=1):
        raise InvalidInput("as_of is yet to come", field="as_of")
    return moment
