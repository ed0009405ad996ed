"""The log of decisions about who is who: read as history, and replayed to check that it tells the truth."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.review import EventPosition, EventView

_COLUMNS = """id, occurred_at, actor, action, reason, decision_id, undoes, identity_id, person_id, before, after"""


async def of_identity(
    conn: Connection, org_id: UUID, identity_id: UUID, after: EventPosition | None, most: int
) -> list[EventView]:
    """What was decided about an account, the newest first."""
    return await _page(conn, org_id, "identity_id = $2", identity_id, after, most)


async def of_person(
    conn: Connection, org_id: UUID, person_id: UUID, after: EventPosition | None, most: int
) -> list[EventView]:
    """What was decided about a person and their accounts, the newest first."""
    return await _page(conn, org_id, "person_id = $2", person_id, after, most)


async def _page(
    conn: Connection, org_id: UUID, condition: str, subject: UUID, after: EventPosition | None, most: int
) -> list[EventView]:
    values: list[Any] = [org_id, subject]
    if after is not None:
        values.append(after.id)
        condition += " and id < $3"
    rows = await conn.fetch(
        f"select {_COLUMNS} from identity_events where org_id = $1 and {condition} order by id desc limit {int(most)}",  # noqa: S608
        *values,
    )
    return to_models(EventView, rows)


async def count(
    conn: Connection, org_id: UUID, *, identity_id: UUID | None = None, person_id: UUID | None = None
) -> int:
    """How many entries the history of an account or a person has."""
    column, subject = ("identity_id", identity_id) if identity_id is not None else ("person_id", person_id)
    total: int = await conn.fetchval(
        f"select count(*) from identity_events where org_id = $1 and {column} = $2",  # noqa: S608 (fixed names)
        org_id,
        subject,
    )
    return total


async def count_actions(
    conn: Connection, org_id: UUID, after: UUID | None
) -> tuple[dict[tuple[str, str], int], UUID | None]:
    """How many events there are behind `after`, by action and by whom (`engine` or `people`), and the last of them."""
    rows = await conn.fetch(
        """
        select action, case when actor = 'ovia matching' then 'engine' else 'people' end as whose, count(*) as n,
               max(id::text)::uuid as last
          from identity_events where org_id = $1 and ($2::uuid is null or id > $2) group by 1, 2
        """,
        org_id,
        after,
    )
    counts = {(row["action"], row["whose"]): row["n"] for row in rows}
    return counts, max((row["last"] for row in rows), default=after)


async def of_decision(conn: Connection, org_id: UUID, decision_id: UUID) -> list[EventView]:
    """Every entry of one decision, in the order it was told."""
    rows = await conn.fetch(
        f"select {_COLUMNS} from identity_events where org_id = $1 and decision_id = $2 order by id",  # noqa: S608
        org_id,
        decision_id,
    )
    return to_models(EventView, rows)


async def last_decision(conn: Connection, org_id: UUID, identity_id: UUID) -> UUID | None:
    """The last decision about an account that has not been taken back and takes none back itself."""
    found: UUID | None = await conn.fetchval(
        """
        select e.decision_id from identity_events e
         where e.org_id = $1 and e.identity_id = $2 and e.decision_id is not null and e.undoes is null
           and not exists (select from identity_events u where u.org_id = $1 and u.undoes = e.decision_id
                              and not exists (select from identity_events r where r.org_id = $1
                                                 and r.undoes = u.decision_id))
         order by e.id desc limit 1
        """,
        org_id,
        identity_id,
    )
    return found


async def undone(conn: Connection, org_id: UUID, decision_id: UUID) -> bool:
    """Whether a decision has been taken back, and that has not been taken back itself."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from identity_events u where u.org_id = $1 and u.undoes = $2
               and not exists (select from identity_events r where r.org_id = $1 and r.undoes = u.decision_id))
        """,
        org_id,
        decision_id,
    )
    return found


async def later(
    conn: Connection, org_id: UUID, identity_ids: Sequence[UUID], person_ids: Sequence[UUID], than: UUID
) -> EventView | None:
    """The newest entry after this one about any of these accounts, or that changed any of these people."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from identity_events
         where org_id = $1 and id > $4
           and (identity_id = any($2) or (person_id = any($3) and identity_id is null and after ? 'people'))
         order by id desc limit 1
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        list(identity_ids),
        list(person_ids),
        than,
    )
    return to_models(EventView, rows)[0] if rows else None


async def disagreements(conn: Connection, org_id: UUID) -> list[str]:
    """Where the log and what is believed differ, in words; empty when replaying the log gives the present state.

    A mapping row is in force after the log if the last entry that names it names it as `after`. People, where the log
    tells of them, are as the last entry left them.
    """
    rows = await conn.fetch(
        """
        with told as (
            select e.id as event, (m ->> 'id')::uuid as row_id, true as in_force
              from identity_events e, jsonb_array_elements(e.after -> 'mappings') m where e.org_id = $1
            union all
            select e.id, (m ->> 'id')::uuid, false
              from identity_events e, jsonb_array_elements(e.before -> 'mappings') m where e.org_id = $1),
        last as (select distinct on (row_id) row_id, in_force from told order by row_id, event desc),
        believed as (select id from mappings where org_id = $1 and known_to = 'infinity')
        select coalesce(b.id, l.row_id) as id, b.id is not null as believed
          from believed b full join (select * from last where in_force) l on l.row_id = b.id
         where b.id is null or l.row_id is null
         order by 1 limit 100
        """,
        org_id,
    )
    found = [
        f"mapping {row['id']} is in force and no event says so"
        if row["believed"]
        else f"mapping {row['id']} should be in force by its events and is not"
        for row in rows
    ]
    people = await conn.fetch(
        """
        with told as (
            select distinct on (e.person_id) e.person_id, e.after -> 'people' -> 0 as image
              from identity_events e
             where e.org_id = $1 and e.person_id is not null and jsonb_array_length(e.after -> 'people') > 0
             order by e.person_id, e.occurred_at desc, e.id desc)
        select p.id from told t join people p on p.org_id = $1 and p.id = t.person_id
         where (p.display_name, p.primary_email, p.status, p.merged_into_id::text, p.deleted_at is null)
               is distinct from (t.image ->> 'display_name', t.image ->> 'primary_email', t.image ->> 'status',
                                 t.image ->> 'merged_into_id', t.image ->> 'deleted_at' is null)
         order by p.id limit 100
        """,
        org_id,
    )
    found += [f"person {row['id']} is not as their last event says" for row in people]
    orphans = await conn.fetch(
        """
        select e.id from identity_events e
         where e.org_id = $1
           and ((e.identity_id is not null
                 and not exists (select from identities i where i.org_id = $1 and i.id = e.identity_id))
             or (e.person_id is not null
                 and not exists (select from people p where p.org_id = $1 and p.id = e.person_id)))
         limit 100
        """,
        org_id,
    )
    return found + [f"event {row['id']} names an account or a person that does not exist" for row in orphans]
