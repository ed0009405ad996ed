"""What reached production, with which deployment, and which of them did harm."""

from typing import Any

from tests.facts.conftest import Ledger, day

INCIDENT = {"external_id": "90", "key": "GLD-9", "type": "Incident"}


async def _merged(ledger: Ledger, name: str, at: float, **values: Any) -> None:
    await ledger.put(
        "merge_requests",
        external_id=name, state="merged", created_at=day(at - 0.5), merged_at=day(at), head_sha=f"sha {name}", **values,
    )  # fmt: skip


async def _deployed(ledger: Ledger, name: str, at: float, of: str, **values: Any) -> None:
    await ledger.put("deployments", external_id=name, sha=f"sha {of}", finished_at=day(at), **values)


async def _three_of_each(ledger: Ledger) -> None:
    await ledger.put("projects")
    await ledger.put("environments", external_id="1")
    for number in (1, 2, 3):
        await _merged(ledger, f"2{number}", number)
        await _deployed(ledger, f"3{number}", number + 0.25, f"2{number}")


async def _shipped(ledger: Ledger) -> dict[str, str]:
    return {one["entity_id"]: one["attributes"]["deployment"] for one in await ledger.facts("change.shipped")}


async def _outcomes(ledger: Ledger) -> dict[str, Any]:
    return {one["entity_id"]: one["attributes"] for one in await ledger.facts("deployment.finished")}


async def _incident_that_23_mends(ledger: Ledger) -> None:
    await ledger.put("work_items", **INCIDENT, created_at=day(2.3))
    await ledger.put("work_item_keys", work_item_external_id="90", key="GLD-9")
    await ledger.put("source_references", subject_external_id="23", target="GLD-9")


async def test_each_deployment_ships_what_was_merged_since_the_one_before(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await ledger.derive()
    assert await _shipped(ledger) == {"21": "31", "22": "32", "23": "33"}


async def test_what_a_deployment_shipped_that_is_gone_came_with_the_next_one(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await ledger.derive()
    await _deployed(ledger, "32", 2.25, "22", removed_at=day(9))
    await ledger.derive()
    assert await _shipped(ledger) == {"21": "31", "22": "33", "23": "33"}


async def test_a_request_that_was_merged_later_than_believed_takes_its_deployment_along(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await ledger.derive()
    # What was deployed first turns out to have been merged last: it contains the two others.
    await _merged(ledger, "21", 5)
    await ledger.derive()
    assert await _shipped(ledger) == {"21": "31", "22": "31", "23": "31"}


async def test_a_commit_that_nobody_merged_contains_nothing_until_somebody_did(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await _deployed(ledger, "34", 4, "24")
    await ledger.derive()
    assert len(await _shipped(ledger)) == 3
    await _merged(ledger, "24", 3.5)
    await ledger.derive()
    assert (await _shipped(ledger))["24"] == "34"


async def test_the_first_of_two_environments_counts(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await ledger.put("environments", external_id="2", name="production-eu")
    await _deployed(ledger, "39", 1.1, "22", environment_external_id="2")
    await ledger.derive()
    assert await _shipped(ledger) == {"21": "39", "22": "39", "23": "33"}


async def test_a_deployment_before_the_incident_is_to_blame_until_it_is_done(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await _incident_that_23_mends(ledger)
    await ledger.derive()
    outcomes = await _outcomes(ledger)
    assert {name: one["failed"] for name, one in outcomes.items()} == {"31": False, "32": True, "33": False}
    assert [one["key"] for one in outcomes["32"]["incidents"]] == ["GLD-9"]
    assert outcomes["33"]["rework"] is True
    assert [one["value"] for one in await ledger.facts("deployment.recovered")] == [24]


async def test_an_item_that_becomes_an_incident_blames_a_deployment(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await _incident_that_23_mends(ledger)
    await ledger.put("work_items", **{**INCIDENT, "type": "Task"}, created_at=day(2.3))
    await ledger.derive()
    assert not any(one["failed"] for one in (await _outcomes(ledger)).values())
    await ledger.put("work_items", **INCIDENT, created_at=day(2.3))
    await ledger.derive()
    assert (await _outcomes(ledger))["32"]["failed"] is True
    await ledger.put("work_items", **{**INCIDENT, "type": "Task"}, created_at=day(2.3))
    await ledger.derive()
    assert (await _outcomes(ledger))["32"]["failed"] is False


async def test_who_says_that_another_deployment_caused_it_is_believed(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await _incident_that_23_mends(ledger)
    await ledger.derive()
    await ledger.correct("31", ["90"])
    await ledger.derive()
    outcomes = await _outcomes(ledger)
    assert {name: one["failed"] for name, one in outcomes.items()} == {"31": True, "32": False, "33": False}
    assert outcomes["31"]["corrected"] is True
    # Recovered by the same fix, which is still one.
    assert [(one["entity_id"], one["value"]) for one in await ledger.facts("deployment.recovered")] == [("31", 48)]
    assert outcomes["33"]["fix"] is True
    await ledger.correct("31", None)
    await ledger.derive()
    assert (await _outcomes(ledger))["32"]["failed"] is True


async def test_who_says_that_a_deployment_caused_nothing_is_believed(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await _incident_that_23_mends(ledger)
    await ledger.correct("32", [])
    await ledger.derive()
    outcomes = await _outcomes(ledger)
    assert not any(one["failed"] for one in outcomes.values())
    assert outcomes["32"]["corrected"] is True


async def test_what_somebody_says_a_deployment_caused_is_an_incident_whatever_its_type(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await _incident_that_23_mends(ledger)
    await ledger.put("work_items", **{**INCIDENT, "type": "Bug"}, created_at=day(2.3))
    await ledger.derive()
    assert (await _outcomes(ledger))["33"]["fix"] is False
    await ledger.correct("31", ["90"])
    await ledger.derive()
    outcomes = await _outcomes(ledger)
    assert (outcomes["31"]["failed"], outcomes["33"]["fix"]) == (True, True)


async def test_a_rollback_makes_the_one_before_it_a_failure_whatever_is_said(ledger: Ledger) -> None:
    await _three_of_each(ledger)
    await _deployed(ledger, "34", 4, "22")
    await ledger.correct("33", [])
    await ledger.derive()
    outcomes = await _outcomes(ledger)
    assert (outcomes["33"]["failed"], outcomes["34"]["rollback"]) == (True, True)


async def test_releases_count_where_nothing_was_deployed_and_tags_where_nothing_was_released(ledger: Ledger) -> None:
    await ledger.put("projects")
    await ledger.put("environments", external_id="1")
    await _merged(ledger, "21", 1)
    await _merged(ledger, "22", 2)
    for name, tag in (("1:tag:v1.0", "v1.0"), ("1:tag:nightly", "nightly"), ("1:tag:v1.1-rc.1", "v1.1-rc.1")):
        await ledger.put(
            "releases", external_id=name, kind="tag", tag=tag, sha="sha 21", released_at=day(3), created_at=day(3)
        )
    await ledger.derive()
    assert [(one["entity_id"], one["attributes"]["source"]) for one in await ledger.facts("deployment.finished")] == [
        ("1:tag:v1.0", "tags")
    ]
    assert await _shipped(ledger) == {"21": "1:tag:v1.0"}

    await ledger.put("releases", external_id="1:release:1", kind="release", tag="1", sha="sha 22", released_at=day(4))
    await ledger.put("releases", external_id="1:release:2", kind="release", tag="2", sha="sha 22", released=False)
    await ledger.derive()
    assert {name: one["source"] for name, one in (await _outcomes(ledger)).items()} == {"1:release:1": "releases"}
    assert await _shipped(ledger) == {"21": "1:release:1", "22": "1:release:1"}

    await _deployed(ledger, "31", 5, "22")
    await ledger.derive()
    assert {name: one["source"] for name, one in (await _outcomes(ledger)).items()} == {"31": "environments"}


async def test_a_tag_without_a_date_was_made_when_its_commit_was_merged(ledger: Ledger) -> None:
    await ledger.put("projects")
    await ledger.put("releases", external_id="1:tag:v1.0", kind="tag", tag="v1.0", sha="sha 21")
    await ledger.derive()
    assert await ledger.facts() == []
    await _merged(ledger, "21", 1)
    await ledger.derive()
    assert [one["occurred_at"] for one in await ledger.facts("deployment.finished")] == [day(1)]
