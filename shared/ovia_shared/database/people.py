"""People as they are read. See `mappings` for how the statements are put together."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from ovia_shared.database import search, teams
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.person import Membership, Person, PersonFilter, PersonPosition

_SELECT = """
select p.id, p.display_name, p.primary_email, p.status,
       (select count(*) from mappings m
         where m.org_id = p.org_id and m.person_id = p.id and m.known_to = 'infinity' and m.valid_to is null
           and m.status in ('auto', 'verified')),
       p.created_at, p.updated_at
  from people p
 where p.org_id = $1 and p.deleted_at is null
"""


async def find(
    conn: Connection, org_id: UUID, wanted: PersonFilter, after: PersonPosition | None, most: int
) -> list[Person]:
    """At most `most` people behind `after`, by name in code point order."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    if after is not None:
        first = len(values) + 1
        values += [after.display_name, after.id]
        conditions += f' and (p.display_name collate "C", p.id) > (${first}::text, ${first + 1}::uuid)'
    rows = await conn.fetch(
        f'{_SELECT}{conditions} order by p.display_name collate "C", p.id limit {int(most)}', *values
    )
    return [Person(*row) for row in rows]


async def count(conn: Connection, org_id: UUID, wanted: PersonFilter) -> int:
    """How many people the filter lets through, known without counting them if it asks for no word and no team."""
    if not wanted.words and wanted.team_id is None:
        known: int = await conn.fetchval(
            """
            select coalesce(sum(change), 0)::bigint from people_counts
             where org_id = $1 and ($2::text is null or status = $2)
            """,
            org_id,
            wanted.status,
        )
        return known
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    total: int = await conn.fetchval(
        f"select count(*) from people p where p.org_id = $1 and p.deleted_at is null{conditions}",  # noqa: S608 (fixed fragments)
        *values,
    )
    return total


async def find_one(conn: Connection, org_id: UUID, person_id: UUID) -> Person | None:
    """This person, or None; who was deleted or merged is not found."""
    row = await conn.fetchrow(f"{_SELECT} and p.id = $2", org_id, person_id)
    return None if row is None else Person(*row)


async def hold_emails(conn: Connection, org_id: UUID, emails: Iterable[str]) -> None:
    """Nobody else gives these e-mails to a person until the end of the transaction; everybody in the same order."""
    # Locks are numbers: sorted as such, two requests cannot wait for each other.
    await conn.execute(
        """
        select pg_advisory_xact_lock(place)
          from (select distinct hashtextextended('email ' || $1 || ' ' || lower(email), 0) as place
                  from unnest($2::text[]) as email order by 1) as held
        """,
        str(org_id),
        list(emails),
    )


async def memberships(conn: Connection, org_id: UUID, person_id: UUID) -> list[Membership]:
    """The teams this person was or is in, as believed now, the latest first."""
    rows = await conn.fetch(
        """
        select s.id, s.team_id, t.name as team_name, s.role, s.valid_from, nullif(s.valid_to, 'infinity') as valid_to
          from team_memberships s
          join teams t on t.org_id = s.org_id and t.id = s.team_id
         where s.org_id = $1 and s.person_id = $2 and s.known_to = 'infinity'
         order by s.valid_from desc, s.id
        """,
        org_id,
        person_id,
    )
    return to_models(Membership, rows)


def _conditions(wanted: PersonFilter, values: list[Any]) -> str:
    conditions = ""
    if wanted.status is not None:
        values.append(wanted.status)
        conditions = f" and p.status = ${len(values)}"
    if wanted.team_id is not None:
        values.append(wanted.team_id)
        conditions += f" and p.id in ({teams.NOW_BELOW.format(team=f'${len(values)}')})"
    return conditions + search.of_person(wanted.words, values)
