"""How far the index is behind, for Prometheus. Read from the database when somebody scrapes."""

from typing import Any
from uuid import UUID

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ovia_shared.database import organisations
from ovia_shared.database.ask import due, embeddings, states
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import OviaError

_FIGURES = {
    "lag_seconds": "Seconds since everything that had changed was in the index",
    "seconds": "Seconds the last pass took to bring all words up to date",
    "chunks": "Pieces that can be found",
    "sources_waiting": "Sources that changed and are not in the index yet",
    "sources_failed": "Sources that could not be indexed",
    "vectors_missing": "Pieces that the vectors searched lack",
    "failing": "1 if the last pass ended before its end",
}


class IndexGauges:
    """The text of all organisations' figures; nothing while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def text(self) -> bytes:
        """In the Prometheus text format."""
        registry = CollectorRegistry()
        gauges = {
            name: Gauge(f"ovia_ask_index_{name}", meaning, ["organisation"], registry=registry)
            for name, meaning in _FIGURES.items()
        }
        try:
            async with self._database.bare_transaction() as conn:
                known = list(await organisations.ids(conn))
            for org_id in known:
                # Pieces that only some people see lack their vectors like others.
                async with self._database.seeing_restricted().transaction(org_id) as conn:
                    figures = await _figures(conn, org_id)
                for name, value in figures.items():
                    # Of what was never looked at, no lag is known.
                    if value is not None:
                        gauges[name].labels(str(org_id)).set(value)
        except OviaError:
            return b""
        return generate_latest(registry)


async def _figures(conn: Connection, org_id: UUID) -> dict[str, Any]:
    state = await states.find(conn, org_id)
    waiting = await due.waiting(conn, org_id)
    serving = await embeddings.serving(conn, org_id)
    return {
        "lag_seconds": await states.lag_seconds(conn, org_id),
        "seconds": state.seconds,
        "chunks": state.chunks,
        "sources_waiting": waiting.sources,
        "sources_failed": waiting.failed,
        "vectors_missing": None if serving is None else await embeddings.count_lacking(conn, org_id, serving.filled),
        "failing": int(state.failure is not None),
    }
