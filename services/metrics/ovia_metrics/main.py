"""`ovia-metrics`: the service, and commands that work on its facts."""

import asyncio
from uuid import UUID

import click
from litestar import Litestar

from ovia_metrics import app
from ovia_metrics.facts.organisation import derive_facts
from ovia_metrics.facts.watching import Watcher
from ovia_metrics.forecasts.commands import backtest, score_forecasts
from ovia_metrics.forecasts.scoring_loop import Scorer
from ovia_metrics.snapshots.backfill_command import backfill
from ovia_metrics.snapshots.keeping import Keeper
from ovia_shared.config.settings import DatabaseSettings, HttpServiceSettings, load
from ovia_shared.database import organisations
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.describing import document
from ovia_shared.web.serve import run


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Serves KPIs over HTTP and keeps their facts up to date; or does what the command says."""
    if context.invoked_subcommand is None:
        run(app.SERVICE, HttpServiceSettings, create)


@main.command("derive")
@click.option("--from-scratch", is_flag=True, help="Look at everything, whether it changed or not.")
@click.option("--organisation", metavar="ID", type=click.UUID, help="For this one only; otherwise for all.")
def derive(*, from_scratch: bool, organisation: UUID | None) -> None:
    """Derives facts from what was read, then exits. Doing it twice changes nothing.

    \b
    ovia-metrics derive
    ovia-metrics derive --from-scratch
    """
    try:
        settings = load(DatabaseSettings)
        asyncio.run(_derive(settings.database_url.get_secret_value(), organisation, from_scratch=from_scratch))
    except OviaError as error:
        raise click.ClickException(error.message) from None


@main.command("backfill")
@click.option("--organisation", metavar="ID", type=click.UUID, help="For this one only; otherwise for all.")
def backfill_history(*, organisation: UUID | None) -> None:
    """Counts weeks and months of all history that are not kept ready yet or no longer hold, then exits.

    \b
    ovia-metrics backfill
    """
    try:
        settings = load(DatabaseSettings)
        asyncio.run(backfill(settings.database_url.get_secret_value(), organisation))
    except OviaError as error:
        raise click.ClickException(error.message) from None


@main.command("catalogue")
def catalogue() -> None:
    """Writes docs/kpis.md, which is made from the catalogue: `ovia-metrics catalogue > docs/kpis.md`."""
    click.echo(document(CATALOGUE.values()), nl=False)


main.add_command(score_forecasts)
main.add_command(backtest)


def create(settings: HttpServiceSettings) -> Litestar:
    """The service, with whoever keeps its facts and its snapshots up to date, unless it is to answer requests only."""
    made = app.create(settings)
    if not settings.background:
        return made
    dsn = settings.database_url.get_secret_value()
    keeper = Keeper(dsn)
    watcher = Watcher(dsn, changed=keeper.wake)
    made.on_startup += [watcher.start, keeper.start]
    made.on_shutdown += [keeper.stop, watcher.stop]
    scorer = Scorer(dsn)
    made.on_startup.append(scorer.start)
    made.on_shutdown.append(scorer.stop)
    for loop in (watcher, keeper, scorer):
        made.state.draining.tell(loop.finish)
    return made


async def _derive(dsn: str, wanted: UUID | None, *, from_scratch: bool) -> None:
    database = Database(dsn, size=2, statement_timeout=3600, name="ovia-metrics derive")
    await database.open()
    try:
        async with database.bare_transaction() as conn:
            known = [wanted] if wanted is not None else list(await organisations.ids(conn))
        for org_id in known:
            done = await derive_facts(database, org_id, from_scratch=from_scratch)
            if done is None:
                raise click.ClickException(f"facts of {org_id} are being derived by somebody else; try again later")
            for one in done:
                click.echo(f"{one.family}: {one.added:,} added, {one.closed:,} closed in {one.seconds:.1f} s")
    finally:
        await database.close()


if __name__ == "__main__":
    main()
