"""Settings as people look at them: what is in force, who chose it, and what was chosen before."""

from uuid import UUID

import asyncpg

from ovia_shared.database.pool import Connection, attempt
from ovia_shared.database.rows import to_models
from ovia_shared.errors import InvalidInput, Unavailable
from ovia_shared.models.setting import SettingPosition, SettingVersion

_SELECT = """
    select id, value, actor as chosen_by, known_from as chosen_at, nullif(known_to, 'infinity') as until
      from organisation_settings where org_id = $1 and name = $2
"""
# Long enough for whatever is sensible, short enough to wait for.
_TRIAL = "500ms"
_TEXTS = ("", "a" * 2000 + "!", "release/" * 200, "-/_." * 400)


async def in_force(conn: Connection, org_id: UUID, name: str) -> SettingVersion | None:
    """What was chosen last, or None while the default holds."""
    rows = await conn.fetch(f"{_SELECT} and known_to = 'infinity'", org_id, name)
    return to_models(SettingVersion, rows)[0] if rows else None


async def find(
    conn: Connection, org_id: UUID, name: str, after: SettingPosition | None, most: int
) -> list[SettingVersion]:
    """At most `most` choices behind `after`, the latest first."""
    rows = await conn.fetch(
        f"""
        {_SELECT}
           and ($3::uuid is null
                or (known_from, id) < (select known_from, id from organisation_settings where org_id = $1 and id = $3))
         order by known_from desc, id desc limit $4
        """,  # noqa: S608 (a constant)
        org_id,
        name,
        None if after is None else after.id,
        most,
    )
    return to_models(SettingVersion, rows)


async def unknown_projects(conn: Connection, org_id: UUID, keys: list[str]) -> list[str]:
    """Those of these keys that no project has or had."""
    rows = await conn.fetch(
        """
        select k.key from unnest($2::text[]) k (key)
         where not exists (select from projects p where p.org_id = $1 and p.key = k.key)
         order by k.key
        """,
        org_id,
        keys,
    )
    return [row["key"] for row in rows]


async def try_pattern(conn: Connection, pattern: str) -> str | None:
    """What is wrong with a regular expression, as Postgres finds when it tries it for a moment; None if nothing is."""
    before = await conn.fetchval("select current_setting('statement_timeout')")
    try:
        async with attempt(conn):
            await conn.execute("select set_config('statement_timeout', $1, true)", _TRIAL)
            await conn.execute("select count(*) from unnest($1::text[]) one where one ~* $2", list(_TEXTS), pattern)
            await conn.execute("select set_config('statement_timeout', $1, true)", before)
    except InvalidInput as error:
        cause = error.__cause__
        return str(cause).rpartition(": ")[2] if isinstance(cause, asyncpg.PostgresError) else error.message
    except Unavailable:
        return "it takes too long"
    return None
