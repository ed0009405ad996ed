"""A preview shows what is counted once the setting is chosen, for every setting and scope; and leaves no trace."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import msgspec
import pytest

from ovia_metrics.settings.choices import KINDS
from ovia_shared.database import knowing
from ovia_shared.database.facts import deriving
from ovia_shared.database.ids import new_id
from ovia_shared.database.kpis.measuring import Question, basis_of, measure
from ovia_shared.database.pool import Database, _prepare
from ovia_shared.models.kpi import Scope, ScopeKind
from ovia_shared.models.setting import OF_FACTS, PreviewStatus, SettingName, SettingPreview
from tests.api.conftest import Organisations
from tests.conftest import OpenDatabase
from tests.facts.conftest import Ledger

NOW = datetime.now(UTC)
ORGANISATION = Scope(ScopeKind.ORGANISATION)
CHOICES: dict[SettingName, dict[str, Any]] = {
    SettingName.CLASSIFICATION: {"bug_types": ["panne"], "bug_labels": ["panne"]},
    SettingName.WORKFLOW: {"categories": {"GLD": {"Testing": "done"}}, "blocked": ["doing"]},
    SettingName.PRODUCTION: {"environments": ["^live$"], "release_branches": "^main$"},
    SettingName.STALENESS: {"days": 2},
    SettingName.HEALTH_WEIGHTS: {"completion": 1, "blocker_age": 0},
    SettingName.RISK_WEIGHTS: {"blockers": 1, "pipelines": 0},
    SettingName.PRIVACY: {"minimum_group": 9},
}
_STATUSES = ("To Do", "Doing", "Testing", "Done")
# Of this organisation: the service derives facts of the other one meanwhile.
_STORED = (
    "select id, kind, known_from, known_to from facts where org_id = $1 order by id",
    "select name, version, settings from derivations where org_id = $1 order by name",
    "select id, known_from, known_to from organisation_settings where org_id = $1 order by id",
)


@pytest.fixture
async def ledger(database_dsn: str, open_database: OpenDatabase, organisations: Organisations) -> AsyncIterator[Ledger]:
    """A year of one organisation's work, derived, with a product and a team of one person."""
    admin = await asyncpg.connect(database_dsn)
    await _prepare(admin)
    made = Ledger(admin, await open_database("ovia_metrics"), organisations[0].id)
    await _a_year(made, await _somebody(made))
    await _derive(made)
    yield made
    await admin.close()


async def _somebody(ledger: Ledger) -> UUID:
    """The account of the team's member; the ids of product and team are those of the account, for the tests."""
    account, person = new_id(), new_id()
    insert = ledger.admin.execute
    await insert(
        "insert into identities (org_id, id, source, external_id) values ($1, $2, 'jira', 'ada')",
        ledger.org_id,
        account,
    )
    await insert("insert into people (org_id, id, display_name) values ($1, $2, 'Ada')", ledger.org_id, person)
    await insert(
        """
        insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version,
                              verified_by, verified_at)
        values ($1, gen_random_uuid(), $2, $3, 'verified', 1, '[]', 'test', 'test', now())
        """,
        ledger.org_id, account, person,
    )  # fmt: skip
    await insert("insert into teams (org_id, id, name) values ($1, $2, 'Wings')", ledger.org_id, account)
    await insert(
        """
        insert into team_memberships (org_id, id, team_id, person_id, valid_from)
        values ($1, gen_random_uuid(), $2, $3, '2020-01-01')
        """,
        ledger.org_id, account, person,
    )  # fmt: skip
    await insert("insert into products (org_id, id, name) values ($1, $2, 'Glider')", ledger.org_id, account)
    return account


async def _a_year(ledger: Ledger, account: UUID) -> None:
    await ledger.put("projects", external_id="1", key="GLD")
    await ledger.put("projects", external_id="2", key="KIT")
    await ledger.admin.execute(
        """
        insert into product_projects (org_id, product_id, connection_id, project_external_id) values ($1, $2, $3, '1')
        """,
        ledger.org_id, account, ledger.connection_id,
    )  # fmt: skip
    for status, category in zip(_STATUSES, ("todo", "in_progress", None, "done"), strict=True):
        await ledger.put("status_definitions", external_id=status, name=status, category=category)
    await ledger.put("environments", external_id="1", name="production", tier=None)
    await ledger.put("environments", external_id="2", name="live", tier=None)
    await ledger.put(
        "merge_requests", external_id="9", number=9, project_external_id="1", author_identity_id=account,
        created_at=NOW - timedelta(days=5),
    )  # fmt: skip
    await ledger.put(
        "sprints", external_id="1", start_at=NOW - timedelta(days=99), completed_at=NOW - timedelta(days=60)
    )
    for number in range(24):
        await _one_piece_of_work(ledger, number, NOW - timedelta(days=15 * number + 10), account)
    await _an_incident(ledger, NOW - timedelta(days=50))


async def _an_incident(ledger: Ledger, at: datetime) -> None:
    """Tested five days later, and mended ten days later: which of them ended it, the workflow says."""
    await ledger.put(
        "work_items", external_id="900", key="GLD-900", type="Incident", created_at=at, status="Testing",
        status_category=None,
    )  # fmt: skip
    await ledger.put(
        "work_item_transitions", work_item_external_id="900", history_external_id="900", from_value="To Do",
        from_text="To Do", to_value="Testing", to_text="Testing", occurred_at=at + timedelta(days=5),
    )  # fmt: skip
    sha = "9" * 40
    await ledger.put(
        "merge_requests", external_id="901", number=901, created_at=at, state="merged", head_sha=sha,
        merged_at=at + timedelta(days=9),
    )  # fmt: skip
    await ledger.put("source_references", subject_external_id="901", target="GLD-900")
    await ledger.put("deployments", external_id="902", sha=sha, finished_at=at + timedelta(days=10))


async def _one_piece_of_work(ledger: Ledger, number: int, at: datetime, account: UUID) -> None:
    """An item that goes through all statuses, its merge request, pipeline and deployment, three days later."""
    project, whose = ("1", account) if number % 3 else ("2", None)
    item, labels, later = str(100 + number), ["panne"] if number % 2 else [], at + timedelta(days=3)
    await ledger.put(
        "work_items", external_id=item, key=f"GLD-{item}", type="Panne" if number % 4 else "Bug", created_at=at,
        project_external_id=project, assignee_identity_id=whose, status="Done", status_category="done", labels=labels,
    )  # fmt: skip
    await ledger.put("sprint_memberships", work_item_external_id=item, sprint_external_id="1", added_at=at)
    for step, status in enumerate(_STATUSES[1:], start=1):
        # Every fifth is still being tested, every seventh not even that.
        if not (status == "Done" and number % 5 == 0) and not (step > 1 and number % 7 == 0):
            await ledger.put(
                "work_item_transitions", work_item_external_id=item, history_external_id=f"{item}{step}",
                from_value=_STATUSES[step - 1], from_text=_STATUSES[step - 1], to_value=status, to_text=status,
                occurred_at=at + timedelta(days=step),
            )  # fmt: skip
    sha = f"{number:040}"
    merged = number % 4 != 0
    await ledger.put(
        "merge_requests", external_id=str(200 + number), number=number, project_external_id=project, created_at=at,
        state="merged" if merged else "open", merged_at=later if merged else None, labels=labels, head_sha=sha,
        author_identity_id=whose, additions=number, deletions=1,
    )  # fmt: skip
    await ledger.put(
        "merge_request_commits", merge_request_external_id=str(200 + number), sha=sha, authored_at=at, committed_at=at
    )
    await ledger.put(
        "pipelines", external_id=str(300 + number), status="failed" if number % 3 == 1 else "success", sha=sha,
        ref="main" if number % 2 else "release/1", project_external_id=project, actor_identity_id=whose,
        created_at=at, started_at=at, finished_at=later,
    )  # fmt: skip
    await ledger.put(
        "deployments", external_id=str(400 + number), sha=sha, finished_at=later, project_external_id=project,
        environment_external_id=str(1 + number % 2), actor_identity_id=whose,
    )  # fmt: skip


async def _preview(
    client: httpx.AsyncClient, name: SettingName, value: dict[str, Any], scope: Scope = ORGANISATION
) -> SettingPreview:
    """Asked for, and asked again until it is finished."""
    wanted = {"value": value, "scope_kind": scope.kind, "scope_id": scope.id}
    answer = await client.post(f"/team/settings/{name}/preview", json=wanted)
    while answer.status_code == 202 or answer.json().get("status") == PreviewStatus.RUNNING:
        answer = await client.get(f"/team/settings/previews/{answer.json()['id']}")
    assert answer.status_code == 200, answer.text
    found = msgspec.convert(answer.json(), SettingPreview)
    assert (found.status, found.error) == (PreviewStatus.DONE, None)
    return found


def _scopes(account: UUID) -> list[Scope]:
    return [
        ORGANISATION,
        Scope(ScopeKind.PRODUCT, str(account)),
        Scope(ScopeKind.TEAM, str(account)),
    ]


async def _team(ledger: Ledger) -> UUID:
    found: UUID = await ledger.admin.fetchval("select id from teams where org_id = $1", ledger.org_id)
    return found


async def _counted(database: Database, org_id: UUID, preview: SettingPreview) -> list[list[tuple[Any, ...]]]:
    """The KPIs of a preview in its months, as they are now."""
    async with database.transaction(org_id) as conn:
        basis, moment = await basis_of(conn, org_id, preview.scope), await knowing.settled(conn)
        assert preview.result is not None
        found = []
        for kpi in preview.result.kpis:
            answers = [
                (
                    await measure(
                        conn,
                        Question(
                            org_id=org_id,
                            kpi=kpi.name,
                            window=point.window,
                            basis=basis,
                            facts_as_of=moment,
                            people_as_of=moment,
                        ),
                    )
                ).answer
                for point in kpi.points
            ]
            found.append([(one.value, one.values, one.n, one.level) for one in answers])
    return found


def _shown(preview: SettingPreview, side: str) -> list[list[tuple[Any, ...]]]:
    assert preview.result is not None
    return [
        [(one.value, one.values, one.n, one.level) for one in (getattr(point, side) for point in kpi.points)]
        for kpi in preview.result.kpis
    ]


async def _choose(client: httpx.AsyncClient, ledger: Ledger, name: SettingName, value: dict[str, Any]) -> None:
    answer = await client.put(f"/team/settings/{name}", json=value, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    await _derive(ledger)


async def _stored(ledger: Ledger) -> list[list[tuple[Any, ...]]]:
    """All that a preview must leave as it was."""
    return [[tuple(row) for row in await ledger.admin.fetch(statement, ledger.org_id)] for statement in _STORED]


async def _derive(ledger: Ledger) -> None:
    """As the service does, and not beside it."""
    async with ledger.database.transaction(ledger.org_id) as conn:
        await deriving.hold(conn, ledger.org_id)
        for family in deriving.FAMILIES:
            await deriving.derive(conn, ledger.org_id, family)


async def test_what_a_preview_shows_is_what_is_counted_afterwards(ours: httpx.AsyncClient, ledger: Ledger) -> None:
    scopes = _scopes(await _team(ledger))
    # One after another, so that the later ones are tried beside what was chosen before.
    for name in KINDS:
        stored = await _stored(ledger)
        wanted = scopes if name in OF_FACTS else scopes[::2]
        previews = [await _preview(ours, name, CHOICES[name], scope) for scope in wanted]
        assert await _stored(ledger) == stored
        for preview in previews:
            assert preview.result is not None
            assert bool(preview.result.facts) == (name in OF_FACTS)
            # What ends with a work item that is done is told too, though it is another family's.
            ends = "deployment.recovered" in {one.kind for one in preview.result.facts}
            assert ends == (name in {SettingName.WORKFLOW, SettingName.PRODUCTION})
            assert all(len(kpi.points) == 12 for kpi in preview.result.kpis)
            assert any(kpi.changed for kpi in preview.result.kpis) == (name is not SettingName.PRIVACY), preview
            assert _shown(preview, "before") == await _counted(ledger.database, ledger.org_id, preview)
        await _choose(ours, ledger, name, CHOICES[name])
        for preview in previews:
            assert _shown(preview, "after") == await _counted(ledger.database, ledger.org_id, preview)


async def test_a_preview_holds_up_no_settings_and_no_reader_and_waits_for_the_deriver(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, ledger: Ledger
) -> None:
    async with ledger.database.transaction(ledger.org_id) as conn:
        await deriving.hold(conn, ledger.org_id)
        wanted = {"value": CHOICES[SettingName.WORKFLOW]}
        answer = await ours.post("/team/settings/workflow/preview", json=wanted)
        assert answer.status_code == 202, answer.text
        assert answer.json()["progress"]["phase"] == "waiting"
        where = answer.headers["location"]
        assert (await ours.post("/team/settings/workflow/preview", json=wanted)).status_code == 409
        assert (await theirs.get(where)).status_code == 404
        # Meanwhile somebody chooses, and what is known stays settled.
        chosen = await ours.put("/team/settings/workflow", json={"blocked": []}, headers={"If-Match": "*"})
        assert chosen.status_code == 200
    while (told := (await ours.get(where)).json())["status"] == "running":
        pass
    assert told["status"] == "done"
    assert told["requested_by"].startswith("manager of")


async def test_a_preview_that_is_broken_off_leaves_nothing_and_says_so(ours: httpx.AsyncClient, ledger: Ledger) -> None:
    stored = await _stored(ledger)
    async with ledger.database.transaction(ledger.org_id) as conn:
        await deriving.hold(conn, ledger.org_id)
        wanted = {"value": CHOICES[SettingName.WORKFLOW]}
        where = (await ours.post("/team/settings/workflow/preview", json=wanted)).headers["location"]
        await ledger.admin.execute(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and application_name = 'ovia-metrics preview'
            """
        )
    while (told := (await ours.get(where)).json())["status"] == "running":
        pass
    assert told["status"] == "failed"
    assert told["error"]
    assert await _stored(ledger) == stored


async def test_a_preview_whose_service_is_gone_is_abandoned_and_the_next_may_begin(
    ours: httpx.AsyncClient, ledger: Ledger
) -> None:
    gone = uuid4()
    await ledger.admin.execute(
        """
        insert into setting_previews (org_id, id, name, value, scope_kind, scope_id, status, phase, requested_by,
                                      heartbeat_at)
        values ($1, $2, 'staleness', '{"days": 3}', 'organisation', '', 'running', 'deriving', 'somebody',
                now() - interval '2 minutes')
        """,
        ledger.org_id, gone,
    )  # fmt: skip
    assert (await ours.get(f"/team/settings/previews/{gone}")).json()["status"] == "abandoned"
    assert (await _preview(ours, SettingName.STALENESS, {"days": 3})).status is PreviewStatus.DONE
    assert (await ours.get(f"/team/settings/previews/{gone}")).json()["status"] == "abandoned"


async def test_what_cannot_be_chosen_is_not_previewed(ours: httpx.AsyncClient) -> None:
    url = "/team/settings/{}/preview"
    assert (await ours.post(url.format("staleness"), json={"value": {"days": 0}})).status_code == 422
    assert (await ours.post(url.format("production"), json={"value": {"fix_branches": "("}})).status_code == 422
    team = {"value": {"days": 3}, "scope_kind": "team", "scope_id": str(uuid4())}
    assert (await ours.post(url.format("staleness"), json=team)).status_code == 404
    assert (await ours.get(f"/team/settings/previews/{uuid4()}")).status_code == 404
