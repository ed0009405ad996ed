"""What is kept for how long, over HTTP."""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from ovia_shared.config.settings import RetentionSettings
from ovia_shared.database import prune_runs, retention
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.retention import Kept, Retention
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of

_STAYS = {
    "raw_retention_days": "the newest version of each record",
    "sync_runs_retention_days": "the last of each partition",
    "webhooks_retention_days": "those nobody looked at yet",
    "receipts_retention_days": "those that a number kept ready is told with",
    "facts_retention_days": "what is believed now, and what a kept receipt was counted from",
}
# Promised for a day, whatever is set.
_FOR_A_DAY = ("answers to writes with an Idempotency-Key", "previews of settings")
_FOR_EVER = ("decisions about who is who", "people, teams, and what was read from sources", "forecasts")


@get(
    "/retention",
    guards=[requires(Role.ADMIN)],
    operation_id="read_retention",
    tags=["access"],
    summary="What is kept, and for how long",
    security=SECURITY,
    responses=problems_of(),
)
async def read_retention(
    conn: NamedDependency[SkipValidation[Connection]], caller: NamedDependency[SkipValidation[Caller]]
) -> Retention:
    """As `ovia admin prune` was told when it last ran here: this service cannot see the settings of others, so what was
    never run with is told as not known. `ovia-ingest` drops raw versions, attempts and webhooks by settings of its own,
    which should be the same."""
    found = await prune_runs.last(conn, caller.org_id)
    days = {} if found is None else found[1]
    kept = [_kept(name, field, days) for name, field in RetentionSettings.model_fields.items() if name in _names()]
    kept += [Kept(what, None, True, 1, 1, 1, None) for what in _FOR_A_DAY]
    kept += [Kept(what, None, True, None, None, 1, None) for what in _FOR_EVER]
    since = await retention.facts_known_since(conn, caller.org_id)
    return Retention(kept, None if found is None else found[0], since)


def _names() -> set[str]:
    return {name for name in RetentionSettings.model_fields if name.endswith("_retention_days")}


def _kept(name: str, field: Any, days: dict[str, int | None]) -> Kept:
    least = next((rule.ge for rule in field.metadata if hasattr(rule, "ge")), 1)
    return Kept(
        what=field.description,
        setting=f"OVIA_{name.upper()}",
        known=name in days,
        days=days.get(name),
        default_days=field.default,
        least_days=least,
        stays=_STAYS.get(name),
    )
