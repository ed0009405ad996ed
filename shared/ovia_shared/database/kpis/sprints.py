"""The sprints that a series by sprint is made of."""

# ruff: noqa: S608 (every part comes from the catalogue, which is ours)
from datetime import timedelta

import msgspec

from ovia_shared.database.kpis import statements
from ovia_shared.database.kpis.measuring import Question
from ovia_shared.database.pool import Connection
from ovia_shared.models.kpi import Window


class SprintShown(msgspec.Struct, frozen=True):
    """A closed sprint. Its window is from its start to right after its close, so that what its close tells is in it."""

    id: str
    name: str
    window: Window


async def closed_in(conn: Connection, question: Question, most: int) -> list[SprintShown]:
    """At most `most` sprints that closed in the window and held items of the scope, in the order they closed in."""
    rows = await conn.fetch(
        f"""
        {statements.rows_of("sprint.completion", question.basis.scope)}
        select s.connection_id, s.external_id, s.name, s.start_at, s.completed_at from sprints s
         where s.org_id = $1 and s.start_at < s.completed_at
           and exists (select from behind b
                        where b.connection_id = s.connection_id and b.attributes->>'sprint' = s.external_id)
         order by s.completed_at, s.connection_id, s.external_id limit $7
        """,
        question.org_id,
        question.window.start,
        question.window.end,
        question.facts_as_of,
        question.people_as_of,
        msgspec.to_builtins(question.basis),
        most,
    )
    return [
        SprintShown(
            f"{row['connection_id']}:{row['external_id']}",
            row["name"],
            Window(row["start_at"], row["completed_at"] + timedelta(microseconds=1)),
        )
        for row in rows
    ]
