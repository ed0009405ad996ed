"""A preview shows what is counted once the setting is chosen, for every setting and scope; and leaves no trace."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import msgspec
import pytest

from ovia_metrics.settings import choices
from ovia_metrics.settings.comparing import Tried, compare
from ovia_shared.database import knowing
from ovia_shared.database.facts import deriving
from ovia_shared.database.kpis.measuring import Question, basis_of, measure
from ovia_shared.database.pool import Database, _prepare
from ovia_shared.models.kpi import Scope, ScopeKind
from ovia_shared.models.setting import OF_FACTS, PreviewProgress, PreviewStatus, SettingName, SettingPreview
from tests.api.conftest import Organisations
from tests.conftest import OpenDatabase
from tests.facts.conftest import Ledger
from tests.metrics.a_year import a_year, somebody

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
    await a_year(made, await somebody(made))
    await _derive(made)
    yield made
    await admin.close()


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
    for name, value in CHOICES.items():
        stored = await _stored(ledger)
        wanted = scopes if name in OF_FACTS else scopes[::2]
        previews = [await _preview(ours, name, value, scope) for scope in wanted]
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
        await _choose(ours, ledger, name, value)
        for preview in previews:
            assert _shown(preview, "after") == await _counted(ledger.database, ledger.org_id, preview)


async def test_while_a_preview_is_computed_settings_are_chosen_and_numbers_are_as_fresh_as_ever(
    ours: httpx.AsyncClient, ledger: Ledger
) -> None:
    org_id = ledger.org_id
    looked: list[bool] = []

    async def look(progress: PreviewProgress) -> None:
        if progress.phase == "counting" and not looked:
            async with ledger.database.transaction(org_id) as other:
                began = await knowing.clock(other)
                looked.append(await knowing.settled(other) >= began)
            answer = await ours.put("/team/settings/workflow", json={"blocked": []}, headers={"If-Match": "*"})
            looked.append(answer.status_code == 200)
            looked.append((await ours.get("/team/kpi/throughput.work_items")).status_code == 200)

    value = choices.read(SettingName.WORKFLOW, CHOICES[SettingName.WORKFLOW])
    facts = (await _stored(ledger))[0]
    holding, trying = await ledger.database.begin(), await ledger.database.begin()
    try:
        for one in (holding.conn, trying.conn):
            await one.execute("select set_config('ovia.org_id', $1, true)", str(org_id))
        await deriving.hold(holding.conn, org_id)
        tried = Tried(org_id=org_id, name=SettingName.WORKFLOW, value=value, scope=ORGANISATION)
        result = await compare(trying.conn, tried, look)
        assert looked == [True, True, True]
        assert result.facts
    finally:
        await trying.rollback()
        assert (await _stored(ledger))[0] == facts
        await holding.rollback()


async def test_a_preview_goes_on_when_whoever_asked_goes_away_and_leaves_nothing(
    ours: httpx.AsyncClient, ledger: Ledger
) -> None:
    stored = await _stored(ledger)
    status = "select status from setting_previews where org_id = $1"
    async with ledger.database.transaction(ledger.org_id) as conn:
        await deriving.hold(conn, ledger.org_id)
        wanted = {"value": CHOICES[SettingName.WORKFLOW]}
        asking = asyncio.create_task(ours.post("/team/settings/workflow/preview", json=wanted))
        while await ledger.admin.fetchval(status, ledger.org_id) is None:
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    while (told := await ledger.admin.fetchval(status, ledger.org_id)) == "running":
        await asyncio.sleep(0)
    assert told == "done"
    assert await _stored(ledger) == stored


async def test_a_preview_waits_for_the_deriver_and_one_that_is_broken_off_leaves_nothing_and_says_so(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, ledger: Ledger
) -> None:
    stored = await _stored(ledger)
    async with ledger.database.transaction(ledger.org_id) as conn:
        await deriving.hold(conn, ledger.org_id)
        wanted = {"value": CHOICES[SettingName.WORKFLOW]}
        answer = await ours.post("/team/settings/workflow/preview", json=wanted)
        assert answer.status_code == 202, answer.text
        assert answer.json()["progress"]["phase"] == "waiting"
        assert answer.json()["requested_by"].startswith("manager of")
        where = answer.headers["location"]
        assert (await ours.post("/team/settings/workflow/preview", json=wanted)).status_code == 409
        assert (await theirs.get(where)).status_code == 404
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
    assert (await ours.post(url.format("ask"), json={"value": {"tokens_per_day": 1}})).status_code == 422
    team = {"value": {"days": 3}, "scope_kind": "team", "scope_id": str(uuid4())}
    assert (await ours.post(url.format("staleness"), json=team)).status_code == 404
    assert (await ours.get(f"/team/settings/previews/{uuid4()}")).status_code == 404
