"""Which numbers are said to have changed, and by which items they are shown."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from ovia_console.dashboard.answers import Change, Earlier, KpiAnswer
from ovia_console.dashboard.changes import most_telling
from ovia_console.dashboard.reasons import reasons_of
from ovia_console.dashboard.trends import Moved, most_changed
from ovia_shared.models.data_quality import Quality
from ovia_shared.models.kpi import KpiRow, Scope, ScopeKind, Window
from ovia_shared.models.kpi_change import (
    ChangeGroup,
    ChangeParts,
    IdentityCorrections,
    KpiChange,
    LateData,
    Number,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=30), NOW)
GOOD = Quality(score=1.0, freshness=1.0, completeness=1.0, coverage=1.0, parity=1.0, reasons=[])
JIRA = UUID(int=1)


def moved(name: str, relative: float | None, *, n: int = 20, before: int = 20, unit: str = "hours") -> Moved:
    change = None if relative is None else Change(relative * 10, relative, False)
    earlier = Earlier(window=WINDOW, value=10.0, n=before, receipt_id=uuid4(), change=change)
    answer = KpiAnswer(
        name=name, version=1, title=name, unit=unit, direction="down", value=10.0, values={}, n=n, level=None, parts=[],
        missing=[], window=WINDOW, as_of=NOW, receipt_id=uuid4(), quality=GOOD, previous=earlier,
    )  # fmt: skip
    return Moved(name, answer, None, [])


def row(entity: str, number: float | None, *, url: str | None = "https://jira.example/1", hours: int = 0) -> KpiRow:
    return KpiRow(
        fact_id=uuid4(), kind="work_item.done", entity_kind="work_item", connection_id=JIRA, entity_id=entity,
        key=entity, title=None, url=url, project=None, person=None, occurred_at=NOW - timedelta(hours=hours),
        until=None, number=number, weight=1.0, attributes={},
    )  # fmt: skip


def changed(
    difference: float, *, unit: str = "hours", groups: list[ChangeGroup] | None = None, late: float = 0.0
) -> KpiChange:
    number = Number(window=WINDOW, as_of=NOW, value=1.0, n=9, receipt_id=uuid4())
    return KpiChange(
        name="work_item.cycle_hours", version=1, title="", unit=unit, direction="down",
        scope=Scope(ScopeKind.ORGANISATION), before=number, restated=number, after=number, difference=difference,
        quality=GOOD, reasons=[], by="product",
        parts=ChangeParts(mix=0.0, rate=difference, late_data=late, identity_corrections=0.0, definition_changes=0.0),
        groups=groups or [], late=LateData(), corrections=IdentityCorrections(), definitions=[],
    )  # fmt: skip


def group(name: str, *, mix: float = 0.0, rate: float = 0.0) -> ChangeGroup:
    return ChangeGroup(
        key=name, name=name, id=None, before=1.0, after=2.0, before_n=5, after_n=5, before_share=0.5, after_share=0.5,
        mix=mix, rate=rate,
    )  # fmt: skip


def test_the_largest_changes_come_first_whichever_way_they_go() -> None:
    found = most_changed([moved("a", 0.1), moved("b", -0.9), moved("c", 0.5), moved("d", 0.3)])
    assert [one.name for one in found] == ["b", "c", "d"]


def test_a_change_of_a_few_rows_is_not_told_from_chance() -> None:
    assert most_changed([moved("now", 5.0, n=4), moved("before", 5.0, before=4)]) == []


def test_what_is_made_of_others_is_told_by_these() -> None:
    assert most_changed([moved("delivery_health", 1.0, unit="score")]) == []


def test_what_did_not_change_or_cannot_be_compared_is_left_out() -> None:
    assert most_changed([moved("a", None), moved("b", 0.0), Moved("away", None, None, [])]) == []


def test_a_number_that_rose_is_shown_by_its_largest_items() -> None:
    rows = [row("small", 1.0), row("large", 90.0), row("middle", 5.0), row("tiny", 0.5)]
    assert [one.entity_id for one in most_telling(rows, changed(3.0))] == ["large", "middle", "small"]


def test_a_number_that_fell_is_shown_by_its_smallest_items() -> None:
    rows = [row("small", 1.0), row("large", 90.0), row("middle", 5.0), row("tiny", 0.5)]
    assert [one.entity_id for one in most_telling(rows, changed(-3.0))] == ["tiny", "small", "middle"]


def test_what_is_counted_is_shown_by_its_newest_items_each_once() -> None:
    rows = [row("new", 1.0, hours=1), row("new", 1.0, hours=2), row("old", 1.0, hours=9)]
    assert [one.entity_id for one in most_telling(rows, changed(3.0, unit="count"))] == ["new", "old"]


def test_an_item_without_a_link_is_no_source() -> None:
    rows = [row("bare", 9.0, url=None), row("script", 8.0, url="javascript:alert(1)"), row("linked", 1.0)]
    assert [one.entity_id for one in most_telling(rows, changed(3.0))] == ["linked"]


def test_reasons_are_all_contributions_the_largest_first() -> None:
    told = reasons_of(changed(3.0, groups=[group("a", rate=1.0), group("b", mix=-2.5)], late=0.5))
    assert [(one.kind, one.amount) for one in told] == [("mix", -2.5), ("rate", 1.0), ("late_data", 0.5)]
