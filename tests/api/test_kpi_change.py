"""Why a KPI changed, over HTTP: what is asked, what is refused, and nothing of another organisation."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from ovia_shared.models.token import Role
from tests.api.conftest import Organisations, Service, UseService
from tests.kpis.conftest import Books, books, day

__all__ = ["books"]

MERGED = "/team/kpi/throughput.merge_requests/change"
FEBRUARY = {"compared_from": "2026-02-01", "compared_to": "2026-03-01"}
WINDOW = {"from": "2026-03-01", "to": "2026-04-01"}


@pytest.fixture
async def metrics(use_service: UseService) -> Service:
    return await use_service("ovia-metrics")


@pytest.fixture
async def viewer(metrics: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with metrics.client(**organisations[0].authorization(Role.VIEWER)) as client:
        yield client


async def _asked(client: httpx.AsyncClient, path: str = MERGED, **parameters: Any) -> dict[str, Any]:
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _refused(client: httpx.AsyncClient, status: int, path: str = MERGED, **parameters: Any) -> str:
    answer = await client.get(path, params=parameters)
    assert answer.status_code == status, answer.text
    return str(answer.json()["errors"] or answer.json()["detail"])


async def _merged(books: Books, at: float, class_: str = "bug") -> UUID:
    return await books.fact("merge_request.merged", day(at), attributes={"class": class_})


async def test_a_difference_is_split_into_parts_that_sum_to_it(
    viewer: httpx.AsyncClient, books: Books, metrics: Service, organisations: Organisations
) -> None:
    for at, class_ in ((-10, "bug"), (-9, "chore"), (3, "bug"), (4, "feature"), (5, "feature"), (6, "bug")):
        await _merged(books, at, class_)
    first = await _asked(viewer, "/team/kpi/throughput.merge_requests", **{"from": "2026-02-01", "to": "2026-03-01"})
    await _merged(books, -8)
    other = Books(books.admin, books.database, organisations[1].id)
    await _merged(other, -7)
    found = await _asked(viewer, **WINDOW, by="type")
    assert found["difference"] == sum(found["parts"].values()) == 2
    assert found["parts"] == {
        "mix": 0, "rate": 1, "late_data": 1, "identity_corrections": 0, "definition_changes": 0,
    }  # fmt: skip
    assert (found["before"]["value"], found["restated"]["value"], found["after"]["value"]) == (2, 3, 4)
    assert found["before"]["receipt_id"] == first["receipt_id"]
    assert found["before"]["window"] == first["window"]
    assert {group["key"]: group["rate"] for group in found["groups"]} == {"bug": 0, "feature": 2, "chore": -1}
    assert found["late"]["count"] == 1
    assert [reason["code"] for reason in found["quality"]["reasons"]] == ["no_source"]
    assert found["reasons"][0] == "feature has 2, before 0: +2"
    for number in ("before", "restated", "after"):
        replay = await viewer.post(f"/receipts/{found[number]['receipt_id']}/replay")
        assert replay.json()["equal"] is True
    async with metrics.client(**organisations[1].authorization(Role.VIEWER)) as theirs:
        strangers = await _asked(theirs, **WINDOW, by="type")
        assert (strangers["before"]["value"], strangers["after"]["value"], strangers["late"]["count"]) == (1, 0, 0)
        assert await _refused(theirs, 404, f"/receipts/{found['before']['receipt_id']}")


async def test_the_window_to_compare_with_and_the_moment_may_be_chosen(viewer: httpx.AsyncClient, books: Books) -> None:
    await _merged(books, -10)
    await _merged(books, 3)
    told = await _asked(viewer, **WINDOW)
    await _merged(books, -9)
    moment = told["after"]["as_of"]
    assert (await _asked(viewer, **WINDOW, then=moment))["parts"]["late_data"] == 1
    assert (await _asked(viewer, **WINDOW, then=moment, as_of=moment))["parts"]["late_data"] == 0
    same = await _asked(viewer, **WINDOW, **FEBRUARY, then=moment)
    assert same["before"]["window"] == {"start": "2026-02-01T00:00:00Z", "end": "2026-03-01T00:00:00Z"}
    assert same["difference"] == 0


async def test_what_cannot_be_meant_is_refused(viewer: httpx.AsyncClient, books: Books) -> None:
    await _merged(books, 1)
    assert "compared_to" in await _refused(viewer, 422, **WINDOW, compared_from="2026-01-01")
    assert "compared_from" in await _refused(viewer, 422, **WINDOW, compared_to="2026-01-01")
    empty = {"compared_from": "2026-03-01", "compared_to": "2026-02-01"}
    assert "compared_from" in await _refused(viewer, 422, **WINDOW, **empty)
    long = {"compared_from": "1950-03-01", "compared_to": "2026-02-01"}
    assert "compared_from" in await _refused(viewer, 422, **WINDOW, **long)
    assert "then" in await _refused(viewer, 422, **WINDOW, then="2999-01-01")
    assert "then" in await _refused(viewer, 422, **WINDOW, then="once")
    assert "by" in await _refused(viewer, 422, **WINDOW, by="colour")
    assert "by" in await _refused(viewer, 422, "/team/kpi/delivery_health/change", **WINDOW, by="team")
    await _refused(viewer, 404, "/team/kpi/happiness/change", **WINDOW)
    await _refused(viewer, 400, **WINDOW, colour="red")
    twice = await viewer.get(MERGED, params=[("by", "team"), ("by", "type")])
    assert twice.status_code in {400, 422}


async def test_numbers_of_a_person_are_for_managers(
    viewer: httpx.AsyncClient, books: Books, metrics: Service, organisations: Organisations
) -> None:
    account = await books.account("a")
    person = await books.person("Ann", account)
    await books.fact("merge_request.merged", day(3), actor=account)
    asked = {**WINDOW, "scope_kind": "person", "scope_id": str(person)}
    await _refused(viewer, 403, **asked)
    async with metrics.client(**organisations[0].authorization(Role.MANAGER)) as manager:
        assert (await _asked(manager, **asked))["after"]["value"] == 1
    async with metrics.client(**organisations[1].authorization(Role.MANAGER)) as theirs:
        await _refused(theirs, 404, **asked)
    async with metrics.client() as nobody:
        await _refused(nobody, 401, **WINDOW)
