"""The metrics service tells Prometheus how far people are known, organisation by organisation."""

from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import Organisations, StartService, start_service
from tests.api.reviewing import linked
from tests.conftest import OpenDatabase, RoleDsn

__all__ = ["start_service"]


async def test_queue_rates_decisions_and_the_last_pass_are_told(
    start_service: StartService, role_dsn: RoleDsn, open_database: OpenDatabase, organisations: Organisations
) -> None:
    ours, theirs = organisations
    await linked(await open_database("ovia_ingest"), ours.id, people=6)
    service = await start_service("ovia-metrics", OVIA_DATABASE_URL=role_dsn("ovia_metrics"))
    async with service.client() as client:
        text = (await client.get("/metrics")).text
    values = {
        (
            sample.name,
            sample.labels["organisation"],
            sample.labels.get("status") or sample.labels.get("action"),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "organisation" in sample.labels
    }
    assert values["ovia_identity_accounts", str(ours.id), None] == 18
    size = values["ovia_identity_queue_size", str(ours.id), None]
    assert size == values["ovia_identity_mappings", str(ours.id), "conflict"] > 0
    assert values["ovia_identity_decisions_total", str(ours.id), "link"] == 18
    assert values["ovia_identity_linking_accounts", str(ours.id), None] == 18
    assert 0 < values["ovia_identity_coverage", str(ours.id), None] < 1
    assert values["ovia_identity_queue_size", str(theirs.id), None] == 0
    # Without an account there is no share of accounts.
    assert ("ovia_identity_coverage", str(theirs.id), None) not in values
