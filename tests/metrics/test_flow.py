"""Flow over HTTP: what was where at each moment, the items behind it, and the ledger of sprints."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.conftest import Organisations, Service, UseService, kept_services, use_service
from tests.facts.conftest import Ledger, day, ledger
from tests.metrics.forecasts.conftest import Past, midnight, past

__all__ = ["kept_services", "ledger", "past", "use_service"]


@pytest.fixture
async def viewer(use_service: UseService, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    metrics: Service = await use_service("ovia-metrics")
    async with metrics.client(**organisations[0].authorization("viewer")) as client:
        yield client


async def _get(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _window(days: int) -> dict[str, str]:
    """So many days before today, whole ones."""
    today = midnight().date()
    return {"from": str(today - timedelta(days=days)), "to": str(today)}


async def test_each_item_is_in_one_layer_at_a_time(past: Past, viewer: httpx.AsyncClient) -> None:
    noon = timedelta(hours=12)
    past.item(midnight(-30))  # waits since long ago
    past.item(midnight(-5) + noon, started=midnight(-4) + noon, done=midnight(-2) + noon)
    past.item(midnight(-20), started=midnight(-19), done=midnight(-18))  # done before the window
    past.item(midnight(-20), started=midnight(-19), done=midnight(-3) + noon, until=midnight(-1) - noon)
    past.item(midnight(-1))  # in the first moment of a day: not yet there as that day begins
    await past.write()
    told = await _get(viewer, "/team/flow/cumulative", **_window(5))
    layers = [(one["todo"], one["in_progress"], one["done"]) for one in told["points"]]
    # What was opened again is in no category that facts tell of: it is to do.
    assert layers == [(1, 1, 0), (2, 1, 0), (1, 2, 0), (1, 1, 1), (2, 0, 1), (3, 0, 1)]
    assert [one["at"][:10] for one in told["points"]] == [str(midnight(-number).date()) for number in range(5, -1, -1)]


async def test_the_last_moment_counts_what_the_kpis_count(past: Past, viewer: httpx.AsyncClient) -> None:
    past.steady(10, started=midnight(-40))
    past.item(midnight(-9), started=midnight(-2))
    past.item(midnight(-9))
    await past.write()
    window = _window(6)
    last = (await _get(viewer, "/team/flow/cumulative", bucket="week", **window))["points"][-1]
    wip = await _get(viewer, "/team/kpi/flow.wip", **window)
    throughput = await _get(viewer, "/team/kpi/throughput.work_items", **window)
    assert (last["in_progress"], last["done"], last["todo"]) == (wip["value"], throughput["value"], 1)
    for category, count in (("todo", last["todo"]), ("in_progress", last["in_progress"]), ("done", last["done"])):
        items = await _get(viewer, "/team/flow/items", category=category, limit=200, **window)
        assert items["total"] == len(items["data"]) == count, category


async def test_items_are_told_page_by_page_with_their_age(past: Past, viewer: httpx.AsyncClient) -> None:
    names = [past.item(midnight(-number), started=midnight(-number) + timedelta(hours=6)) for number in (2, 3, 4)]
    await past.write()
    first = await _get(viewer, "/team/flow/items", category="in_progress", limit=2, **_window(5))
    rest = await _get(viewer, "/team/flow/items", category="in_progress", limit=2, cursor=first["next"], **_window(5))
    told = [*first["data"], *rest["data"]]
    assert ([one["row"]["entity_id"] for one in told], rest["next"], rest["total"]) == (names, None, 3)
    assert [one["age_hours"] for one in told] == [42, 66, 90]


async def test_an_organisation_without_items_has_no_points(past: Past, viewer: httpx.AsyncClient) -> None:
    assert (await _get(viewer, "/team/flow/cumulative", **_window(3)))["points"] == []
    assert (await _get(viewer, "/team/flow/sprints", **_window(3)))["data"] == []
    refused = await viewer.get("/team/flow/cumulative?bucket=sprint")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "bucket")


async def test_the_ledger_says_what_became_of_a_sprint(ledger: Ledger, viewer: httpx.AsyncClient) -> None:
    await ledger.put("projects")
    await ledger.put("status_definitions", external_id="3", name="Review", category="in_progress")
    await ledger.put("sprints", external_id="7", name="Sprint 7", start_at=day(1), completed_at=day(10))
    sprints: dict[str, tuple[datetime | None, datetime | None]] = {
        "planned": (day(0), None), "dropped": (day(0), day(5)), "added": (day(4), None),
    }  # fmt: skip
    for name, (added_at, left_at) in sprints.items():
        await ledger.put("work_items", external_id=name, key=name, status="Review", created_at=day(0))
        await ledger.put("sprint_memberships", work_item_external_id=name, sprint_external_id="7", added_at=added_at,
                         left_at=left_at)  # fmt: skip
    await ledger.put("work_item_transitions", work_item_external_id="added", history_external_id="1",
                     occurred_at=day(8), from_value="3", from_text="Review", to_value="4", to_text="Done")  # fmt: skip
    await ledger.put("status_definitions", external_id="4", name="Done", category="done")
    await ledger.derive()
    window = {"from": str(date(2026, 3, 1)), "to": str(date(2026, 4, 1))}
    (told,) = (await _get(viewer, "/team/flow/sprints", **window))["data"]
    assert (told["name"], told["id"]) == ("Sprint 7", f"{ledger.connection_id}:7")
    counts = {name: told[name] for name in ("planned", "added", "removed", "done", "spilled_over")}
    assert counts == {"planned": 2, "added": 1, "removed": 1, "done": 1, "spilled_over": 1}
    items = await _get(viewer, "/team/flow/items", category="done", **window)
    assert [(one["row"]["key"], one["status"]) for one in items["data"]] == [("added", "Done")]
