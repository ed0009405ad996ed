"""Settings about numbers, chosen by version, told with who chose them, and refused where they make no sense."""

from typing import Any

import httpx

from ovia_metrics.settings.choices import KINDS
from ovia_shared.database import organisation_settings
from ovia_shared.database.facts.deriving import settings_in_force
from ovia_shared.database.kpis import measuring
from ovia_shared.models.ask_settings import AskSettings
from tests.api.conftest import Organisations, Service
from tests.conftest import OpenDatabase
from tests.metrics.conftest import Sources


async def choose(client: httpx.AsyncClient, name: str, tag: str, **value: Any) -> httpx.Response:
    return await client.put(f"/team/settings/{name}", json=value, headers={"If-Match": tag})


async def test_every_setting_is_told_with_its_default_and_its_meaning(ours: httpx.AsyncClient) -> None:
    told = (await ours.get("/team/settings")).json()
    assert [one["name"] for one in told] == list(KINDS)
    assert all(one["value"] == one["default"] and one["meaning"] and one["version"] == 0 for one in told)
    one = await ours.get("/team/settings/staleness")
    assert (one.json()["value"], one.headers["etag"]) == ({"days": 7.0}, '"0"')


CHOICES: dict[str, dict[str, Any]] = {
    "classification": {"bug_types": ["Panne"]},
    "workflow": {"categories": {"*": {"In the oven": "in_progress"}}},
    "production": {"environments": ["^live$"]},
    "staleness": {"days": 3},
    "health_weights": {"completion": 1, "blocker_age": 0},
    "risk_weights": {"blockers": 0},
    "privacy": {"minimum_group": 6},
    "ask": {"tokens_per_day": 1000},
}


async def test_what_was_chosen_holds_for_numbers_and_for_this_organisation_only(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, sources: Sources, open_database: OpenDatabase
) -> None:
    database = await open_database("ovia_metrics")
    for name, kind in KINDS.items():
        answer = await choose(ours, name, '"0"', **CHOICES[name])
        assert (answer.status_code, answer.headers["etag"]) == (200, '"1"'), answer.text
        assert answer.json()["value"] == (await ours.get(f"/team/settings/{name}")).json()["value"]
        assert (await theirs.get(f"/team/settings/{name}")).json()["version"] == 0
        async with database.transaction(sources.org_id) as conn:
            facts = await settings_in_force(conn, sources.org_id)
            numbers = await measuring.settings_in_force(conn, sources.org_id)
            asked = await organisation_settings.read(conn, sources.org_id, "ask", AskSettings)
        used = asked if name == "ask" else getattr(facts, name, None) or getattr(numbers, name)
        assert used != kind()


async def test_a_choice_names_the_version_it_was_made_to_and_needs_a_manager(
    ours: httpx.AsyncClient, service: Service, organisations: Organisations
) -> None:
    assert (await choose(ours, "staleness", '"0"', days=3)).status_code == 200
    assert (await choose(ours, "staleness", '"0"', days=4)).status_code == 412
    assert (await ours.put("/team/settings/staleness", json={"days": 4})).status_code == 428
    again = await choose(ours, "staleness", '"1"', days=3)
    assert (again.status_code, again.json()["version"]) == (200, 1)
    async with service.client(**organisations[0].authorization("viewer")) as viewer:
        assert (await choose(viewer, "staleness", '"1"', days=4)).status_code == 403
        assert (await viewer.get("/team/settings/staleness")).json()["value"] == {"days": 3.0}
    assert (await ours.get("/team/settings/colours")).status_code == 422


async def test_who_chose_what_when_is_told_latest_first_and_kept_in_the_audit_log(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, sources: Sources, organisations: Organisations
) -> None:
    for version, days in enumerate((3, 4, 5)):
        assert (await choose(ours, "staleness", f'"{version}"', days=days)).status_code == 200
    first = (await ours.get("/team/settings/staleness/history", params={"limit": 2})).json()
    assert [one["value"]["days"] for one in first["data"]] == [5, 4]
    assert first["total"] == 3
    assert first["data"][0]["until"] is None
    assert first["data"][1]["until"] == first["data"][0]["chosen_at"]
    assert first["data"][0]["chosen_by"] == f"manager of {organisations[0].name}"
    rest = (await ours.get("/team/settings/staleness/history", params={"limit": 2, "cursor": first["next"]})).json()
    assert ([one["value"]["days"] for one in rest["data"]], rest["next"]) == ([3], None)
    assert (await theirs.get("/team/settings/staleness/history")).json()["total"] == 0
    audit = await sources.admin.fetch("select actor, detail from audit_log where subject_kind = 'staleness_setting'")
    assert [one["detail"]["before"]["days"] for one in audit] == [7, 3, 4]
    assert (await ours.get("/team/settings/staleness")).json()["chosen_by"] == audit[-1]["actor"]


async def test_a_choice_sent_twice_under_one_key_happens_once(ours: httpx.AsyncClient) -> None:
    headers = {"If-Match": '"0"', "Idempotency-Key": "once"}
    for _ in range(2):
        answer = await ours.put("/team/settings/privacy", json={"minimum_group": 5}, headers=headers)
        assert (answer.status_code, answer.json()["version"]) == (200, 1), answer.text


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("staleness", {"days": 0.5}, "days"),
    ("staleness", {"days": "three"}, "days"),
    ("staleness", {"day": 3}, "value"),
    ("health_weights", {"completion": -1}, "completion"),
    (
        "risk_weights",
        {"blockers": 0, "pipelines": 0, "stale": 0},
        "value",
    ),
    ("privacy", {"minimum_group": 2.5}, "minimum_group"),
    ("classification", {"bug_types": ["bug", " "]}, "bug_types[1]"),
    ("classification", {"bug_types": "bug"}, "bug_types"),
    ("workflow", {"categories": {"*": {"Doing": "begun"}}}, "categories.*.Doing"),
    ("workflow", {"categories": {"NOWHERE": {"Doing": "done"}}}, "categories.NOWHERE"),
    ("workflow", {"blocked": ["a\0b"]}, "blocked[0]"),
    ("production", {"environments": ["^prod("]}, "environments[0]"),
    ("production", {"environments": ["^prod", r"(a)\1"]}, "environments[1]"),
    ("production", {"release_branches": "(?=x)"}, "release_branches"),
    ("production", {"fix_branches": "x" * 300}, "fix_branches"),
    ("production", {"fix_branches": ""}, "fix_branches"),
    ("production", {"fix_branches": "((((a{1,200}){1,200}){1,200}){1,200}"}, "fix_branches"),
    ("ask", {"model": {"provider": "skynet"}}, "model.provider"),
    ("ask", {"model": {"provider": "openai", "model": "m", "api_key": "sk-1"}}, "model"),
    ("ask", {"model": {"provider": "openai"}}, "model.model"),
    ("ask", {"model": {"provider": "openai", "model": "a\0b"}}, "model.model"),
    ("ask", {"model": {"model": "m"}}, "model.provider"),
    ("ask", {"model": {"provider": "none", "api_version": "\0"}}, "model.api_version"),
    (
        "ask",
        {"model": {"provider": "azure", "model": "m", "base_url": "https://x.openai.azure.com"}},
        "model.api_version",
    ),
    ("ask", {"model": {"provider": "azure", "model": "m", "api_version": "1"}}, "model.base_url"),
    *(
        ("ask", {"model": {"provider": "openai", "model": "m", "base_url": base_url}}, "model.base_url")
        for base_url in (
            "http://169.254.169.254/v1",
            "http://[::ffff:169.254.169.254]/v1",
            "https://user:password@models.example/v1",
            "file:///etc/passwd",
            "https://models.example/v1?key=1",
            "models.example",
        )
    ),
    ("ask", {"embeddings": {"provider": "openai", "model": "m"}}, "embeddings.dimension"),
    ("ask", {"embeddings": {"provider": "openai", "model": "m", "dimension": 100}}, "embeddings.dimension"),
    ("ask", {"embeddings": {"base_url": "https://models.example"}}, "embeddings.provider"),
    ("ask", {"rerank": {"provider": "rerank", "model": "m"}}, "rerank.base_url"),
    ("ask", {"tokens_per_day": -1}, "tokens_per_day"),
    ("ask", {"cost_per_day": "much"}, "cost_per_day"),
]


async def test_what_makes_no_sense_is_refused_and_its_field_is_named(ours: httpx.AsyncClient) -> None:
    for name, value, field in REFUSED:
        answer = await choose(ours, name, "*", **value)
        assert answer.status_code == 422, (value, answer.text)
        assert field in [one["field"] for one in answer.json()["errors"]], (value, answer.text)
    assert {one["version"] for one in (await ours.get("/team/settings")).json()} == {0}


async def test_statuses_are_mapped_for_projects_by_key(ours: httpx.AsyncClient, sources: Sources) -> None:
    connection_id = await sources.connection("jira", "issues")
    await sources.project(connection_id, "1", "GLD", kind="project")
    answer = await choose(ours, "workflow", "*", categories={"GLD": {"Cooling": "done"}})
    assert answer.status_code == 200, answer.text
