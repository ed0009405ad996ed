"""The latest numbers of organisation, products and teams, for Prometheus. Read when somebody scrapes."""

import msgspec
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ovia_shared.database import organisations
from ovia_shared.database.kpis import schedule
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError
from ovia_shared.models.kpi import Answer


class KpiGauges:
    """The text of all organisations' figures; nothing while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def text(self) -> bytes:
        """In the Prometheus text format. A KPI without data has no sample, for it is not 0."""
        registry = CollectorRegistry()
        labels = ["organisation", "scope_kind", "scope_id", "scope", "kpi"]
        value = Gauge("ovia_kpi_value", "The KPI over the last 30 days, as of the latest snapshot", labels,
                      registry=registry)  # fmt: skip
        rows = Gauge("ovia_kpi_rows", "How many rows are behind the value", labels, registry=registry)
        age = Gauge("ovia_kpi_snapshot_age_seconds", "Seconds since the oldest latest snapshot was taken",
                    ["organisation"], registry=registry)  # fmt: skip
        try:
            async with self._database.bare_transaction() as conn:
                known = list(await organisations.ids(conn))
            for org_id in known:
                async with self._database.transaction(org_id) as conn:
                    found = await schedule.latest_values(conn, org_id)
                for one in found:
                    told = (str(org_id), one.scope_kind, one.scope_id, one.scope, one.kpi)
                    answer = msgspec.json.decode(one.answer, type=Answer)
                    rows.labels(*told).set(answer.n)
                    if answer.value is not None:
                        value.labels(*told).set(answer.value)
                if found:
                    age.labels(str(org_id)).set(max(one.age_seconds for one in found))
        except OviaError:
            return b""
        return generate_latest(registry)
