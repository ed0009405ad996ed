"""The queue as CSV (RFC 4180), row by row, harmless in a spreadsheet."""

from collections.abc import AsyncIterator
from uuid import UUID

from ovia_shared.database import conflict_queue
from ovia_shared.database.pool import Database
from ovia_shared.models.mapping import Mapping, MappingFilter
from ovia_shared.web.spreadsheets import BEGINNING, as_csv

COLUMNS = (
    "mapping_id", "status", "confidence", "created_at", "source", "external_id", "username", "email", "display_name",
    "person_id", "person", "reasons",
)  # fmt: skip


async def lines(database: Database, org_id: UUID, wanted: MappingFilter) -> AsyncIterator[bytes]:
    """The header, then a line a mapping, in parts. Reads in a transaction of its own, through a cursor."""
    yield BEGINNING + as_csv([COLUMNS])
    async with database.transaction(org_id) as conn:
        async for part in conflict_queue.stream(conn, org_id, wanted):
            yield as_csv([_row(mapping) for mapping in part])


def _row(mapping: Mapping) -> tuple[str, ...]:
    identity, person = mapping.identity, mapping.person
    return (
        str(mapping.id),
        mapping.status,
        f"{mapping.confidence:.6f}",
        mapping.created_at.isoformat(),
        identity.source,
        identity.external_id,
        identity.username or "",
        identity.email or "",
        identity.display_name or "",
        "" if person is None else str(person.id),
        "" if person is None else person.display_name,
        "; ".join(term.evidence for term in mapping.rule_trace),
    )
