"""A fault lowers the score, never raises it; and it is told with what to do about it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.kpis.quality import quality_of
from ovia_shared.kpis.sources import ALL, needed_by
from ovia_shared.models.data_quality import (
    AccountSignal,
    CountSignal,
    DerivationSignal,
    LetterSignal,
    PartitionSignal,
    QualitySignals,
    Stopped,
)
from ovia_shared.models.product import ProjectKey

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)
KINDS = ("merge_request.merged", "pipeline.finished")
replace = msgspec.structs.replace


def partition(**values: Any) -> PartitionSignal:
    known: dict[str, Any] = {
        "connection_id": ONE, "connection": "Code", "source": "gitlab", "stream": "merge_requests", "scope": "1",
        "seen_until": NOW,
    }  # fmt: skip
    return PartitionSignal(**{**known, **values})


def letter(**values: Any) -> LetterSignal:
    known = {"connection_id": ONE, "connection": "Code", "stream": "merge_requests", "open": 0, "understood": 100}
    return LetterSignal(**{**known, **values})


def derivation(**values: Any) -> DerivationSignal:
    return DerivationSignal(**{"family": "merge_requests", "kinds": KINDS, "seen_until": NOW, **values})


def signals(**values: Any) -> QualitySignals:
    return QualitySignals(**{"at": NOW, "partitions": (partition(),), "derivations": (derivation(),), **values})


MOMENTS = st.none() | st.integers(0, 10_000_000).map(lambda seconds: NOW - timedelta(seconds=seconds))
COUNTS = st.integers(0, 500)
PARTITIONS = st.builds(
    partition,
    connection_id=st.sampled_from([ONE, OTHER]),
    stream=st.sampled_from(["merge_requests", "pipelines", "issues"]),
    scope=st.sampled_from(["", "1", "2"]),
    seen_until=MOMENTS,
    failing=st.booleans(),
    stopped=st.none() | st.sampled_from(Stopped),
    read=COUNTS,
    announced=st.none() | COUNTS,
)
SIGNALS = st.builds(
    QualitySignals,
    at=st.just(NOW),
    partitions=st.lists(PARTITIONS, min_size=1, max_size=6).map(tuple),
    letters=st.lists(st.builds(letter, open=COUNTS, understood=COUNTS), max_size=2).map(tuple),
    accounts=st.lists(
        st.tuples(COUNTS, COUNTS).map(
            lambda both: AccountSignal(source="gitlab", accounts=max(both), mapped=min(both))
        ),
        max_size=2,
    ).map(tuple),
    derivations=st.lists(st.builds(derivation, seen_until=MOMENTS, failing=st.booleans()), max_size=2).map(tuple),
    counts=st.lists(
        st.builds(
            CountSignal,
            connection_id=st.just(ONE),
            connection=st.just("Code"),
            stream=st.just("merge_requests"),
            sent=COUNTS,
            ours=COUNTS,
        ),
        max_size=2,
    ).map(tuple),
)


def worse(data: st.DataObject, before: QualitySignals) -> QualitySignals:
    """The same signals with one fault more, or a fault that is worse."""
    name = data.draw(st.sampled_from([name for name in _FAULTS if getattr(before, name)]))
    items = list(getattr(before, name))
    place = data.draw(st.integers(0, len(items) - 1))
    items[place] = _FAULTS[name](data, items[place])
    return replace(before, **{name: tuple(items)})


def _earlier(data: st.DataObject, moment: datetime | None) -> datetime | None:
    return None if moment is None else data.draw(st.none() | st.just(moment - timedelta(seconds=data.draw(COUNTS))))


def _worse_partition(data: st.DataObject, one: PartitionSignal) -> PartitionSignal:
    match data.draw(st.integers(0, 3)):
        case 0:
            return replace(one, seen_until=_earlier(data, one.seen_until))
        case 1:
            return replace(one, failing=True)
        case 2:
            return replace(one, stopped=one.stopped or data.draw(st.sampled_from(Stopped)))
    return replace(one, read=max(0, (one.read or 0) - data.draw(COUNTS)))


def _worse_letter(data: st.DataObject, one: LetterSignal) -> LetterSignal:
    more = data.draw(COUNTS)
    # A record that is no longer understood may or may not have been among those that were.
    return replace(one, open=one.open + more, understood=max(0, one.understood - data.draw(st.integers(0, more))))


def _worse_derivation(data: st.DataObject, one: DerivationSignal) -> DerivationSignal:
    if data.draw(st.booleans()):
        return replace(one, failing=True)
    return replace(one, seen_until=_earlier(data, one.seen_until))


def _worse_account(data: st.DataObject, one: AccountSignal) -> AccountSignal:
    return replace(one, mapped=data.draw(st.integers(0, one.mapped)))


def _worse_count(data: st.DataObject, one: CountSignal) -> CountSignal:
    more = data.draw(COUNTS)
    return replace(one, ours=one.ours + more) if one.ours >= one.sent else replace(one, ours=max(0, one.ours - more))


_FAULTS: dict[str, Any] = {
    "partitions": _worse_partition,
    "letters": _worse_letter,
    "derivations": _worse_derivation,
    "accounts": _worse_account,
    "counts": _worse_count,
}


@given(st.data(), SIGNALS, st.sampled_from([None, [ProjectKey(ONE, "1")]]), st.integers(-50_000, 50_000))
def test_a_fault_never_raises_the_score(
    data: st.DataObject, before: QualitySignals, scope: list[ProjectKey] | None, seconds: int
) -> None:
    at = NOW + timedelta(seconds=seconds)
    first = quality_of(before, KINDS, scope, at)
    second = quality_of(worse(data, before), KINDS, scope, at)
    for part in ("score", "freshness", "completeness", "coverage", "parity"):
        one, other = getattr(first, part), getattr(second, part)
        assert (one is None) == (other is None)
        assert one is None or 0 <= other <= one + 1e-12 <= 1 + 1e-12


@given(SIGNALS)
def test_a_project_that_was_never_read_lowers_the_score(before: QualitySignals) -> None:
    missing = partition(scope="3", seen_until=None)
    first = quality_of(before, KINDS, None, NOW).score
    second = quality_of(replace(before, partitions=(*before.partitions, missing)), KINDS, None, NOW).score
    assert second is not None
    assert first is None or second <= first + 1e-12


@given(SIGNALS)
def test_whatever_lowers_the_score_is_among_the_reasons(some: QualitySignals) -> None:
    found = quality_of(some, KINDS, None, NOW)
    assert (found.score == 1) <= (not any(one.weight > 1e-9 for one in found.reasons))
    assert found.score == 1 or found.reasons
    assert [one.weight for one in found.reasons] == sorted((one.weight for one in found.reasons), reverse=True)
    assert all(one.detail and one.what_to_do and 0 <= one.weight <= 1 + 1e-12 for one in found.reasons)


def test_fresh_whole_mapped_and_equal_data_is_worth_1() -> None:
    found = quality_of(signals(accounts=(AccountSignal(source="gitlab", accounts=3, mapped=3),)), KINDS, None, NOW)
    assert (found.score, found.freshness, found.completeness, found.coverage) == (1, 1, 1, 1)
    assert found.parity is None
    assert found.reasons == []


def test_without_a_source_of_the_kind_nothing_is_known() -> None:
    found = quality_of(signals(), ("sprint.item",), [ProjectKey(OTHER, "1")], NOW)
    assert found.score is None
    assert [one.code for one in found.reasons] == ["no_source"]


def test_a_day_and_an_hour_behind_is_worth_half() -> None:
    late = signals(partitions=(partition(seen_until=NOW - timedelta(hours=25)),))
    found = quality_of(late, KINDS, None, NOW)
    assert found.freshness == 0.5
    assert found.reasons[0].code == "behind"
    assert "1 of 1 project of Code" in found.reasons[0].detail
    assert "25.0 hours" in found.reasons[0].detail


def test_a_window_that_ended_before_the_last_reading_is_fresh_however_old_that_is() -> None:
    late = signals(partitions=(partition(seen_until=NOW - timedelta(days=25)),))
    assert quality_of(late, KINDS, None, NOW - timedelta(days=26)).freshness == 1


def test_faults_of_other_streams_and_other_projects_do_not_count() -> None:
    others = (
        partition(stream="issues", seen_until=None),
        partition(scope="2", failing=True),
        partition(connection_id=OTHER, scope="", stream="projects", failing=True),
    )
    found = quality_of(
        signals(partitions=(partition(), *others)), ("merge_request.merged",), [ProjectKey(ONE, "1")], NOW
    )
    assert (found.score, found.reasons) == (1, [])


def test_a_reason_is_told_once_for_all_projects_of_a_stream() -> None:
    some = tuple(partition(scope=str(number), failing=number < 3) for number in range(10))
    found = quality_of(signals(partitions=some), KINDS, None, NOW)
    assert found.completeness == 0.7
    assert [one.detail for one in found.reasons] == [
        "merge_requests of 3 of 10 projects of Code failed the last time they were read"
    ]
    assert round(found.reasons[0].weight, 9) == 0.3


def test_what_to_do_names_the_connection() -> None:
    found = quality_of(signals(partitions=(partition(stopped=Stopped.PAUSED, seen_until=None),)), KINDS, None, NOW)
    assert found.score == 0
    paused = signals(partitions=(partition(stopped=Stopped.PAUSED, seen_until=NOW - timedelta(days=1)),))
    reason = quality_of(paused, KINDS, None, NOW).reasons[0]
    assert reason.what_to_do == f"resume the connection: POST /connections/{ONE}/resume"


def test_fewer_records_than_the_source_announced_lower_parity_and_more_do_not() -> None:
    fewer = signals(partitions=(partition(read=90, announced=100), partition(scope="2", read=110, announced=100)))
    found = quality_of(fewer, KINDS, None, NOW)
    assert found.parity == 0.95
    assert [one.code for one in found.reasons] == ["fewer_than_announced"]


def test_a_kind_nobody_knows_needs_everything() -> None:
    assert needed_by(["weather.observed"]) == ALL
    assert {one.stream for one in needed_by(["pipeline.finished"])} == {"projects", "users", "pipelines"}
