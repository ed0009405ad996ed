"""Forecasts over HTTP: asked, kept, listed, and who may."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from ovia_shared.database.ids import new_id
from tests.api.conftest import Organisations, Service, UseService, kept_services, use_service
from tests.metrics.forecasts.conftest import Past, midnight

__all__ = ["kept_services", "use_service"]

OPEN = {"kind": "when"}


@pytest.fixture
async def metrics(use_service: UseService) -> Service:
    """The metrics service."""
    return await use_service("ovia-metrics")


@pytest.fixture
async def analyst(metrics: Service, organisations: Organisations) -> Any:
    async with metrics.client(**organisations[0].authorization("analyst")) as client:
        yield client


def today() -> date:
    return datetime.now(UTC).date()


async def _steady(past: Past, open_items: int = 10) -> None:
    """Two a day for a hundred days, and some that are open."""
    past.steady(100)
    for _ in range(open_items):
        past.item(midnight(-3))
    await past.write()


async def _ask(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/forecasts", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/forecasts/{made['id']}"
    return made


async def test_when_the_open_items_are_done_is_told_kept_and_listed(past: Past, analyst: httpx.AsyncClient) -> None:
    await _steady(past)
    made = await _ask(analyst, **OPEN)
    assert (made["question"]["items"], made["question"]["open_items"]) == (10, 10)
    assert (made["base"]["per_day"], made["confidence"], made["what_if"]) == (2, "high", None)
    # Of today, part of which is over, none to two are counted; then two a day.
    assert date.fromisoformat(made["base"]["p50"]) - today() in (timedelta(days=4), timedelta(days=5))
    assert made["made_by"] == "analyst of Fernweh Gliders"
    assert (await analyst.get(f"/forecasts/{made['id']}")).json() == made
    assert (await analyst.get("/forecasts")).json() == {"data": [made], "next": None, "total": 1}


async def test_how_many_by_a_day_with_and_without_a_limit(past: Past, analyst: httpx.AsyncClient) -> None:
    past.steady(100, started=None)
    for number in range(1, 101):
        past.item(midnight(-number - 8), midnight(-number) + timedelta(hours=13), started=midnight(-number - 8))
    await past.write()
    made = await _ask(
        analyst, kind="how_many", by=str(today() + timedelta(days=9)), seed=1,
        what_if={"wip_limit": 2, "people": 4, "people_now": 4},
    )  # fmt: skip
    assert 27 <= made["base"]["p95"] <= made["base"]["p50"] <= 30
    assert made["what_if"]["p50"] < made["base"]["p50"]
    assert made["what_if"]["per_day"] == pytest.approx(1.5, abs=0.01)


async def test_a_sprint_is_told_from_how_earlier_ones_of_its_board_went(past: Past, analyst: httpx.AsyncClient) -> None:
    # Written long ago, or the service would look for what these facts were derived from.
    written = midnight(-90)
    for number, start in enumerate((-84, -63, -42, -21, -2)):
        await past.rows.put(
            "sprints", external_id=str(number), state="closed", start_at=midnight(start), board_external_id="1",
            changed_at=written,
        )  # fmt: skip
        for place in range(7):
            done = midnight(start + 1 + 2 * place) if place < 6 and start < -2 else None
            await past.rows.put(
                "sprint_memberships", work_item_external_id=past.item(written, done),
                sprint_external_id=str(number), added_at=midnight(start - 1), changed_at=written,
            )  # fmt: skip
    await past.write()
    scope = {"kind": "sprint", "id": f"{past.connection_id}:4"}
    made = await _ask(
        analyst, kind="how_many", by=str(today() + timedelta(days=11)), scope=scope, what_if={"items": -3}
    )
    # Two days in, one of seven was done in earlier sprints; and of six that were open, five a fortnight later.
    assert made["question"]["open_items"] == 7
    assert [(one["items"], one["done"]) for one in made["history"]["cohorts"]] == [(6, [1, 3, 5, 7, 9])] * 4
    assert 4 <= made["base"]["p85"] <= made["base"]["p50"] <= 7
    assert made["what_if"]["p50"] <= 4
    when = await _ask(analyst, kind="when", scope=scope)
    assert (when["question"]["items"], when["base"]["p50"]) == (7, None)
    far = await _ask(analyst, kind="how_many", by=str(today() + timedelta(days=400)), scope=scope)
    assert far["refusal"] == "Items like these were watched for 82 days at most; ask for a day that is nearer."


async def test_the_same_seed_gives_the_same_answer(past: Past, analyst: httpx.AsyncClient) -> None:
    await _steady(past)
    asked = {"kind": "how_many", "by": str(today() + timedelta(days=20)), "seed": 11}
    first, second = [await _ask(analyst, **asked) for _ in range(2)]
    assert first["id"] != second["id"]
    assert first["base"] == second["base"]
    assert (await _ask(analyst, kind="when", items=5))["question"]["seed"] is not None


async def test_a_question_sent_twice_under_one_key_is_asked_once(past: Past, analyst: httpx.AsyncClient) -> None:
    await _steady(past)
    answers = [await analyst.post("/forecasts", json=OPEN, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert (await analyst.get("/forecasts")).json()["total"] == 1


async def test_too_little_history_gives_a_reason_and_no_number(past: Past, analyst: httpx.AsyncClient) -> None:
    past.steady(10)
    past.item(midnight(-1))
    await past.write()
    made = await _ask(analyst, **OPEN)
    assert (made["base"], made["what_if"], made["due_at"]) == (None, None, None)
    # The scope began a day before the first was done.
    assert made["refusal"] == "The history of this scope has 11 whole days in the window; 28 are needed."


async def test_old_knowledge_is_no_reason_to_see_days_without_work(past: Past, analyst: httpx.AsyncClient) -> None:
    await _steady(past)
    await past.known_until(midnight(-20) + timedelta(hours=1))
    made = await _ask(analyst, kind="when", items=4)
    assert made["history"]["start"] == str(today() - timedelta(days=101))
    assert made["base"]["per_day"] == pytest.approx(2, abs=0.1)
    assert made["confidence"] == "medium"
    assert "has not been read" in made["confidence_reasons"][0]


async def test_a_question_that_is_none_is_refused(past: Past, analyst: httpx.AsyncClient) -> None:
    for field, body in (
        ("by", {"kind": "when", "by": "2030-01-01"}),
        ("by", {"kind": "how_many"}),
        ("by", {"kind": "how_many", "by": "2020-01-01"}),
        ("by", {"kind": "how_many", "by": "9999-12-31"}),
        ("items", {"kind": "how_many", "by": "2030-01-01", "items": 3}),
        ("items", {"kind": "when", "items": 0}),
        ("scope.kind", {"kind": "when", "scope": {"kind": "person", "id": str(new_id())}}),
        ("scope_id", {"kind": "when", "scope": {"kind": "team", "id": "pilots"}}),
        ("items", {"kind": "when", "items": 4, "scope": {"kind": "sprint", "id": f"{new_id()}:1"}}),
        ("what_if", {"kind": "when", "what_if": {}}),
        ("what_if.growth", {"kind": "how_many", "by": "2030-01-01", "what_if": {"growth": 1}}),
        ("sampling_days", {"kind": "when", "sampling_days": 7}),
    ):
        answer = await analyst.post("/forecasts", json=body)
        assert answer.status_code == 422, answer.text
        assert field in str(answer.json()["errors"])
    assert (await analyst.get("/forecasts")).json()["total"] == 0


async def test_people_cannot_be_imagined_where_nobody_is_known(past: Past, analyst: httpx.AsyncClient) -> None:
    await _steady(past)
    answer = await analyst.post("/forecasts", json=OPEN | {"what_if": {"people": 3}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "what_if.people_now"


async def test_a_scope_that_is_not_there_is_not_found(past: Past, analyst: httpx.AsyncClient) -> None:
    for scope in (
        {"kind": "product", "id": str(new_id())}, {"kind": "team", "id": str(new_id())},
        {"kind": "sprint", "id": f"{new_id()}:1"},
    ):  # fmt: skip
        assert (await analyst.post("/forecasts", json=OPEN | {"scope": scope})).status_code == 404


async def test_an_id_that_no_text_can_be_is_refused(past: Past, analyst: httpx.AsyncClient) -> None:
    for kind in ("project", "sprint", "release"):
        scope = {"kind": kind, "id": f"{new_id()}:\0"}
        assert 400 <= (await analyst.post("/forecasts", json=OPEN | {"scope": scope})).status_code < 500


async def test_viewers_read_forecasts_and_only_analysts_make_them(
    past: Past, metrics: Service, analyst: httpx.AsyncClient, organisations: Organisations
) -> None:
    await _steady(past)
    made = await _ask(analyst, **OPEN)
    async with metrics.client(**organisations[0].authorization("viewer")) as viewer:
        assert (await viewer.post("/forecasts", json=OPEN)).status_code == 403
        assert (await viewer.get(f"/forecasts/{made['id']}")).json() == made
        assert (await viewer.get("/forecasts/calibration")).json() == {"data": [], "waiting": 1}
    async with metrics.client() as nobody:
        assert (await nobody.get("/forecasts")).status_code == 401


async def test_an_organisation_sees_no_forecast_of_another(
    past: Past, other_past: Past, metrics: Service, analyst: httpx.AsyncClient, organisations: Organisations
) -> None:
    await _steady(past)
    made = await _ask(analyst, **OPEN)
    async with metrics.client(**organisations[1].authorization("analyst")) as theirs:
        assert (await theirs.get(f"/forecasts/{made['id']}")).status_code == 404
        assert (await theirs.get("/forecasts")).json()["total"] == 0
        assert (await theirs.get("/forecasts/calibration")).json() == {"data": [], "waiting": 0}
        told = await _ask(theirs, **OPEN)
        assert told["refusal"] == "Nothing is open in this scope, so there is nothing to forecast."


async def test_the_list_is_paged_newest_first_and_filtered(past: Past, analyst: httpx.AsyncClient) -> None:
    await past.rows.put("projects", external_id="1")
    await _steady(past)
    project = {"kind": "project", "id": f"{past.connection_id}:1"}
    made = [(await _ask(analyst, kind="when", items=number))["id"] for number in range(1, 4)]
    made.append((await _ask(analyst, kind="how_many", by=str(today()), scope=project))["id"])
    seen, cursor = [], None
    while cursor != "":
        answer = await analyst.get("/forecasts", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [one["id"] for one in page["data"]]
        cursor = page["next"] or ""
    assert seen == made[::-1]
    for wanted, count in (
        ({"kind": "when"}, 3), ({"scope_kind": "project"}, 1), ({"scope_kind": "project", "scope_id": "another"}, 0),
        ({"scope_kind": "project", "scope_id": project["id"]}, 1),
        ({"scope_id": "another"}, 0), ({"backtest": "false"}, 4), ({"backtest": "true"}, 0), ({"scored": "true"}, 0),
    ):  # fmt: skip
        assert (await analyst.get("/forecasts", params=wanted)).json()["total"] == count, wanted
