"""`ovia-metrics score-forecasts` and `ovia-metrics backtest`."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ovia_metrics.forecasts import backtesting
from ovia_metrics.forecasts.backtesting import Plan
from ovia_metrics.forecasts.judging import judge_all
from ovia_shared.config.settings import DatabaseSettings, load
from ovia_shared.database import organisations
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError

_organisation = click.option(
    "--organisation", metavar="ID", type=click.UUID, help="For this one only; otherwise for all."
)


@click.command("score-forecasts")
@_organisation
def score_forecasts(*, organisation: UUID | None) -> None:
    """Finds what came of forecasts whose days are over, then exits. The service does so every hour."""
    _run("ovia-metrics score-forecasts", organisation, _score)


@click.command("backtest")
@_organisation
@click.option("--every", default=28, show_default=True, type=click.IntRange(7, 365), help="Days between forecasts.")
@click.option("--horizon", default=14, show_default=True, type=click.IntRange(1, 180), help="Days they look ahead.")
@click.option(
    "--sampling-days", default=90, show_default=True, type=click.IntRange(28, 730), help="Days they look back."
)
def backtest(*, organisation: UUID | None, every: int, horizon: int, sampling_days: int) -> None:
    """Makes forecasts as of past moments and judges them, so that calibration can be told. Twice adds nothing.

    \b
    ovia-metrics backtest
    ovia-metrics backtest --every 14 --horizon 7
    """
    plan = Plan(every=every, horizon=horizon, sampling_days=sampling_days)

    async def test(database: Database, org_id: UUID) -> None:
        await _backtest(database, org_id, plan)

    _run("ovia-metrics backtest", organisation, test)


async def _score(database: Database, org_id: UUID) -> None:
    done = await judge_all(database, org_id)
    click.echo(f"{org_id}: {done.judged:,} judged, {done.waiting:,} wait, {done.gone:,} of scopes that are gone")


async def _backtest(database: Database, org_id: UUID, plan: Plan) -> None:
    wanted = await backtesting.moments(database, org_id, plan)
    added = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("moments", total=len(wanted))
        async for step in backtesting.run(database, org_id, plan, wanted):
            added += step.added
            progress.update(task, advance=1, description=f"{step.scope.kind} {step.at:%Y-%m-%d}")
    click.echo(f"{org_id}: {added:,} forecasts added for {len(wanted):,} moments")


def _run(name: str, wanted: UUID | None, work: Callable[[Database, UUID], Awaitable[None]]) -> None:
    async def run() -> None:
        dsn = load(DatabaseSettings).database_url.get_secret_value()
        database = Database(dsn, size=2, statement_timeout=600, name=name)
        await database.open()
        try:
            async with database.bare_transaction() as conn:
                known = [wanted] if wanted is not None else list(await organisations.ids(conn))
            for org_id in known:
                await work(database, org_id)
        finally:
            await database.close()

    try:
        asyncio.run(run())
    except OviaError as error:
        raise click.ClickException(error.message) from None
