"""How reading the sources is going, for Prometheus. Read from the database when somebody scrapes.

Readers come and go within minutes, often faster than they could be scraped, and may be killed; so what they did is told
from what they left in the database. For the same reason attempts are told as those of the last hour and not as a
counter: a counter of this process would start anew with it, differ between its replicas, and know nothing of what ended
before. The sliding hour is what `increase(counter[1h])` estimates, exactly.
"""

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ovia_shared.database import organisations, sync_health
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError
from ovia_shared.models.sync_health import ConnectionHealth

_LABELS = ("organisation", "connection", "source", "name")
_FIGURES = {
    "lag_seconds": "Age of what is known of the stalest stream",
    "queue_age_seconds": "How long the oldest partition that nobody reads has been due",
    "failures_in_a_row": "Failed attempts at a partition since its last good one, the most of any",
    "leases_expired": "Partitions whose reader vanished, and which nobody took over",
    "records_last_hour": "Records read by the attempts that ended within the last hour",
    "dead_letters_open": "Records that were read and not understood",
    "hints_waiting": "Webhook deliveries nobody looked at yet",
    "hints_age_seconds": "How long the oldest of them has waited",
}
_STATES = ("idle", "due", "running", "failing", "paused")
_OUTCOMES = ("succeeded", "failed", "abandoned")


class SyncGauges:
    """The text of all organisations' connections; nothing while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def text(self) -> bytes:
        """In the Prometheus text format. A connection that was removed has no sample any more."""
        told = _Told()
        try:
            async with self._database.bare_transaction() as conn:
                known = list(await organisations.ids(conn))
            for org_id in known:
                async with self._database.transaction(org_id) as conn:
                    found = await sync_health.read(conn, org_id)
                for one in found:
                    told.tell(str(org_id), one)
        except OviaError:
            return b""
        return generate_latest(told.registry)


class _Told:
    """What one scrape is told."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._figures = {
            name: Gauge(f"ovia_sync_{name}", meaning, _LABELS, registry=self.registry)
            for name, meaning in _FIGURES.items()
        }
        self._partitions = Gauge(
            "ovia_sync_partitions", "Partitions, each in one state", [*_LABELS, "state"], registry=self.registry
        )
        self._runs = Gauge(
            "ovia_sync_runs_last_hour", "Attempts that ended within the last hour", [*_LABELS, "status"],
            registry=self.registry,
        )  # fmt: skip

    def tell(self, organisation: str, one: ConnectionHealth) -> None:
        labels = (organisation, str(one.id), one.kind, one.name)
        figures = {
            "lag_seconds": one.lag_seconds,
            "queue_age_seconds": one.queue_age_seconds,
            "failures_in_a_row": one.failures_in_a_row,
            "leases_expired": one.leases_expired,
            "records_last_hour": one.records,
            "dead_letters_open": one.dead_letters,
            "hints_waiting": one.hints_waiting,
            "hints_age_seconds": one.hints_age_seconds,
        }
        for name, value in figures.items():
            # A paused connection has no lag, which is not a lag of 0.
            if value is not None:
                self._figures[name].labels(*labels).set(value)
        for state in _STATES:
            self._partitions.labels(*labels, state).set(getattr(one, state))
        for outcome in _OUTCOMES:
            self._runs.labels(*labels, outcome).set(getattr(one, outcome))
