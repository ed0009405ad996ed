"""Who is who, for Prometheus: the queue, the rates, the decisions and the matcher, per organisation.

Read from the database when somebody scrapes, at most every `FRESH_SECONDS`: figures of all containers at once, that no
restart sets back. The label is the organisation's id, of which an installation has few.
"""

import asyncio
import time
from uuid import UUID

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ovia_shared.database import conflict_queue, identity_events, linking, organisations
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError
from ovia_shared.models.queue import QueueStats

FRESH_SECONDS = 15.0

_FIGURES = {
    "queue_size": "Mappings that wait for a decision",
    "queue_age_seconds_p90": "Nine in ten of them have waited no longer",
    "queue_age_seconds_oldest": "How long the oldest has waited",
    "accounts": "Human accounts",
    "coverage": "Share of human accounts whose mapping is in use",
    "conflict_rate": "Share of human accounts that wait for a decision",
    "verified_rate": "Share of mappings in use that a person confirmed",
    "linking_seconds": "Seconds the last matching pass took",
    "linking_accounts": "Accounts the last matching pass considered",
    "linking_started": "When the last matching pass began, in seconds since 1970",
}


class IdentityGauges:
    """The text of all organisations' figures; what cannot be read just now is told as it was."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._registry = CollectorRegistry()
        self._gauges = {
            name: Gauge(f"ovia_identity_{name}", meaning, ["organisation"], registry=self._registry)
            for name, meaning in _FIGURES.items()
        }
        self._mappings = Gauge(
            "ovia_identity_mappings", "Mappings believed", ["organisation", "status"], registry=self._registry
        )
        self._decisions = Gauge(
            "ovia_identity_decisions_total",
            "Decisions about accounts and people, by the engine and by people",
            ["organisation", "action", "by"],
            registry=self._registry,
        )
        self._counted: dict[UUID, UUID | None] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def text(self) -> bytes:
        """In the Prometheus text format."""
        async with self._reading:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                try:
                    await self._read()
                except OviaError:
                    # The database is away, which /ready and the probes of Postgres say better.
                    return generate_latest(self._registry)
                self._read_at = time.monotonic()
        return generate_latest(self._registry)

    async def _read(self) -> None:
        async with self._database.bare_transaction() as conn:
            known = await organisations.ids(conn)
        for org_id in known:
            async with self._database.transaction(org_id) as conn:
                self._show(org_id, await conflict_queue.stats(conn, org_id))
                counts, last = await identity_events.count_actions(conn, org_id, self._counted.get(org_id))
                run = await linking.last_run(conn, org_id)
            self._counted[org_id] = last
            for (action, whose), count in counts.items():
                self._decisions.labels(str(org_id), action, whose).inc(count)
            if run is not None:
                for name, value in zip(("linking_started", "linking_seconds", "linking_accounts"), run, strict=True):
                    self._gauges[name].labels(str(org_id)).set(value)

    def _show(self, org_id: UUID, stats: QueueStats) -> None:
        figures = {
            "queue_size": stats.size,
            "queue_age_seconds_p90": stats.age_seconds_p90 or 0,
            "queue_age_seconds_oldest": stats.age_seconds_oldest or 0,
            "accounts": stats.accounts,
            "coverage": stats.coverage,
            "conflict_rate": stats.conflict_rate,
            "verified_rate": stats.verified_rate,
        }
        for name, value in figures.items():
            # A rate without data has no value, not 0.
            if value is not None:
                self._gauges[name].labels(str(org_id)).set(value)
        for status, count in stats.by_status.items():
            self._mappings.labels(str(org_id), status).set(count)
