"""What came of forecasts, and how often they were kept."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_metrics.forecasts.calibrating import calibrate, wilson
from ovia_metrics.forecasts.scoring import GRACE, Done, score
from ovia_shared.models.forecast import CalibrationCount, Outcome, Outlook
from ovia_shared.models.kpi import ScopeKind
from tests.metrics.forecasts.histories import HOW_MANY, TODAY, WHEN, how_many, question

LATER = datetime(2100, 1, 1, tzinfo=UTC)


def ends(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def on(day: int, until: int | None = None) -> Done:
    """Done at noon of that day, today being 0; opened again at noon of the day `until`."""
    noon = datetime.combine(TODAY, time(12), UTC)
    return Done(noon + timedelta(days=day), None if until is None else noon + timedelta(days=until))


def said(p50: int | date | None, p85: int | date | None, p95: int | date | None) -> Outlook:
    return Outlook(p50=p50, p85=p85, p95=p95, items=None, per_day=1, cycle_days=None, notes=[])


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


THREE = question(items=3)
NAMED = said(day(4), day(8), day(10))


def test_done_in_time_keeps_the_later_percentiles_and_breaks_the_earlier() -> None:
    done = [on(1), on(3), on(6)]
    assert score(THREE, NAMED, done, ends, ends(day(6))) == Outcome(actual=day(6), p50=False, p85=True, p95=True)


def test_done_on_the_day_named_is_in_time() -> None:
    assert score(THREE, NAMED, [on(0), on(0), on(4)], ends, ends(day(4))) == Outcome(
        actual=day(4), p50=True, p85=True, p95=True
    )


def test_what_is_not_over_yet_is_not_judged() -> None:
    assert score(THREE, NAMED, [on(1), on(3)], ends, ends(day(10)) + GRACE - timedelta(seconds=1)) is None
    # Known up to the middle of the day on which the third was done.
    assert score(THREE, NAMED, [on(1), on(3), on(6)], ends, on(6).at) is None


def test_what_was_not_done_by_the_last_day_broke_everything() -> None:
    told = score(THREE, NAMED, [on(1), on(3), on(11)], ends, ends(day(10)) + GRACE)
    assert told == Outcome(actual=None, p50=False, p85=False, p95=False)


def test_an_item_that_was_opened_again_is_not_done() -> None:
    done = [on(1, until=2), on(3), on(4), on(9)]
    told = score(THREE, NAMED, done, ends, ends(day(12)))
    assert told is not None
    assert told.actual == day(9)


def test_a_percentile_that_named_no_day_is_neither_kept_nor_broken() -> None:
    told = score(THREE, said(day(4), None, None), [on(1)], ends, ends(day(30)))
    assert told == Outcome(actual=None, p50=False, p85=None, p95=None)
    assert score(THREE, said(None, None, None), [on(1)] * 9, ends, ends(day(3000))) is None


def test_at_least_as_many_as_said_is_kept() -> None:
    asked = how_many(7)
    done = [on(0), on(2), on(6), on(3, until=5), on(7)]
    assert score(asked, said(4, 3, 2), done, ends, ends(day(6)) + GRACE - timedelta(seconds=1)) is None
    assert score(asked, said(4, 3, 2), done, ends, ends(day(6)) + GRACE) == Outcome(
        actual=3, p50=False, p85=True, p95=True
    )


def test_of_given_items_no_more_can_be_done_than_were_open() -> None:
    told = score(how_many(7, open_items=2), said(2, 2, 1), [on(1)] * 5, ends, LATER)
    assert told == Outcome(actual=2, p50=True, p85=True, p95=True)


@given(st.lists(st.tuples(st.integers(0, 14), st.one_of(st.none(), st.integers(0, 20)))), st.integers(1, 6))
def test_what_is_told_early_is_told_later_too(drawn: list[tuple[int, int | None]], items: int) -> None:
    done = [on(at, until=None if after is None else at + after) for at, after in drawn]
    told = [score(question(items=items), NAMED, done, ends, ends(day(known))) for known in range(16)]
    first = next((one for one in told if one is not None), None)
    assert all(one == first for one in told[-4:])
    assert told[-1] is not None


@given(st.integers(1, 500), st.data())
def test_the_interval_holds_the_share_seen(n: int, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, n))
    low, high = wilson(kept, n)
    assert 0 <= low <= kept / n + 1e-12
    assert kept / n - 1e-12 <= high <= 1


def test_the_interval_is_the_published_one() -> None:
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20 and 1 of 29.
    known = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0, 0.1611), (1, 29): (0.0061, 0.1718)}
    for (kept, n), interval in known.items():
        assert wilson(kept, n) == pytest.approx(interval, abs=5e-5)


def test_calibration_is_told_for_all_scopes_and_for_each_kind() -> None:
    counts = [
        CalibrationCount(kind=WHEN, scope_kind=kind, forecasts=10, p50_n=10, p50_kept=6, p85_n=9, p85_kept=8, p95_n=0,
                         p95_kept=0)
        for kind in (ScopeKind.TEAM, ScopeKind.ORGANISATION)
    ]  # fmt: skip
    told = calibrate(counts)
    assert [(one.kind, one.scope_kind, one.forecasts) for one in told] == [
        (WHEN, None, 20), (WHEN, ScopeKind.ORGANISATION, 10), (WHEN, ScopeKind.TEAM, 10),
    ]  # fmt: skip
    assert (told[0].p85.expected, told[0].p85.n, told[0].p85.kept) == (0.85, 18, 16)
    assert told[0].p85.share == pytest.approx(16 / 18)
    assert (told[0].p95.share, told[0].p95.low, told[0].p95.high) == (None, None, None)
    assert not [one for one in told if one.kind is HOW_MANY]
