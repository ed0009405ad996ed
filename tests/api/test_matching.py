"""Matching settings, re-matches and corrections of service accounts, over HTTP and beside another organisation."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from ovia_api.matching.settings_routes import THRESHOLDS
from ovia_shared.linking.incremental import link_identities
from ovia_shared.matching import published
from tests.api.conftest import Organisations, Service
from tests.linking.conftest import Accounts, accounts, others

__all__ = ["accounts", "others"]

MAIL = "ada.brandt@fernweh.example.org"
SETTINGS = "/team/matching-settings"


@pytest.fixture
async def manager(service: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**organisations[0].authorization("manager")) as client:
        yield client


@pytest.fixture
async def their_manager(service: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**organisations[1].authorization("manager")) as client:
        yield client


async def choose(client: httpx.AsyncClient, tag: str, **wanted: Any) -> httpx.Response:
    return await client.put(SETTINGS, json=wanted, headers={"If-Match": tag})


async def two_of_one(of: Accounts) -> list[UUID]:
    found = [
        await of.show("Ada Brandt", MAIL),
        await of.show("Ada Brandt", None, source="jira", username="ab17"),
        await of.show("Noor Haddad", "noor@fernweh.example.org"),
    ]
    await link_identities(of.database, of.org_id)
    return found


async def test_settings_are_chosen_by_version_and_keep_to_their_organisation(
    manager: httpx.AsyncClient, their_manager: httpx.AsyncClient, ours: httpx.AsyncClient
) -> None:
    first = await ours.get(SETTINGS)
    assert (first.json(), first.headers["etag"]) == ({"auto": 0.9, "conflict": 0.6, "configuration": "default"}, '"0"')
    changed = await choose(manager, '"0"', auto=0.95)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"1"'), changed.text
    assert (await ours.get(SETTINGS)).json() == {"auto": 0.95, "conflict": 0.6, "configuration": "default"}
    assert (await choose(manager, '"0"', auto=0.9)).status_code == 412
    assert (await manager.put(SETTINGS, json={})).status_code == 428
    assert (await choose(ours, '"1"', auto=0.9)).status_code == 403
    assert (await their_manager.get(SETTINGS)).json()["auto"] == 0.9
    rule = await choose(manager, '"1"', configuration="published")
    assert rule.json() == {"auto": 0.85, "conflict": 0.5, "configuration": "published"}


@pytest.mark.parametrize(
    "wanted",
    [{"auto": 1.5}, {"conflict": 0.9, "auto": 0.8}, {"configuration": "magic"}, {"reject": 0.1}, {"auto": "high"}],
)
async def test_settings_that_make_no_sense_are_refused(wanted: dict[str, Any], manager: httpx.AsyncClient) -> None:
    assert (await choose(manager, "*", **wanted)).status_code in {400, 422}


def test_the_thresholds_of_a_configuration_are_those_it_was_published_with() -> None:
    assert THRESHOLDS["published"] == published.SETTINGS


async def test_a_rematch_is_previewed_and_then_done_exactly(
    manager: httpx.AsyncClient, their_manager: httpx.AsyncClient, accounts: Accounts, others: Accounts
) -> None:
    found = await two_of_one(accounts)
    theirs = await two_of_one(others)
    strict = {"auto": 0.999, "conflict": 0.5}
    before = await accounts.everything()
    preview = await manager.post("/team/matching/preview", json={"settings": strict, "limit": 1})
    assert preview.status_code == 200, preview.text
    body = preview.json()
    assert (len(body["data"]), body["total"], body["next"]) == (1, 1, None)
    assert body["data"][0]["before"]["person_id"] == str(await accounts.person_of(found[0]))
    assert body["rematch"]["counts"]["decided"] == 3
    assert await accounts.everything() == before
    digest = body["rematch"]["digest"]
    # With the settings in force, nothing would change: this digest is of something else.
    assert (await manager.post("/team/matching/apply", json={"digest": digest})).status_code == 412
    assert (await choose(manager, '"0"', **strict)).status_code == 200
    done = await manager.post("/team/matching/apply", json={"digest": digest}, headers={"Idempotency-Key": "1"})
    assert (done.status_code, done.json()) == (200, body["rematch"]), done.text
    again = await manager.post("/team/matching/apply", json={"digest": digest}, headers={"Idempotency-Key": "1"})
    assert (again.status_code, again.json()) == (200, done.json())
    assert (await manager.post("/team/matching/preview", json={})).json()["total"] == 0
    actors = "select distinct actor from identity_events where org_id = $1 and action in ('revise', 'withdraw')"
    assert await accounts.value(actors, accounts.org_id) == "manager of Fernweh Gliders"
    assert await others.person_of(theirs[0]) == await others.person_of(theirs[1]) is not None
    assert (await their_manager.post("/team/matching/preview", json={})).json()["total"] == 0


async def test_a_rematch_is_the_managers(ours: httpx.AsyncClient) -> None:
    assert (await ours.post("/team/matching/preview", json={})).status_code == 403
    assert (await ours.post("/team/matching/apply", json={"digest": "0" * 32})).status_code == 403


async def test_an_account_marked_as_a_machines_loses_its_mapping_and_stays_marked(
    manager: httpx.AsyncClient, their_manager: httpx.AsyncClient, accounts: Accounts
) -> None:
    first, second, _ = await two_of_one(accounts)
    path = f"/team/identities/{second}/service-account"
    said = {"service_account": True, "reason": "it posts the nightly report"}
    assert (await their_manager.post(path, json=said)).status_code == 404
    assert (await their_manager.get(path)).status_code == 404
    marked = await manager.post(path, json=said)
    assert (marked.status_code, marked.json()["service_account_by"]) == (200, "manager of Fernweh Gliders"), marked.text
    assert await accounts.believed(second) == []
    await accounts.show(
        "Ada Brandt-Neumann", None, source="jira", username="ab17", external_id="Ada Brandt <None> ab17"
    )
    await link_identities(accounts.database, accounts.org_id)
    assert await accounts.believed(second) == []
    unmarked = await manager.post(path, json={"service_account": False, "reason": "it is Ada after all"})
    assert unmarked.json()["service_account"] is False
    await link_identities(accounts.database, accounts.org_id)
    assert await accounts.person_of(second) == await accounts.person_of(first)
    events = "select string_agg(action, ' ' order by id) from identity_events where org_id = $1 and identity_id = $2"
    assert await accounts.value(events, accounts.org_id, second) == (
        "link mark_service_account unmark_service_account link"
    )
    # Nor does a source that takes it for a machine overturn what was said.
    await accounts.show(
        "Ada Brandt", None, source="jira", username="ab17", external_id="Ada Brandt <None> ab17",
        service_account=True, machine_reason="an app",
    )  # fmt: skip
    assert (await manager.get(path)).json()["service_account"] is False


async def test_an_account_somebody_verified_is_no_machines(manager: httpx.AsyncClient, accounts: Accounts) -> None:
    first, *_ = await two_of_one(accounts)
    await accounts.set_status(first, "verified")
    path = f"/team/identities/{first}/service-account"
    refused = await manager.post(path, json={"service_account": True, "reason": "a bot"})
    assert (refused.status_code, "verified" in refused.json()["detail"]) == (409, True)
    assert (await manager.post(path, json={"service_account": True, "reason": ""})).status_code == 422
    assert (await manager.get(path)).json()["rule_trace"]


async def test_saying_it_at_the_same_time_as_matching_leaves_one_truth(
    manager: httpx.AsyncClient, accounts: Accounts
) -> None:
    first = await accounts.show("Ada Brandt", MAIL)
    path = f"/team/identities/{first}/service-account"
    said = {"service_account": True, "reason": "a bot"}
    await asyncio.gather(manager.post(path, json=said), link_identities(accounts.database, accounts.org_id))
    await link_identities(accounts.database, accounts.org_id)
    assert await accounts.believed(first) == []
