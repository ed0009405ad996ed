"""What imports look up: people by e-mail, accounts of the list of people, and teams in bulk."""

from collections.abc import Sequence
from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.imports import KnownAccount


async def people_with_emails(conn: Connection, org_id: UUID, emails: Sequence[str]) -> dict[str, list[UUID]]:
    """Who has these as primary e-mail, by lower-case e-mail; nobody who was deleted."""
    rows = await conn.fetch(
        """
        select lower(p.primary_email) as email, p.id
          from (select distinct lower(one) as email from unnest($2::text[]) as one) w
          join people p on p.org_id = $1 and lower(p.primary_email) = w.email
                       and p.primary_email is not null and p.deleted_at is null
         order by p.id
        """,
        org_id,
        list(emails),
    )
    found: dict[str, list[UUID]] = {}
    for row in rows:
        found.setdefault(row["email"], []).append(row["id"])
    return found


async def accounts(conn: Connection, org_id: UUID, source: str) -> list[KnownAccount]:
    """Every account of this source with the mapping in force, if there is one that was not rejected."""
    rows = await conn.fetch(
        """
        select i.external_id, i.id as identity_id, i.username, i.email, i.display_name, m.person_id, m.status
          from identities i
          left join mappings m on m.org_id = i.org_id and m.identity_id = i.id and m.known_to = 'infinity'
                              and m.valid_to is null and m.status <> 'rejected'
         where i.org_id = $1 and i.source = $2
        """,
        org_id,
        source,
    )
    return to_models(KnownAccount, rows)


async def add_teams(conn: Connection, org_id: UUID, wanted: Sequence[tuple[UUID, UUID | None, str]]) -> None:
    """Adds teams by id, the team above, and name; one above comes before those below it."""
    await conn.executemany(
        "insert into teams (org_id, id, parent_id, name) values ($1, $2, $3, $4)",
        [(org_id, *one) for one in wanted],
    )
