"""What is wrong with the data, told to those who ask: each list worst first, and what to do about it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from ovia_shared.database import quality
from ovia_shared.database.ids import new_id
from ovia_shared.kpis.quality import quality_of
from ovia_shared.models.product import ProjectKey
from tests.conftest import OpenDatabase
from tests.metrics.conftest import Sources

ROOTS = ("projects", "users")
EACH = ("merge_requests", "issues", "pipelines", "deployments", "environments", "releases", "tags")


async def _gitlab(sources: Sources, *projects: str) -> UUID:
    """A GitLab that was read completely, with these projects."""
    connection_id = await sources.connection("gitlab", "code")
    for stream in ROOTS:
        await sources.partition(connection_id, stream)
    for project in projects:
        await sources.project(connection_id, project, f"group/{project}")
        for stream in EACH:
            await sources.partition(connection_id, stream, project)
    return connection_id


async def _told(client: httpx.AsyncClient) -> Any:
    answer = await client.get("/data-quality")
    assert answer.status_code == 200, answer.text
    return answer.json()


def _stream(told: Any, name: str) -> Any:
    return next(one for one in told["streams"] if one["stream"] == name)


async def test_an_organisation_without_sources_knows_nothing_and_is_told_what_to_do(ours: httpx.AsyncClient) -> None:
    told = await _told(ours)
    assert told["quality"]["score"] is None
    assert told["quality"]["reasons"][0]["code"] == "no_source"
    assert told["streams"] == told["accounts"] == []
    assert {one["family"] for one in told["derivations"]} >= {"merge_requests", "work_items", "deployments"}
    assert told["unmapped_statuses"] == {"total": 0, "data": [], "what_to_do": None}


async def test_streams_are_told_worst_first_and_what_to_do_about_each(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, sources: Sources
) -> None:
    connection_id = await _gitlab(sources, "1", "2")
    await sources.admin.execute(
        """
        update sync_partitions
           set consecutive_failures = 1, last_success_at = now() - interval '2 days', last_error = 'no route'
         where org_id = $1 and stream = 'pipelines' and scope = '2'
        """,
        sources.org_id,
    )
    await sources.letter(connection_id, "issues", "7")
    await sources.work_item(connection_id, "1")
    told = await _told(ours)
    assert {one["stream"] for one in told["streams"][:2]} == {"issues", "pipelines"}
    pipelines = _stream(told, "pipelines")
    assert (pipelines["partitions"], pipelines["complete"], pipelines["failing"]) == (2, 1, 1)
    assert pipelines["lag_seconds"] >= 2 * 86400
    assert {one["code"] for one in pipelines["reasons"]} == {"failing", "behind"}
    assert f"/connections/{connection_id}/resync" in str(pipelines["reasons"])
    assert _stream(told, "issues")["dead_letters"] == 1
    assert _stream(told, "issues")["reasons"][0]["what_to_do"].startswith("see them at GET /sync/dead-letters")
    # One of sixteen partitions fails, and half of the issues were not understood.
    assert round(told["quality"]["completeness"], 9) == round(15 / 16 / 2, 9)
    assert (await _told(theirs))["streams"] == []


async def test_a_project_whose_streams_nobody_planned_to_read_is_missing(
    ours: httpx.AsyncClient, sources: Sources
) -> None:
    connection_id = await _gitlab(sources, "1")
    await sources.project(connection_id, "2", "group/2")
    merge_requests = _stream(await _told(ours), "merge_requests")
    assert (merge_requests["partitions"], merge_requests["never_read"]) == (2, 1)
    assert merge_requests["lag_seconds"] is None


async def test_what_the_source_no_longer_has_is_not_missing_and_what_it_hides_is(
    ours: httpx.AsyncClient, sources: Sources
) -> None:
    connection_id = await _gitlab(sources, "1")
    await sources.project(connection_id, "2", "group/2", removed_at=datetime.now(UTC))
    await sources.project(connection_id, "3", "group/3", access_lost_at=datetime.now(UTC))
    merge_requests = _stream(await _told(ours), "merge_requests")
    assert (merge_requests["partitions"], merge_requests["stopped"]) == (2, {"access_lost": 1})
    assert [one["code"] for one in merge_requests["reasons"]] == ["access_lost"]


async def test_counts_hold_what_was_sent_against_what_we_have(ours: httpx.AsyncClient, sources: Sources) -> None:
    connection_id = await _gitlab(sources, "1")
    await sources.work_item(connection_id, "1")
    for external_id, version in (("1", "a"), ("1", "b"), ("2", "a")):
        await sources.raw(connection_id, "issues", external_id, version)
    await sources.admin.execute(
        """
        update sync_partitions set records_done = 9, records_total = 10
         where org_id = $1 and stream = 'merge_requests'
        """,
        sources.org_id,
    )
    told = await _told(ours)
    issues, merge_requests = _stream(told, "issues"), _stream(told, "merge_requests")
    assert (issues["sent"], issues["ours"]) == (2, 1)
    assert issues["reasons"][0]["code"] == "counts_differ"
    assert (merge_requests["announced"], merge_requests["read"]) == (10, 9)
    assert merge_requests["reasons"][0]["detail"] == "code announced 10 merge_requests, and sent 9"


async def test_accounts_are_told_by_source_those_of_machines_and_of_the_departed_left_out(
    ours: httpx.AsyncClient, sources: Sources
) -> None:
    await _gitlab(sources, "1")
    person = new_id()
    await sources.put("people", id=person, display_name="Ada")
    for number, attributes in enumerate(({}, {"active": True}, {"active": False}, {})):
        identity = new_id()
        await sources.put(
            "identities", id=identity, source="gitlab", external_id=str(number), attributes=attributes,
            service_account=number == 3,
        )  # fmt: skip
        if number == 0:
            await sources.put(
                "mappings", id=new_id(), identity_id=identity, person_id=person, status="auto", confidence=0.95,
                rule_trace=[], engine_version="test",
            )  # fmt: skip
    told = await _told(ours)
    assert [(one["source"], one["accounts"], one["mapped"]) for one in told["accounts"]] == [("gitlab", 2, 1)]
    assert told["accounts"][0]["coverage"] == told["quality"]["coverage"] == 0.5
    assert "source=gitlab" in told["accounts"][0]["what_to_do"]


async def test_a_status_without_a_category_is_told_until_the_setting_gives_it_one(
    ours: httpx.AsyncClient, sources: Sources
) -> None:
    connection_id = await _gitlab(sources, "1")
    await sources.work_item(connection_id, "1", status="In the oven")
    await sources.work_item(connection_id, "2", status="In the oven")
    await sources.work_item(connection_id, "3", status="Cooling")
    await sources.work_item(connection_id, "4", status="Done", status_category="done")
    await sources.put(
        "organisation_settings", id=new_id(), name="workflow", actor="test",
        value={"categories": {"group/1": {"Cooling": "done"}}},
    )  # fmt: skip
    gap = (await _told(ours))["unmapped_statuses"]
    assert gap["total"] == 1
    assert [(one["project"], one["status"], one["items"]) for one in gap["data"]] == [("group/1", "In the oven", 2)]
    assert gap["what_to_do"].startswith("say what they mean: PUT /team/settings/workflow")


async def test_products_projects_and_teams_that_lack_each_other_are_told(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, sources: Sources
) -> None:
    connection_id = await _gitlab(sources, "1", "2")
    full, empty, person = new_id(), new_id(), new_id()
    await sources.put("products", id=full, name="Glider")
    await sources.put("products", id=empty, name="Kite")
    await sources.put("product_projects", product_id=full, connection_id=connection_id, project_external_id="1")
    await sources.put("people", id=person, display_name="Ada")
    above, below, former = new_id(), new_id(), new_id()
    await sources.put("teams", id=above, name="Above")
    await sources.put("teams", id=below, name="Below", parent_id=above)
    await sources.put("teams", id=former, name="Former")
    now = datetime.now(UTC)
    since = now - timedelta(days=9)
    await sources.put("team_memberships", id=new_id(), team_id=below, person_id=person, valid_from=since)
    await sources.put(
        "team_memberships", id=new_id(), team_id=former, person_id=person, valid_from=since,
        valid_to=now - timedelta(days=1),
    )  # fmt: skip
    told = await _told(ours)
    assert [one["name"] for one in told["products_without_projects"]["data"]] == ["Kite"]
    assert [one["key"] for one in told["projects_without_product"]["data"]] == ["group/2"]
    assert [one["name"] for one in told["teams_without_members"]["data"]] == ["Former"]
    told = await _told(theirs)
    assert told["projects_without_product"]["total"] == told["teams_without_members"]["total"] == 0


async def test_a_derivation_that_fails_is_told_with_its_error(ours: httpx.AsyncClient, sources: Sources) -> None:
    await sources.admin.execute(
        """
        insert into derivations (org_id, name, version, settings, seen_until, seen_below, started_at, finished_at,
                                 added, closed, error, error_at)
        values ($1, 'pipelines', 1, '{}', now(), '1', now(), now(), 0, 0, 'division by zero', now())
            on conflict (org_id, name) do update set error = excluded.error, error_at = excluded.error_at
        """,
        sources.org_id,
    )
    first = (await _told(ours))["derivations"][0]
    assert (first["family"], first["error"]) == ("pipelines", "division by zero")
    assert "ovia-metrics derive" in first["what_to_do"]


async def test_signals_of_a_paused_or_removed_connection_still_count(
    sources: Sources, open_database: OpenDatabase
) -> None:
    connection_id = await _gitlab(sources, "1")
    database = await open_database("ovia_metrics")
    late = datetime.now(UTC) + timedelta(hours=25)
    for status, code in (("paused", "paused"), ("removed", "removed")):
        await sources.admin.execute("update connections set status = $2 where id = $1", connection_id, status)
        async with database.transaction(sources.org_id) as conn:
            known = await quality.signals(conn, sources.org_id)
        found = quality_of(known, ("merge_request.merged",), [ProjectKey(connection_id, "1")], late)
        assert code in {one.code for one in found.reasons}
        assert found.freshness is not None
        assert found.freshness < 0.6
    await sources.admin.execute("update connections set status = 'deleting' where id = $1", connection_id)
    async with database.transaction(sources.org_id) as conn:
        assert (await quality.signals(conn, sources.org_id)).partitions == ()
