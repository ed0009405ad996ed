"""Days, weeks and months where clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.kpis.windows import Bucket, buckets, last_days, midnight, previous
from ovia_shared.models.kpi import Window

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "America/Havana", "Pacific/Apia", "Asia/Beirut"]
_MOMENTS = st.datetimes(datetime(2009, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(_MOMENTS, st.sampled_from(ZONES), st.sampled_from([Bucket.DAY, Bucket.WEEK, Bucket.MONTH]), st.integers(1, 90))
def test_buckets_follow_each_other_without_a_gap_and_cover_the_window(
    start: datetime, name: str, bucket: Bucket, length: int
) -> None:
    zone = ZoneInfo(name)
    window = Window(start, start + timedelta(days=length))
    found = buckets(window, bucket, zone)
    assert found[0].start <= window.start < found[0].end
    assert found[-1].start < window.end <= found[-1].end
    assert all(one.end == other.start for one, other in pairwise(found))
    for one in found:
        local = one.start.astimezone(zone)
        assert one.start < one.end
        # The first moment of its day: right before it is another.
        assert (one.start - timedelta(microseconds=1)).astimezone(zone).date() < local.date()
        assert bucket is not Bucket.WEEK or local.weekday() == 0 or local.date() == date(2011, 12, 30)
        assert bucket is not Bucket.MONTH or local.day == 1


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23), ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/Sao_Paulo", date(2018, 11, 4), 23), ("America/Sao_Paulo", date(2018, 2, 17), 25),
        ("Asia/Kathmandu", date(2026, 3, 29), 24), ("Asia/Beirut", date(2026, 3, 29), 23),
    ],
)  # fmt: skip
def test_a_day_in_which_clocks_change_has_an_hour_more_or_less(zone: str, day: date, hours: int) -> None:
    (one,) = buckets(Window(midnight(day, ZoneInfo(zone)), midnight(day, ZoneInfo(zone)) + timedelta(hours=5)),
                     Bucket.DAY, ZoneInfo(zone))  # fmt: skip
    assert one.end - one.start == timedelta(hours=hours)


def test_before_a_month_is_the_month_before_and_before_days_are_as_many_days() -> None:
    zone = ZoneInfo("Europe/Berlin")

    def window(start: date, end: date) -> Window:
        return Window(midnight(start, zone), midnight(end, zone))

    assert previous(window(date(2026, 3, 1), date(2026, 4, 1)), zone) == window(date(2026, 2, 1), date(2026, 3, 1))
    assert previous(window(date(2026, 1, 1), date(2026, 4, 1)), zone) == window(date(2025, 10, 1), date(2026, 1, 1))
    assert previous(window(date(2026, 3, 28), date(2026, 3, 31)), zone) == window(date(2026, 3, 25), date(2026, 3, 28))
    noon = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert previous(Window(noon - timedelta(hours=7), noon), zone).start == noon - timedelta(hours=14)


def test_the_last_days_begin_at_a_midnight_there() -> None:
    window = last_days(datetime(2026, 3, 29, 12, tzinfo=UTC), 7, ZoneInfo("Asia/Kathmandu"))
    assert window.start == datetime(2026, 3, 21, 18, 15, tzinfo=UTC)
