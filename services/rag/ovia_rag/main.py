"""`ovia-rag`: the service, and commands that work on what it searches."""

import asyncio
from uuid import UUID

import click
from litestar import Litestar

from ovia_rag import app
from ovia_rag.chunking import language
from ovia_rag.indexing import command
from ovia_rag.indexing.choosing import chosen_among
from ovia_rag.indexing.watching import Watcher
from ovia_rag.planning import planner
from ovia_rag.providers.choosing import Providers
from ovia_shared.config.providers import ProviderKeys
from ovia_shared.config.settings import DatabaseSettings, HttpServiceSettings, load
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError
from ovia_shared.web.serve import run


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Answers questions over HTTP and keeps what it searches up to date; or does what the command says."""
    if context.invoked_subcommand is None:
        run(app.SERVICE, HttpServiceSettings, create)


@main.command("index")
@click.option("--rebuild", is_flag=True, help="Read, cut and count everything anew; the old answers until then.")
@click.option("--organisation", metavar="ID", type=click.UUID, help="For this one only; otherwise for all.")
def index(*, rebuild: bool, organisation: UUID | None) -> None:
    """Brings the index up to date, then exits. Doing it twice changes nothing.

    \b
    ovia-rag index
    ovia-rag index --rebuild
    """
    try:
        asyncio.run(_index(load(DatabaseSettings), load(ProviderKeys), organisation, rebuild=rebuild))
    except OviaError as error:
        raise click.ClickException(error.message) from None


def create(settings: HttpServiceSettings) -> Litestar:
    """The service, with whoever keeps its index up to date, unless it is to answer requests only."""
    dsn = settings.database_url.get_secret_value()
    spending = _spending(dsn)
    providers = Providers(load(ProviderKeys), spending)
    made = app.create(settings, providers)
    made.on_startup += [_prepare, spending.open]
    made.on_shutdown += [providers.close, spending.close]
    if settings.background:
        watcher = Watcher(dsn, chosen_among(providers))
        made.on_startup.append(watcher.start)
        made.on_shutdown.insert(0, watcher.stop)
        made.state.draining.tell(watcher.finish)
    return made


async def _prepare() -> None:
    """Before the first question and the first text, rather than in them: a service that cannot is not started."""
    await asyncio.to_thread(planner.prepare)
    await asyncio.to_thread(language.prepare)


async def _index(settings: DatabaseSettings, keys: ProviderKeys, organisation: UUID | None, *, rebuild: bool) -> None:
    spending = _spending(settings.database_url.get_secret_value())
    await spending.open()
    try:
        async with Providers(keys, spending) as providers:
            await command.run(settings, chosen_among(providers), organisation, rebuild=rebuild)
    finally:
        await spending.close()


def _spending(dsn: str) -> Database:
    """Budgets are asked while other transactions wait for the answer."""
    return Database(dsn, size=2, name="ovia-rag spending")


if __name__ == "__main__":
    main()
