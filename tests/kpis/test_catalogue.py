"""The catalogue as data: whole, and the document made from it is current."""

from pathlib import Path

from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.describing import describe, document
from ovia_shared.kpis.kpi import Composite, Rows, Spread

ROOT = Path(__file__).parents[2]


def test_the_document_is_what_the_catalogue_says() -> None:
    assert (ROOT / "docs" / "kpis.md").read_text() == document(CATALOGUE.values()), (
        "docs/kpis.md is not current: ovia-metrics catalogue > docs/kpis.md"
    )


def test_every_kpi_of_the_design_is_there() -> None:
    wanted = [
        "throughput.merge_requests", "throughput.work_items", "review.first_response_hours", "review.duration_hours",
        "merge_request.cycle_hours", "merge_request.coding_hours", "merge_request.pickup_hours",
        "merge_request.review_hours", "merge_request.deploy_hours", "merge_request.size",
        "merge_request.stale_share", "work_item.cycle_hours", "work_item.lead_hours", "flow.wip", "flow.aging",
        "flow.efficiency", "blockers.open", "blockers.age_days", "sprint.completion", "sprint.spillover",
        "sprint.scope_change", "pipeline.success_rate", "pipeline.duration_minutes", "pipeline.flaky_share",
        "dora.deployment_frequency", "dora.change_lead_hours", "dora.change_fail_rate", "dora.recovery_hours",
        "dora.rework_rate", "delivery_health", "release_risk", "identity.coverage", "identity.conflict_rate",
        "identity.verified_rate",
    ]  # fmt: skip
    assert set(wanted) <= set(CATALOGUE)


def test_an_entry_names_only_entries_and_says_all_there_is_to_say() -> None:
    for name, kpi in CATALOGUE.items():
        told = describe(kpi)
        assert name == kpi.name == told.name
        assert kpi.question.endswith("?")
        assert min(len(told.definition), len(told.formula), len(told.aggregate), len(told.title)) > 3, name
        assert kpi.caveats, name
        for other in kpi.inputs:
            assert isinstance(CATALOGUE[other].source, Rows), (name, other)
        if isinstance(kpi.source, Composite):
            assert kpi.main == "score"
        elif isinstance(kpi.source.aggregate, Spread) and kpi.source.aggregate.beyond is not None:
            assert kpi.source.aggregate.beyond.kpi in CATALOGUE
