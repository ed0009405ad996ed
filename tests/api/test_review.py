"""Decisions over HTTP: what they do, what they refuse, and who may make them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import connected
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.needs import kinds
from tests.api.conftest import Organisations, Service
from tests.api.reviewing import linked
from tests.conftest import OpenDatabase

Post = Callable[..., Awaitable[httpx.Response]]


class Reviewing(msgspec.Struct):
    """A reviewer of ours, a viewer of ours, and a reviewer of another organisation with the same accounts."""

    ours: httpx.AsyncClient
    viewer: httpx.AsyncClient
    theirs: httpx.AsyncClient

    async def mappings(self, **filters: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.ours.get("/team/identity-mappings", params=filters)).json()["data"]
        return found

    async def one(self, status: str) -> dict[str, Any]:
        return (await self.mappings(status=status))[0]

    async def post(self, action: str, **body: Any) -> httpx.Response:
        return await self.ours.post(f"/team/identity-mappings/{action}", json=body)


@pytest.fixture
async def review(
    service: Service, open_database: OpenDatabase, organisations: Organisations
) -> AsyncIterator[Reviewing]:
    ingest = await open_database("ovia_ingest")
    for organisation in organisations:
        await linked(ingest, organisation.id, people=6)
    async with (
        service.client(**organisations[0].authorization("manager")) as ours,
        service.client(**organisations[0].authorization("viewer")) as viewer,
        service.client(**organisations[1].authorization("manager")) as theirs,
    ):
        yield Reviewing(ours, viewer, theirs)


async def test_a_conflict_is_confirmed_once_and_its_history_says_by_whom(review: Reviewing) -> None:
    conflict = await review.one("conflict")
    answer = await review.post("confirm", mapping_id=conflict["id"], reason="she told me")
    assert answer.status_code == 200, answer.text
    (now,) = answer.json()["mappings"]
    assert (now["status"], now["person"]) == ("verified", conflict["person"])
    assert now["verified_by"].startswith("manager of")
    assert now["rule_trace"] == conflict["rule_trace"]
    again = await review.post("confirm", mapping_id=now["id"])
    assert (again.json()["decision_id"], again.json()["mappings"]) == (None, [now])
    history = (await review.viewer.get(f"/team/identity-mappings/{now['id']}/history")).json()
    assert [event["action"] for event in history["data"]] == ["confirm", "link"]
    assert history["data"][0]["reason"] == "she told me"
    assert history["data"][0]["decision_id"] == answer.json()["decision_id"]


async def test_who_holds_an_id_that_moved_on_is_told_the_present_state(review: Reviewing) -> None:
    conflict = await review.one("conflict")
    (now,) = (await review.post("confirm", mapping_id=conflict["id"])).json()["mappings"]
    for late in (
        await review.post("reject", mapping_id=conflict["id"]),
        await review.viewer.get(f"/team/identity-mappings/{conflict['id']}"),
    ):
        assert late.status_code == 409
        assert now["id"] in late.json()["detail"]
        assert "verified" in late.json()["detail"]
    assert (await review.viewer.get(f"/team/identity-mappings/{now['id']}")).json() == now


async def test_a_rejected_pair_frees_the_account_and_cannot_be_confirmed(review: Reviewing) -> None:
    conflict = await review.one("conflict")
    (now,) = (await review.post("reject", mapping_id=conflict["id"])).json()["mappings"]
    assert now["status"] == "rejected"
    orphans = (await review.ours.get("/team/identities/orphans")).json()["data"]
    assert conflict["identity"]["id"] in [orphan["id"] for orphan in orphans]
    refused = await review.post("confirm", mapping_id=now["id"])
    assert refused.status_code == 409
    assert "reopen" in refused.json()["detail"]
    reopened = await review.post("reopen", mapping_id=now["id"])
    assert (reopened.status_code, reopened.json()["mappings"]) == (200, [])


async def test_an_account_is_remapped_to_somebody_known_or_new_and_back(review: Reviewing) -> None:
    auto, other = await review.mappings(status="auto", limit=2)
    target = next(one["person"] for one in await review.mappings() if one["person"] != auto["person"])
    moved = await review.post("remap", mapping_id=auto["id"], person_id=target["id"])
    now = {one["status"]: one["person"]["id"] for one in moved.json()["mappings"]}
    assert now == {"verified": target["id"], "rejected": auto["person"]["id"]}
    undone = await review.post("undo", decision_id=moved.json()["decision_id"])
    (restored,) = undone.json()["mappings"]
    assert {**restored, "id": None} == {**auto, "id": None}
    made = await review.post("remap", mapping_id=other["id"], new_person={"display_name": "Xenia Öberg"})
    assert "Xenia Öberg" in [person["display_name"] for person in made.json()["people"]]
    both = await review.post("remap", mapping_id=restored["id"])
    assert (both.status_code, both.json()["errors"][0]["field"]) == (422, "person_id")


async def test_accounts_are_split_off_into_one_new_person(review: Reviewing) -> None:
    person = next(one["person"]["id"] for one in await review.mappings(status="auto"))
    whole = (await review.ours.get(f"/team/people/{person}")).json()["mappings"]
    ids = [one["id"] for one in whole]
    answer = await review.post("split", mapping_ids=ids, new_person={"display_name": "Yara Zetterlund"})
    assert answer.status_code == 200, answer.text
    (made,) = [one for one in answer.json()["people"] if one["display_name"] == "Yara Zetterlund"]
    there = (await review.ours.get(f"/team/people/{made['id']}")).json()["mappings"]
    assert {one["identity"]["id"] for one in there} == {one["identity"]["id"] for one in whole}
    strangers = [one["id"] for one in await review.mappings(limit=200) if one["status"] != "rejected"][:6]
    refused = await review.post("split", mapping_ids=strangers, new_person={"display_name": "No"})
    assert refused.status_code == 422


async def test_two_people_are_merged_and_parted_again(review: Reviewing) -> None:
    people = (await review.ours.get("/team/people")).json()["data"]
    one, other = people[0], people[1]
    merged = await review.ours.post("/team/people/merge", json={"person_id": one["id"], "into_person_id": other["id"]})
    assert merged.status_code == 200, merged.text
    assert (await review.ours.get(f"/team/people/{other['id']}")).json()["accounts"] == one["accounts"] + other[
        "accounts"
    ]
    listed = [person["id"] for person in (await review.ours.get("/team/people")).json()["data"]]
    assert one["id"] not in listed
    history = (await review.viewer.get(f"/team/people/{one['id']}/history")).json()["data"]
    assert history[0]["action"] == "merge"
    again = await review.ours.post("/team/people/merge", json={"person_id": one["id"], "into_person_id": other["id"]})
    assert again.status_code == 409
    await review.post("undo", decision_id=merged.json()["decision_id"])
    assert [person["id"] for person in (await review.ours.get("/team/people")).json()["data"]] == [
        person["id"] for person in people
    ]


async def test_a_decision_that_stands_in_the_way_of_undoing_is_named(review: Reviewing) -> None:
    conflict = await review.one("conflict")
    first = (await review.post("confirm", mapping_id=conflict["id"])).json()
    second = (await review.post("reject", mapping_id=first["mappings"][0]["id"])).json()
    refused = await review.post("undo", decision_id=first["decision_id"])
    assert refused.status_code == 409
    assert second["decision_id"] in refused.json()["detail"]
    assert (await review.post("undo", mapping_id=conflict["id"])).json()["mappings"][0]["status"] == "verified"
    assert (await review.post("undo", decision_id=first["decision_id"])).json()["mappings"][0]["status"] == "conflict"
    assert (await review.post("undo", decision_id=first["decision_id"])).status_code == 409


async def test_a_person_is_made_from_an_account_nobody_has(review: Reviewing) -> None:
    conflict = await review.one("conflict")
    identity = conflict["identity"]["id"]
    made = await review.ours.post(f"/team/identities/{identity}/person", json={"display_name": "Åsa Ü"})
    assert made.status_code == 201, made.text
    assert "verified" in [one["status"] for one in made.json()["mappings"]]
    again = await review.ours.post(f"/team/identities/{identity}/person", json={"display_name": "Åsa Ü"})
    assert again.status_code == 409


async def test_a_preview_changes_nothing_and_says_what_would(review: Reviewing) -> None:
    auto = await review.one("auto")
    before = await review.mappings(limit=200)
    body = {"action": "remap", "mapping_ids": [auto["id"]], "new_person": {"display_name": "Nobody Yet"}}
    shown = await review.ours.post("/team/identity-mappings/preview", json=body)
    assert shown.status_code == 200, shown.text
    (account,) = shown.json()["accounts"]
    assert (account["person_before"], account["status_after"]) == (auto["person"]["id"], "verified")
    assert (shown.json()["new_people"], shown.json()["kpis"]) == (1, ["identity.verified_rate"])
    assert await review.mappings(limit=200) == before


async def test_a_preview_names_the_kpis_counted_from_what_was_done_with_an_account_that_changes_hands(
    review: Reviewing, database_dsn: str, organisations: Organisations
) -> None:
    auto, conflict = await review.one("auto"), await review.one("conflict")
    async with connected(database_dsn) as conn:
        for one in (auto, conflict):
            await conn.execute(
                """
                insert into facts (org_id, id, kind, entity_kind, connection_id, entity_id, actor_identity_id,
                                   occurred_at, value, attributes, derivation_version, row_hash, known_from)
                values ($1, $2, 'deployment.finished', 'deployment', $3, $4, $5, now(), 1, '{}', 1, $2, now())
                """,
                organisations[0].id, new_id(), new_id(), one["id"], UUID(one["identity"]["id"]),
            )  # fmt: skip

    async def kpis(action: str, one: dict[str, Any], **more: Any) -> list[str]:
        body = {"action": action, "mapping_ids": [one["id"]], **more}
        found: list[str] = (await review.ours.post("/team/identity-mappings/preview", json=body)).json()["kpis"]
        return found

    counted = [name for name, kpi in CATALOGUE.items() if "deployment.finished" in kinds(kpi)]
    assert counted
    assert await kpis("confirm", auto) == ["identity.verified_rate"]
    assert set(await kpis("confirm", conflict)) > {"identity.coverage", "identity.conflict_rate", *counted}
    moved = await kpis("remap", auto, new_person={"display_name": "Nobody Yet"})
    assert set(moved) >= set(counted)
    assert "identity.coverage" not in moved


async def test_candidates_are_those_an_account_resembles_the_likeliest_first(review: Reviewing) -> None:
    conflict = await review.one("conflict")
    path = f"/team/identities/{conflict['identity']['id']}/candidates"
    found = (await review.viewer.get(path)).json()
    assert conflict["person"] in [one["person"] for one in found]
    assert [one["confidence"] for one in found] == sorted((one["confidence"] for one in found), reverse=True)
    for one in found:
        assert one["rule_trace"]
        assert one["through"]["id"] != conflict["identity"]["id"]
        assert not one["refused"]
    assert (await review.theirs.get(path)).status_code == 404
    await review.post("reject", mapping_id=conflict["id"])
    refused = {one["person"]["id"]: one["refused"] for one in (await review.viewer.get(path)).json()}
    assert refused[conflict["person"]["id"]]


async def test_the_acting_person_is_the_caller(review: Reviewing) -> None:
    conflict = await review.one("conflict")
    forged = await review.post("confirm", mapping_id=conflict["id"], verified_by="the boss")
    assert (forged.status_code, forged.json()["errors"][0]["field"]) == (422, "verified_by")
    as_viewer = await review.viewer.post("/team/identity-mappings/confirm", json={"mapping_id": conflict["id"]})
    assert as_viewer.status_code == 403


async def test_nothing_of_another_organisation_can_be_decided_or_seen(review: Reviewing) -> None:
    conflict = await review.one("conflict")
    body = {"mapping_id": conflict["id"]}
    for action in ("confirm", "reject", "ignore", "reopen", "undo"):
        answer = await review.theirs.post(f"/team/identity-mappings/{action}", json=body)
        assert answer.status_code == 404, (action, answer.text)
    for path in ("", "/history"):
        assert (await review.theirs.get(f"/team/identity-mappings/{conflict['id']}{path}")).status_code == 404
    merge = {"person_id": conflict["person"]["id"], "into_person_id": str(new_id())}
    assert (await review.theirs.post("/team/people/merge", json=merge)).status_code == 404
    assert (await review.one("conflict")) == conflict


async def test_a_decision_sent_twice_under_one_key_is_made_once(review: Reviewing) -> None:
    conflict = await review.one("conflict")
    headers = {"Idempotency-Key": "once-only"}
    body = {"mapping_id": conflict["id"]}
    first, second = [
        await review.ours.post("/team/identity-mappings/confirm", json=body, headers=headers) for _ in range(2)
    ]
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
