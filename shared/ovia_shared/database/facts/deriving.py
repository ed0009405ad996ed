"""Runs the families of facts of one organisation, each in the transaction of its caller."""

from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from ovia_shared.database import knowing, notices, organisation_settings
from ovia_shared.database.facts import (
    changes,
    definition_changes,
    deployments,
    identities,
    ledger,
    merge_requests,
    pipelines,
    seen,
    touching,
    work_items,
)
from ovia_shared.database.pool import Connection
from ovia_shared.models.fact_settings import Classification, FactSettings, Production, Workflow


class Family(NamedTuple):
    """Facts derived together: `changed` and `everything` find entities, `derive` fills `derived` for them.

    `reads` are the settings its facts depend on. What runs before either of the two fills tables that they and `derive`
    read. With `by_project`, what is found are projects, and `derive` itself replaces them with the entities whose facts
    it looked at.
    """

    name: str
    version: int
    kinds: tuple[str, ...]
    reads: tuple[str, ...]
    changed: str
    everything: str
    derive: tuple[str, ...]
    by_project: bool = False
    before_changed: tuple[str, ...] = ()
    before_everything: tuple[str, ...] = ()


# An incident ends when its work item is done, which is a fact by the time deployments are derived. Accounts come last:
# what was believed of them is asked before.
FAMILIES = (
    Family(
        "merge_requests", merge_requests.VERSION, merge_requests.KINDS, ("classification",),
        merge_requests.CHANGED, merge_requests.EVERYTHING, merge_requests.DERIVE,
    ),
    Family(
        "work_items", work_items.VERSION, work_items.KINDS, ("classification", "workflow"),
        work_items.CHANGED, work_items.EVERYTHING, work_items.DERIVE,
    ),
    Family(
        "pipelines", pipelines.VERSION, pipelines.KINDS, ("production",),
        pipelines.CHANGED, pipelines.EVERYTHING, pipelines.DERIVE,
    ),
    Family(
        "deployments", deployments.VERSION, deployments.KINDS, ("production",),
        touching.CHANGED, touching.EVERYTHING, deployments.DERIVE, by_project=True,
        before_changed=touching.BEFORE_CHANGED, before_everything=touching.BEFORE_EVERYTHING,
    ),
    Family(
        "changes", changes.VERSION, changes.KINDS, ("classification",),
        changes.CHANGED, changes.EVERYTHING, changes.DERIVE,
    ),
    Family(
        "identities", identities.VERSION, identities.KINDS, (),
        identities.CHANGED, identities.EVERYTHING, identities.DERIVE,
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


async def hold(conn: Connection, org_id: UUID) -> None:
    """Waits for another deriver to end, and lets none begin until the transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended('derive ' || $1, 0))", str(org_id))


async def derive(
    conn: Connection,
    org_id: UUID,
    family: Family,
    *,
    from_scratch: bool = False,
    tried: FactSettings | None = None,
) -> ledger.Difference:
    """Brings one family up to date; what did not change is not looked at. Twice in a row changes nothing.

    A newer version of the family, or other settings, mean deriving everything anew; so does `from_scratch`. Whoever
    will roll back gives the settings that are `tried`; nobody else has to wait for what is never believed.
    """
    chosen: Any = _folded(msgspec.to_builtins(tried or await settings_in_force(conn, org_id)))
    settings = {name: chosen[name] for name in family.reads}
    # Taken before any row is looked at: what is written from here on is looked at the next time.
    moment = await seen.now(conn)
    before = await seen.state(conn, org_id, family.name)
    known = before is not None and before[1:] == (family.version, settings)
    await ledger.begin(conn)
    await _touch(conn, org_id, family, settings, before[0] if known and before and not from_scratch else None)
    difference = ledger.Difference(0, 0)
    if await conn.fetchval("select exists (select from touched)"):
        for statement in family.derive:
            given = [org_id, settings] if "$2" in statement else [org_id] if "$1" in statement else []
            await conn.execute(statement, *given)
        stamp = await (knowing.moment(conn) if tried is None else knowing.clock(conn))
        difference = await ledger.settle(conn, org_id, family.kinds, family.version, stamp)
        if any(difference) and before is not None and not known:
            reason = definition_changes.VERSION if before[1] != family.version else definition_changes.SETTINGS
            await definition_changes.record(conn, org_id, family.name, stamp, reason)
    await seen.record(conn, org_id, family.name, family.version, settings, moment, *difference)
    if any(difference):
        await conn.execute("select pg_notify($1, $2)", notices.FACTS, str(org_id))
    return difference


async def _touch(conn: Connection, org_id: UUID, family: Family, settings: Any, since: seen.Horizon | None) -> None:
    """Fills `touched` with what changed since, or with everything there is and everything believed."""
    if since is not None:
        for statement in (*family.before_changed, f"insert into touched {family.changed}"):
            given = [org_id, *since, settings] if "$4" in statement else [org_id, *since] if "$3" in statement else []
            await conn.execute(statement, *given)
    else:
        for statement in family.before_everything:
            await conn.execute(statement, *([org_id] if "$1" in statement else []))
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
    await conn.execute("analyze touched")


def _folded(value: Any) -> Any:
    """Lists of words in lower case, so that SQL compares like with like; names and patterns as they are.

    As the database gives it back, in lists: they are compared with what facts were derived with.
    """
    if isinstance(value, dict):
        return {name: list(one) if name == "environments" else _folded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [one.lower() for one in value]
    return value
