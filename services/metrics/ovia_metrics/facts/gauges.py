"""How far facts are behind, for Prometheus. Read from the database when somebody scrapes."""

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ovia_shared.database import organisations
from ovia_shared.database.facts import seen
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError


class FactGauges:
    """The text of all organisations' figures; nothing while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def text(self) -> bytes:
        """In the Prometheus text format."""
        registry = CollectorRegistry()
        labels = ["organisation", "family"]
        lag = Gauge(
            "ovia_derivation_lag_seconds", "Seconds since the last good derivation began", labels, registry=registry
        )
        took = Gauge("ovia_derivation_seconds", "Seconds the last good derivation took", labels, registry=registry)
        failing = Gauge("ovia_derivation_failing", "1 if a derivation failed since", labels, registry=registry)
        try:
            async with self._database.bare_transaction() as conn:
                known = list(await organisations.ids(conn))
            for org_id in known:
                async with self._database.transaction(org_id) as conn:
                    found = await seen.progress(conn, org_id)
                for one in found:
                    lag.labels(str(org_id), one.name).set(one.lag_seconds)
                    took.labels(str(org_id), one.name).set(one.seconds)
                    failing.labels(str(org_id), one.name).set(int(one.failing))
        except OviaError:
            return b""
        return generate_latest(registry)
