"""Runs the families of facts of one organisation, each in the transaction of its caller."""

from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from ovia_shared.database import knowing, notices, organisation_settings
from ovia_shared.database.facts import deployments, ledger, merge_requests, pipelines, seen, work_items
from ovia_shared.database.pool import Connection
from ovia_shared.models.fact_settings import Classification, FactSettings, Production, Workflow


class Family(NamedTuple):
    """Facts derived together: `changed` and `everything` find entities, `derive` fills `derived` for them."""

    name: str
    version: int
    kinds: tuple[str, ...]
    changed: str
    everything: str
    derive: tuple[str, ...]
    by_project: bool = False


# Deployments come last: an incident ends when its work item is done, which is a fact by then.
FAMILIES = (
    Family(
        "merge_requests", merge_requests.VERSION, merge_requests.KINDS,
        merge_requests.CHANGED, merge_requests.EVERYTHING, merge_requests.DERIVE,
    ),
    Family(
        "work_items", work_items.VERSION, work_items.KINDS,
        work_items.CHANGED, work_items.EVERYTHING, work_items.DERIVE,
    ),
    Family(
        "pipelines", pipelines.VERSION, pipelines.KINDS, pipelines.CHANGED, pipelines.EVERYTHING, pipelines.DERIVE,
    ),
    Family(
        "deployments", deployments.VERSION, deployments.KINDS,
        deployments.CHANGED, deployments.EVERYTHING, deployments.DERIVE, by_project=True,
    ),
)  # fmt: skip


async def settings_in_force(conn: Connection, org_id: UUID) -> FactSettings:
    """What the organisation chose, or the defaults."""
    return FactSettings(
        await organisation_settings.read(conn, org_id, "classification", Classification),
        await organisation_settings.read(conn, org_id, "workflow", Workflow),
        await organisation_settings.read(conn, org_id, "production", Production),
    )


async def lock(conn: Connection, org_id: UUID) -> bool:
    """One deriver at a time per organisation, until the transaction ends; False if there is another."""
    return bool(
        await conn.fetchval("select pg_try_advisory_xact_lock(hashtextextended('derive ' || $1, 0))", str(org_id))
    )


async def derive(conn: Connection, org_id: UUID, family: Family, *, from_scratch: bool = False) -> ledger.Difference:
    """Brings one family up to date; what did not change is not looked at. Twice in a row changes nothing.

    A newer version of the family, or other settings, mean deriving everything anew; so does `from_scratch`.
    """
    settings: Any = _folded(msgspec.to_builtins(await settings_in_force(conn, org_id)))
    moment = await seen.now(conn)
    before = await seen.state(conn, org_id, family.name)
    await ledger.begin(conn)
    if from_scratch or before is None or before[1:] != (family.version, settings):
        entity = "project_external_id" if family.by_project else "entity_id"
        await conn.execute(
            f"""
            insert into touched {family.everything}
            union
            select f.connection_id, f.{entity} from facts f
             where f.org_id = $1 and f.kind = any($2) and f.known_to = 'infinity' and f.{entity} is not null
            """,
            org_id,
            list(family.kinds),
        )
    else:
        await conn.execute(f"insert into touched {family.changed}", org_id, *before[0])
    await conn.execute("analyze touched")
    difference = ledger.Difference(0, 0)
    if await conn.fetchval("select exists (select from touched)"):
        for statement in family.derive:
            given = [org_id, settings] if "$2" in statement else [org_id] if "$1" in statement else []
            await conn.execute(statement, *given)
        at = await knowing.moment(conn)
        difference = await ledger.settle(conn, org_id, family.kinds, family.version, at, by_project=family.by_project)
    await seen.record(conn, org_id, family.name, family.version, settings, moment, *difference)
    if any(difference):
        await conn.execute("select pg_notify($1, $2)", notices.FACTS, str(org_id))
    return difference


def _folded(value: Any) -> Any:
    """Lists of words in lower case, so that SQL compares like with like; names and patterns as they are."""
    if isinstance(value, dict):
        return {name: one if name == "environments" else _folded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [one.lower() for one in value]
    return value
