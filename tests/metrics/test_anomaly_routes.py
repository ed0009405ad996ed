"""Anomalies over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.conftest import Organisations, Service, UseService, kept_services, use_service
from tests.kpis.conftest import Books, books, day

__all__ = ["books", "kept_services", "use_service"]

# Twelve weeks from a Monday in March.
WINDOW = {"from": "2026-03-02", "to": "2026-05-25"}


@pytest.fixture
async def metrics(use_service: UseService) -> Service:
    """The metrics service."""
    return await use_service("ovia-metrics")


@pytest.fixture
async def viewer(metrics: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with metrics.client(**organisations[0].authorization("viewer")) as client:
        yield client


async def _merge(books: Books) -> None:
    """Four to six merge requests a week, and in the ninth week sixty."""
    for week, count in enumerate((5, 4, 6, 5, 6, 4, 5, 5, 60, 4, 6, 5)):
        for _ in range(count):
            await books.fact("merge_request.merged", day(7 * week + 1))
    # The service may be deriving just now, and then tells what was known before.
    await books.admin.execute("update facts set known_from = known_from - interval '1 hour'")


async def _get(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    answer = await client.get(path, params=WINDOW | parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_week_that_stands_out_is_marked_in_its_series_and_listed(
    books: Books, viewer: httpx.AsyncClient
) -> None:
    await _merge(books)
    history = await _get(viewer, "/team/kpi/history", kpi="throughput.merge_requests", bucket="week")
    marked = [one for one in history["points"] if one["anomaly"] is not None]
    assert [one["label"] for one in marked] == ["2026-04-27"]
    anomaly = marked[0]["anomaly"]
    assert (anomaly["value"], anomaly["good"]) == (60, True)
    assert 0 <= anomaly["low"] <= 5 <= anomaly["high"] < 60
    assert anomaly["reason"].startswith("60 is above the 5 to be expected from the points around it; 0 to 19 ")
    for wanted in ({"kpi": "throughput.merge_requests"}, {}):
        told = await _get(viewer, "/team/kpi/anomalies", **wanted)
        (found,) = [one for one in told["data"] if one["kpi"] == "throughput.merge_requests"]
        assert (found["label"], found["anomaly"]) == ("2026-04-27", anomaly)
        assert found["receipt_id"] == marked[0]["receipt_id"]
        assert "throughput.merge_requests" in told["looked_at"]


async def test_too_few_values_and_a_week_that_is_not_over_stand_out_from_nothing(
    books: Books, viewer: httpx.AsyncClient
) -> None:
    await _merge(books)
    # Until the Monday noon of the ninth week, and a series of seven.
    for until in ("2026-04-28T12:00:00Z", "2026-04-20"):
        told = await _get(viewer, "/team/kpi/anomalies", kpi="throughput.merge_requests", to=until)
        assert told["data"] == []
        assert told["looked_at"] == (["throughput.merge_requests"] if "T" in until else [])


async def test_an_organisation_sees_no_anomaly_of_another(
    books: Books, metrics: Service, organisations: Organisations
) -> None:
    await _merge(books)
    async with metrics.client(**organisations[1].authorization("viewer")) as theirs:
        told = await _get(theirs, "/team/kpi/anomalies")
        assert (told["data"], told["looked_at"]) == ([], [])
        assert (await theirs.get("/team/kpi/anomalies", params={"kpi": "no.such"})).status_code == 404


async def test_every_kpi_at_once_is_told_of_no_more_than_one_request_counts(
    books: Books, viewer: httpx.AsyncClient
) -> None:
    for wanted, field in (
        ({"bucket": "day"}, "bucket"),
        ({"bucket": "sprint"}, "bucket"),
        ({"from": "2020-01-01"}, "from"),
    ):
        answer = await viewer.get("/team/kpi/anomalies", params=wanted)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
    one = await viewer.get("/team/kpi/anomalies", params={"bucket": "sprint", "kpi": "sprint.completion"})
    assert (one.status_code, one.json()["data"]) == (200, [])
