"""Views of a person's page: who looked, and when."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.view import PersonView, ViewPosition

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


async def note(conn: Connection, org_id: UUID, person_id: UUID, token_id: UUID) -> None:
    """Records a view, once an hour at most; a person's own are none. Where nothing can be written, nothing is."""
    await conn.execute("select note_person_view($2, $3) where current_org() = $1", org_id, person_id, token_id)


async def find(
    conn: Connection, org_id: UUID, person_id: UUID, after: ViewPosition | None, most: int
) -> list[PersonView]:
    """At most `most` views behind `after`, the newest first."""
    rows = await conn.fetch(
        """
        select v.viewed_at, v.token_id, t.name as viewer,
               case when p.id is not null then jsonb_build_object('id', p.id, 'display_name', p.display_name) end
                   as person
          from person_views v
          join tokens t on t.org_id = v.org_id and t.id = v.token_id
          left join people p on p.org_id = t.org_id and p.id = t.person_id
         where v.org_id = $1 and v.person_id = $2
           and ($3::timestamptz is null or (v.viewed_at, v.token_id) < ($3, $4))
         order by v.viewed_at desc, v.token_id desc limit $5
        """,
        org_id,
        person_id,
        None if after is None else _EPOCH + after.viewed_at * _MICROSECOND,
        None if after is None else after.token_id,
        most,
    )
    return to_models(PersonView, rows)


async def count(conn: Connection, org_id: UUID, person_id: UUID) -> int:
    """How many views of a person are kept."""
    total: int = await conn.fetchval(
        "select count(*) from person_views where org_id = $1 and person_id = $2", org_id, person_id
    )
    return total


def position(view: PersonView) -> ViewPosition:
    """Where a page ends that ends with this view."""
    return ViewPosition((view.viewed_at - _EPOCH) // _MICROSECOND, view.token_id)
