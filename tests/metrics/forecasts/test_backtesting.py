"""Forecasts of the past, and what came of forecasts of any kind."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from ovia_metrics.forecasts import backtesting
from ovia_metrics.forecasts.backtesting import Plan
from ovia_metrics.forecasts.calibrating import calibrate
from ovia_metrics.forecasts.gathering import Moment, forecast, history_of
from ovia_metrics.forecasts.judging import judge_all
from ovia_metrics.forecasts.making import make
from ovia_metrics.forecasts.scoring_loop import Scorer
from ovia_shared.database import forecast_history, forecasts
from ovia_shared.database.ids import new_id
from ovia_shared.models.forecast import Calibration, Forecast, ForecastFilter, ForecastKind, Question
from ovia_shared.models.kpi import Scope, ScopeKind
from tests.conftest import RoleDsn
from tests.metrics.forecasts.conftest import Past, midnight

PLAN = Plan(runs=1000)
ORGANISATION = Scope(ScopeKind.ORGANISATION)


async def _test(past: Past) -> int:
    wanted = await backtesting.moments(past.database, past.org_id, PLAN)
    return sum([one.added async for one in backtesting.run(past.database, past.org_id, PLAN, wanted)])


async def _kept(past: Past) -> list[Forecast]:
    async with past.database.transaction(past.org_id) as conn:
        return await forecasts.find(conn, past.org_id, ForecastFilter(), None, 1000)


async def _calibration(past: Past, before: datetime | None = None) -> list[Calibration]:
    async with past.database.transaction(past.org_id) as conn:
        moment = before or datetime.now(UTC)
        return calibrate(await forecasts.calibration_counts(conn, past.org_id, moment, None, None))


def _by_chance(past: Past, days: int, seed: int = 3) -> None:
    """A past of week-days on which more or less is done."""
    chance = np.random.default_rng(seed)
    for number in range(days, 0, -1):
        day = midnight(-number)
        for _ in range(int(chance.poisson(0 if day.weekday() > 4 else 3))):
            past.item(day - timedelta(days=5), day + timedelta(hours=14))


async def _make(past: Past, at: datetime, question: ForecastKind, amount: int) -> UUID:
    """A forecast made at a moment: of so many items, or of so many days."""
    async with past.database.transaction(past.org_id) as conn:
        now = datetime.now(UTC)
        resolved = await forecast_history.items_at(conn, past.org_id, ORGANISATION, at)
        own = await forecast_history.own(conn, past.org_id, resolved, now)
        moment = Moment(at=at, known=at, as_of=now, zone=ZoneInfo("UTC"))
        when = question is ForecastKind.WHEN
        made = await forecast(
            await history_of(conn, past.org_id, own, moment, 60),
            Question(
                kind=question, scope=ORGANISATION, items=amount if when else None,
                by=None if when else at.date() + timedelta(days=amount - 1), open_items=None, sampling_days=60,
                runs=1000, seed=1, what_if=None, today=at.date(), today_left=moment.left,
            ),
            moment, forecast_id=new_id(), made_by="a test", backtest=False,
        )  # fmt: skip
        await forecasts.add(conn, past.org_id, made)
        return made.id


async def test_backtests_are_made_judged_and_counted_once(past: Past) -> None:
    _by_chance(past, 200)
    await past.write()
    added = await _test(past)
    kept = await _kept(past)
    assert added == len(kept) >= 10
    assert all(one.backtest and one.made_by == "backtest" and one.base is not None for one in kept)
    assert {one.question.kind for one in kept} == set(ForecastKind)
    assert sum(1 for one in kept if one.outcome is None) <= 1
    assert await _test(past) == 0
    told = await _calibration(past)
    assert sum(one.forecasts for one in told if one.scope_kind is None) >= added - 1
    # A steady source of chance is forecast about as well as promised, and no forecast is kept less often than a bolder.
    for one in told:
        assert one.p50.kept <= one.p85.kept <= one.p95.kept
        assert (one.p85.share or 0) >= 0.5


async def test_a_backtest_knows_nothing_of_what_came_after(past: Past) -> None:
    _by_chance(past, 120)
    await past.write()
    assert await _test(past) > 0
    before = {one.id: one for one in await _kept(past)}
    await past.rows.admin.execute("delete from forecasts")
    # Everything after the first moments becomes another story: more is done, and some of it is opened again.
    first = min(one.made_at for one in before.values())
    for number in range(1, 60):
        past.item(
            first - timedelta(days=3), first + timedelta(days=number % 20, hours=3), until=first + timedelta(days=30)
        )
    await past.write()
    await past.rows.admin.execute(
        """
        update facts set until = $1::timestamptz + interval '7 days'
         where kind = 'work_item.done' and occurred_at < $1
        """,
        first,
    )
    await _test(past)
    after = {one.id: one for one in await _kept(past) if one.made_at == first}
    assert after
    for forecast_id, one in after.items():
        # Items created before, and never seen to be done by then, change nothing either.
        same = msgspec.structs.replace(one.history, created=before[forecast_id].history.created)
        assert msgspec.json.encode(same) == msgspec.json.encode(before[forecast_id].history)
        assert msgspec.json.encode(one.base) == msgspec.json.encode(before[forecast_id].base)
        assert one.outcome != before[forecast_id].outcome


async def test_a_stored_forecast_replays_to_the_same_bytes(past: Past) -> None:
    _by_chance(past, 120)
    await past.write()
    await _test(past)
    for one in await _kept(past):
        again = make(one.history, one.question, [])
        assert msgspec.json.encode(again.base) == msgspec.json.encode(one.base)


async def test_a_sprint_is_forecast_from_when_it_began(past: Past) -> None:
    # Three sprints of eight items of which half are done within a fortnight, and one that is about the same.
    for number, start in enumerate((-100, -80, -60, -40)):
        await past.rows.put("sprints", external_id=str(number), state="closed", start_at=midnight(start))
        for place in range(8):
            done = midnight(start + 1 + 3 * place) if place < 4 else None
            await _plan(past, str(number), past.item(midnight(-110), done))
    late = past.item(midnight(-110), midnight(-38))
    await _plan(past, "3", late, midnight(-39))
    past.item(midnight(-110), midnight(-1))
    await past.write()
    await _test(past)
    told = {one.question.kind: one for one in await _kept(past) if one.question.scope.id.endswith(":3")}
    when, how_many = told[ForecastKind.WHEN], told[ForecastKind.HOW_MANY]
    assert (when.question.items, how_many.question.open_items) == (8, 8)
    assert [one.items for one in when.history.cohorts] == [8, 8, 8]
    # Half of them were never done, so there is no day by which all are; of those asked about, four were in a fortnight.
    assert when.base is not None
    assert (when.base.p50, when.base.p95, when.due_at) == (None, None, None)
    assert how_many.base is not None
    assert 3 <= int(str(how_many.base.p50)) <= 4
    assert how_many.outcome is not None
    assert how_many.outcome.actual == 4
    assert not [one for one in await _kept(past) if one.question.scope.id.endswith((":0", ":1", ":2"))]


async def test_forecasts_are_judged_once_their_question_can_be_answered(past: Past, other_past: Past) -> None:
    past.steady(100)
    await past.write()
    done = await _make(past, midnight(-30), ForecastKind.WHEN, 10)
    far = await _make(past, midnight(-30), ForecastKind.WHEN, 200)
    counted = await _make(past, midnight(-30), ForecastKind.HOW_MANY, 10)
    running = await _make(past, midnight(-2), ForecastKind.HOW_MANY, 30)
    assert await judge_all(other_past.database, other_past.org_id) == (0, 0, 0)
    assert await judge_all(past.database, past.org_id) == (2, 2, 0)
    assert await judge_all(past.database, past.org_id) == (0, 2, 0)
    kept = {one.id: one for one in await _kept(past)}
    outcome = kept[done].outcome
    assert outcome is not None
    assert (outcome.actual, outcome.p50, outcome.p95) == (midnight(-26).date(), True, True)
    outcome = kept[counted].outcome
    assert outcome is not None
    assert (outcome.actual, outcome.p50) == (20, True)
    assert kept[far].outcome is kept[running].outcome is None


async def test_what_was_kept_early_counts_no_sooner_than_what_was_broken(past: Past) -> None:
    past.steady(100)
    await past.write()
    await _make(past, midnight(-30), ForecastKind.WHEN, 10)
    await judge_all(past.database, past.org_id)
    (made,) = await _kept(past)
    assert made.due_at is not None
    assert await _calibration(past, made.due_at - timedelta(seconds=1)) == []
    assert [one.forecasts for one in await _calibration(past, made.due_at)] == [1, 1]


async def test_what_was_not_looked_at_since_is_not_judged(past: Past) -> None:
    past.steady(100)
    await past.write()
    await _make(past, midnight(-30), ForecastKind.HOW_MANY, 10)
    await past.known_until(midnight(-20) + timedelta(hours=23))
    assert await judge_all(past.database, past.org_id) == (0, 1, 0)


async def test_forecasts_of_a_scope_that_is_gone_are_left_as_they_are(past: Past) -> None:
    past.steady(100)
    await past.write()
    await _make(past, midnight(-30), ForecastKind.HOW_MANY, 10)
    await past.rows.admin.execute(
        """update forecasts set scope_kind = 'product',
                  question = jsonb_set(question, '{scope}', '{"kind": "product", "id": "gone"}')"""
    )
    await past.rows.admin.execute(
        "update forecasts set question = jsonb_set(question, '{scope,id}', to_jsonb(gen_random_uuid()))"
    )
    assert await judge_all(past.database, past.org_id) == (0, 0, 1)


async def test_the_service_judges_by_itself(past: Past, role_dsn: RoleDsn) -> None:
    past.steady(100)
    await past.write()
    await _make(past, midnight(-30), ForecastKind.HOW_MANY, 10)
    scorer = Scorer(role_dsn("ovia_metrics"))
    await scorer.start()
    while (await _kept(past))[0].outcome is None:
        await asyncio.sleep(0.05)
    await scorer.stop()


async def test_the_commands_say_what_they_did(past: Past, role_dsn: RoleDsn, tmp_path: Path) -> None:
    past.steady(100)
    await past.write()
    await _make(past, midnight(-30), ForecastKind.HOW_MANY, 10)
    said = []
    for command in (("score-forecasts",), ("backtest", "--organisation", str(past.org_id), "--horizon", "7")):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ovia_metrics.main", *command,
            env={
                "PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
                "OVIA_DATABASE_URL": role_dsn("ovia_metrics"), "OVIA_SECRETS_DIR": str(tmp_path),
            },
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        said.append(out.decode())
    assert f"{past.org_id}: 1 judged, 0 wait, 0 of scopes that are gone" in said[0]
    made = len(await _kept(past)) - 1
    assert made > 2
    assert f"{past.org_id}: {made} forecasts added for {made // 2} moments" in said[1]


async def _plan(past: Past, sprint: str, item: str, added: datetime | None = None) -> None:
    await past.rows.put("sprint_memberships", work_item_external_id=item, sprint_external_id=sprint, added_at=added)
