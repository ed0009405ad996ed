"""KPIs as somebody asks for them over HTTP."""

import base64
import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pyarrow.parquet as pq
import pytest

from ovia_shared.database import organisation_settings
from ovia_shared.models.kpi_settings import Staleness
from tests.api.conftest import Organisations, Service, UseService, kept_services, use_service
from tests.kpis.conftest import Books, day
from tests.kpis.test_receipts import _busy

__all__ = ["kept_services", "use_service"]

WINDOW = {"from": "2026-03-02", "to": "2026-03-23"}


@pytest.fixture
async def metrics(use_service: UseService) -> Service:
    return await use_service("ovia-metrics")


@pytest.fixture
async def analyst(metrics: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with metrics.client(**organisations[0].authorization("viewer")) as client:
        yield client


async def _get(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_value_comes_with_its_rows_its_receipt_and_the_window_before(
    books: Books, analyst: httpx.AsyncClient
) -> None:
    await _busy(books)
    found = await _get(
        analyst, "/team/kpi/throughput.merge_requests", compare=True, **{"from": "2026-03-09", "to": "2026-03-16"}
    )
    assert (found["value"], found["n"], found["values"]["bug"]) == (7, 7, 7)
    assert found["previous"]["window"] == {"start": "2026-03-02T00:00:00Z", "end": "2026-03-09T00:00:00Z"}
    assert found["previous"]["change"] == {"absolute": 0, "relative": 0, "better": None}
    receipt = await _get(analyst, f"/receipts/{found['receipt_id']}")
    assert (receipt["kpi"], receipt["n"], receipt["answer"]["value"]) == ("throughput.merge_requests", 7, 7)
    assert "from facts f" in receipt["statements"]["throughput.merge_requests"]
    replayed = (await analyst.post(f"/receipts/{found['receipt_id']}/replay")).json()
    assert (replayed["equal"], replayed["row_hash"]) == (True, receipt["row_hash"])


async def test_rows_are_paged_as_of_one_moment_while_more_is_read(books: Books, analyst: httpx.AsyncClient) -> None:
    await _busy(books)
    path = "/team/kpi/throughput.merge_requests/rows"
    first = await _get(analyst, path, limit=8, **WINDOW)
    await books.fact("merge_request.merged", day(2))
    rows, cursor = first["data"], first["next"]
    while cursor:
        page = await _get(analyst, path, limit=8, cursor=cursor, **WINDOW)
        rows, cursor = rows + page["data"], page["next"]
    assert len(rows) == len({one["fact_id"] for one in rows}) == first["total"] == 21
    assert [one["occurred_at"] for one in rows] == sorted((one["occurred_at"] for one in rows), reverse=True)
    assert {one["person"]["display_name"] for one in rows} == {"A", "B"}
    other = await analyst.get(path, params={"cursor": first["next"], "scope_kind": "team", "scope_id": str(uuid4())})
    assert other.status_code == 404
    assert (await analyst.get(path, params={"cursor": "x", **WINDOW})).status_code == 400


async def test_of_a_small_team_no_row_says_whose_it_is(books: Books, analyst: httpx.AsyncClient) -> None:
    _, team = await _busy(books)
    asked = {"scope_kind": "team", "scope_id": str(team), **WINDOW}
    rows = (await _get(analyst, "/team/kpi/throughput.merge_requests/rows", **asked))["data"]
    assert len(rows) == 11
    assert {one["person"] for one in rows} == {None}
    for name in "DE":
        await books.join(team, await books.person(name))
    rows = (await _get(analyst, "/team/kpi/throughput.merge_requests/rows", **asked))["data"]
    assert {one["person"]["display_name"] for one in rows} == {"A"}


async def test_a_team_of_one_is_a_person(
    books: Books, metrics: Service, analyst: httpx.AsyncClient, organisations: Organisations
) -> None:
    person = await books.person("Ann")
    team = await books.team("Solo", person)
    for path in ("/team/kpi", "/team/kpi/flow.wip", "/team/kpi/history?kpi=flow.wip", "/team/kpi/risks"):
        refused = await analyst.get(path, params={"scope_kind": "team", "scope_id": str(team)})
        if "?" in path:
            refused = await analyst.get(f"{path}&scope_kind=team&scope_id={team}")
        assert (refused.status_code, "one person" in refused.text) == (403, True), path
    async with metrics.client(**organisations[0].authorization("manager")) as manager:
        await _get(manager, "/team/kpi/flow.wip", scope_kind="team", scope_id=str(team))


async def test_an_id_in_another_spelling_is_the_same_scope(books: Books, analyst: httpx.AsyncClient) -> None:
    _, team = await _busy(books)
    first = await _get(analyst, "/team/kpi/flow.wip", scope_kind="team", scope_id=str(team), **WINDOW)
    other = await _get(analyst, "/team/kpi/flow.wip", scope_kind="team", scope_id=team.hex.upper(), **WINDOW)
    assert first["receipt_id"] == other["receipt_id"]


async def test_a_forged_cursor_is_refused(books: Books, analyst: httpx.AsyncClient) -> None:
    await _busy(books)
    path = "/team/kpi/throughput.merge_requests/rows"
    cursor = (await _get(analyst, path, limit=8, **WINDOW))["next"]
    raw = msgspec.msgpack.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for start, end in (("2026-03-02T00:00:00", "2026-03-23T00:00:00"), ("2026-03-23T00:00:00Z", "2026-03-02T00:00:00Z"),
                       ("1900-01-01T00:00:00Z", "2026-03-02T00:00:00Z")):  # fmt: skip
        forged = [raw[0], raw[1], [start, end, *raw[2][2:]]]
        text = base64.urlsafe_b64encode(msgspec.msgpack.encode(forged)).decode().rstrip("=")
        answer = await analyst.get(path, params={"cursor": text, **WINDOW})
        assert answer.status_code == 400, answer.text


async def test_as_of_then_means_by_the_settings_of_then(books: Books, analyst: httpx.AsyncClient) -> None:
    quiet = {"quiet": [[day(1).isoformat(), None]]}
    await books.fact("merge_request.open", day(1), lasting=True, attributes=quiet)
    asked = {"from": "2026-03-02", "to": "2026-03-06"}
    then = datetime.now(UTC).isoformat()
    async with books.database.transaction(books.org_id) as conn:
        await organisation_settings.write(conn, books.org_id, "staleness", Staleness(1), "test")
    assert (await _get(analyst, "/team/kpi/merge_request.stale_share", **asked))["value"] == 1
    assert (await _get(analyst, "/team/kpi/merge_request.stale_share", as_of=then, **asked))["value"] == 0


async def test_numbers_of_one_person_need_a_manager(
    books: Books, metrics: Service, analyst: httpx.AsyncClient, organisations: Organisations
) -> None:
    accounts, _ = await _busy(books)
    person = await books.admin.fetchval("select person_id from mappings where identity_id = $1", accounts[0])
    asked = {"scope_kind": "person", "scope_id": str(person), **WINDOW}
    refused = await analyst.get("/team/kpi/throughput.merge_requests", params=asked)
    assert (refused.status_code, "manager" in refused.text) == (403, True)
    async with metrics.client(**organisations[0].authorization("manager")) as manager:
        found = await _get(manager, "/team/kpi/throughput.merge_requests", **asked)
    assert found["value"] == 11
    assert (await analyst.get(f"/receipts/{found['receipt_id']}")).status_code == 403
    assert (await analyst.post(f"/receipts/{found['receipt_id']}/replay")).status_code == 403


async def test_rows_and_series_are_files_that_hold_the_same(books: Books, analyst: httpx.AsyncClient) -> None:
    await _busy(books)
    await books.fact("merge_request.merged", day(2), entity="=cmd()")
    path = "/team/kpi/merge_request.size/rows/export"
    text = (await analyst.get(path, params=WINDOW)).text
    lines = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    table = pq.read_table(io.BytesIO((await analyst.get(path, params={"file_format": "parquet", **WINDOW})).content))
    assert table.num_rows == len(lines) == 21
    assert [float(one["number"]) for one in lines] == table.column("number").to_pylist()
    text = (await analyst.get("/team/kpi/throughput.merge_requests/rows/export", params=WINDOW)).text
    assert "'=cmd()" in text
    asked = {"kpi": "merge_request.size", "bucket": "week", **WINDOW}
    series = await _get(analyst, "/team/kpi/history", **asked)
    text = (await analyst.get("/team/kpi/history/export", params=asked)).text
    weeks = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [float(one["value"]) for one in weeks] == [one["value"] for one in series["points"]]
    content = (await analyst.get("/team/kpi/history/export", params={"file_format": "parquet", **asked})).content
    assert pq.read_table(io.BytesIO(content)).column("n").to_pylist() == [7, 7, 7]


async def test_a_series_has_a_point_for_each_day_of_the_organisations_calendar(
    books: Books, analyst: httpx.AsyncClient
) -> None:
    await books.admin.execute("update organisations set time_zone = 'Europe/Berlin' where org_id = $1", books.org_id)
    # Half an hour before midnight in UTC is the next day in Berlin.
    await books.fact("merge_request.merged", datetime(2026, 3, 27, 23, 30, tzinfo=UTC))
    asked = {"kpi": "throughput.merge_requests", "bucket": "day", "from": "2026-03-27", "to": "2026-03-31"}
    points = (await _get(analyst, "/team/kpi/history", **asked))["points"]
    assert [one["label"] for one in points] == ["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"]
    assert [one["value"] for one in points] == [None, 1, 0, 0]
    assert points[2]["window"] == {"start": "2026-03-28T23:00:00Z", "end": "2026-03-29T22:00:00Z"}
    assert await _get(analyst, "/team/kpi/history", **asked)


async def test_a_series_by_sprint_has_each_sprint_that_closed(books: Books, analyst: httpx.AsyncClient) -> None:
    for number, (start, end) in enumerate([(0, 7), (7, 14)]):
        await books.admin.execute(
            """
            insert into sprints (org_id, connection_id, raw_record_id, external_id, name, state, start_at, completed_at)
            values ($1, $2, $2, $3, $4, 'closed', $5, $6)
            """,
            books.org_id, books.connection_id, str(number), f"Sprint {number}", day(start), day(end),
        )  # fmt: skip
        for item in range(number + 2):
            attributes = {"committed": True, "in_scope": True, "done": item == 0, "sprint": str(number)}
            await books.fact("sprint.item", day(end), entity=str(item), attributes=attributes)
    points = (await _get(analyst, "/team/kpi/history", kpi="sprint.completion", bucket="sprint", **WINDOW))["points"]
    assert [(one["label"], one["value"], one["n"]) for one in points] == [("Sprint 0", 0.5, 2), ("Sprint 1", 1 / 3, 3)]


async def test_the_overview_is_the_latest_snapshot_until_somebody_is_somebody_else(
    books: Books, analyst: httpx.AsyncClient
) -> None:
    accounts, team = await _busy(books)
    now = datetime.now(UTC)
    await books.fact("merge_request.merged", now - timedelta(days=2), actor=accounts[0], value=9.0)
    asked = {"scope_kind": "team", "scope_id": str(team)}

    async def merged() -> Any:
        found = await _get(analyst, "/team/kpi", **asked)
        (one,) = [one for one in found["kpis"] if one["name"] == "throughput.merge_requests"]
        return one["value"], one["receipt_id"], found["window"]

    found = await _get(analyst, "/team/kpi", **asked)
    assert found["release_risk"]["level"] in ("low", "medium", "high")
    assert {one["name"] for one in found["delivery_health"]["parts"]} == {
        "completion", "blocker_age", "first_response", "pipeline_success", "spillover"
    }  # fmt: skip
    first = await merged()
    # What was read since is told by the next snapshot.
    await books.fact("merge_request.merged", now - timedelta(days=2), actor=accounts[0], value=9.0)
    again = await merged()
    # Unless the service took one in between.
    assert again == first or again[2] != first[2]
    await books.map(accounts[0], await books.person("Z"))
    assert (await merged())[0] is None
    assert found["scope"] == {"kind": "team", "id": str(team), "name": "Wings"}


async def test_risks_are_told_oldest_first_with_whose_they_are(books: Books, analyst: httpx.AsyncClient) -> None:
    account = await books.account("a")
    await books.person("Ann", account)
    await books.fact("work_item.blocked", day(5), actor=account, lasting=True, entity="w")
    await books.fact("work_item.blocked", day(4), until=day(6), entity="over")
    quiet = {"quiet": [[day(1).isoformat(), day(3).isoformat()], [day(3).isoformat(), None]]}
    await books.fact("merge_request.open", day(1), lasting=True, entity="m", attributes=quiet)
    for at, success in ((7, True), (8, False)):
        attributes = {"release": True, "ref": "release/1", "success": success}
        await books.fact("pipeline.finished", day(at), entity=f"p{at}", attributes=attributes)
    first = await _get(analyst, "/team/kpi/risks", limit=2, **WINDOW)
    second = await _get(analyst, "/team/kpi/risks", limit=2, cursor=first["next"], **WINDOW)
    found = first["data"] + second["data"]
    assert [(one["kind"], one["row"]["entity_id"]) for one in found] == [
        ("stale", "m"), ("blocker", "w"), ("pipeline", "p8")
    ]  # fmt: skip
    assert (first["total"], second["next"]) == (3, None)
    assert [one["age_days"] for one in found] == [18, 16, 13]
    assert found[1]["row"]["person"]["display_name"] == "Ann"


async def test_what_was_known_then_can_be_asked_for_now(books: Books, analyst: httpx.AsyncClient) -> None:
    await books.fact("merge_request.merged", day(1))
    then = datetime.now(UTC).isoformat()
    await books.fact("merge_request.merged", day(1))
    path = "/team/kpi/throughput.merge_requests"
    assert (await _get(analyst, path, **WINDOW))["value"] == 2
    assert (await _get(analyst, path, as_of=then, **WINDOW))["value"] == 1
    history = await _get(analyst, "/team/kpi/history", kpi="throughput.merge_requests", as_of=then, **WINDOW)
    assert [one["value"] for one in history["points"]] == [1, 0, 0]


UNANSWERABLE: list[tuple[str, dict[str, str], int, str]] = [
    ("/team/kpi/nothing", {}, 404, "/team/kpi/catalogue"),
    ("/team/kpi/flow.wip", {"from": "yesterday"}, 422, "from"),
    ("/team/kpi/flow.wip", {"from": "2026-03-02", "to": "2026-03-02"}, 422, "empty"),
    ("/team/kpi/flow.wip", {"from": "2199-01-01"}, 422, "empty"),
    ("/team/kpi/flow.wip", {"from": "1950-01-01"}, 422, "20 years"),
    ("/team/kpi/flow.wip", {"from": "0001-01-01"}, 422, "1900"),
    ("/team/kpi/flow.wip", {"as_of": "2199-01-01T00:00:00Z"}, 422, "yet to come"),
    ("/team/kpi/flow.wip", {"scope_kind": "planet"}, 422, "scope_kind"),
    ("/team/kpi/flow.wip", {"scope_kind": "team", "scope_id": "x"}, 422, "UUID"),
    ("/team/kpi/flow.wip", {"colour": "red"}, 400, "colour"),
    ("/team/kpi/delivery_health/rows", {}, 422, "sprint.completion"),
    ("/team/kpi/identity.coverage", {"scope_kind": "product", "scope_id": str(UUID(int=1))}, 404, "product"),
    ("/team/kpi/history", {"kpi": "flow.wip", "bucket": "day", "from": "2020-01-01"}, 422, "larger bucket"),
    ("/receipts/01a20af7-18f0-7c1e-9b0a-52a1c3f6d7e8", {}, 404, "receipt"),
]  # fmt: skip


async def test_what_cannot_be_answered_says_why(analyst: httpx.AsyncClient) -> None:
    for path, parameters, status, said in UNANSWERABLE:
        answer = await analyst.get(path, params=parameters)
        assert (answer.status_code, said in answer.text) == (status, True), answer.text


async def test_another_organisation_sees_none_of_it(
    books: Books, metrics: Service, analyst: httpx.AsyncClient, organisations: Organisations
) -> None:
    _, team = await _busy(books)
    found = await _get(analyst, "/team/kpi/throughput.merge_requests", **WINDOW)
    async with metrics.client(**organisations[1].authorization("admin")) as theirs:
        assert (await _get(theirs, "/team/kpi/throughput.merge_requests", **WINDOW))["value"] is None
        assert (await theirs.get(f"/receipts/{found['receipt_id']}")).status_code == 404
        assert (await theirs.get("/team/kpi", params={"scope_kind": "team", "scope_id": str(team)})).status_code == 404
        assert (await _get(theirs, "/team/kpi/risks"))["total"] == 0
