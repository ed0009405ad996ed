"""Commands that make the database and bring its schema up to date."""

import asyncio
import time

import click

from ovia_shared.admin.display import as_json_text, json_option
from ovia_shared.admin.session import must_be_owner
from ovia_shared.config.settings import DatabaseSettings, PrepareSettings, load
from ovia_shared.database import migrate as migrations
from ovia_shared.database import prepare
from ovia_shared.database.pool import connected
from ovia_shared.errors import BadSettings, Unavailable

NOT_CURRENT = 1


@click.command("prepare-database")
@click.option("--database", default="ovia", show_default=True, help="The database to make if it is missing.")
def prepare_database(database: str) -> None:
    """Make the roles, the database and the vector extension. Safe to run again.

    Needs a superuser: OVIA_ADMIN_DATABASE_URL, to any database of the server. The roles get the passwords in
    OVIA_OWNER_PASSWORD, OVIA_API_PASSWORD, OVIA_INGEST_PASSWORD, OVIA_METRICS_PASSWORD and OVIA_RAG_PASSWORD, or in
    secret files of those names in lower case; a role without one keeps the password it has.
    """
    settings = load(PrepareSettings)
    passwords = settings.role_passwords()
    dsn = settings.admin_database_url.get_secret_value()

    async def run() -> None:
        await prepare.prepare_server(dsn, passwords)
        await prepare.prepare_database(dsn, database)

    asyncio.run(run())
    click.echo(f"database {database} and its roles are ready; next: ovia admin migrate", err=True)
    without = [role for role in prepare.LOGINS if role not in passwords]
    if without:
        click.echo(f"no password was given for {', '.join(without)}: left as it was", err=True)


@click.command("deploy-database")
@click.option("--database", default="ovia", show_default=True, help="The database to make if it is missing.")
@click.option("--patience", default=300.0, show_default=True, help="Seconds to wait for the server to answer.")
def deploy_database(database: str, patience: float) -> None:
    """Wait for the server, then make roles and database and apply what is missing. Safe to run again.

    What a deployment runs beside every version. The settings are those of prepare-database; the passwords of all roles
    but ovia_monitor have to be there, as the schema is migrated by its owner.
    """
    settings = load(PrepareSettings)
    passwords = settings.role_passwords()
    if lacking := [role.upper() + "_PASSWORD" for role in prepare.LOGINS if role not in passwords]:
        raise BadSettings(f"bad settings: {', '.join(lacking)}: field required")
    dsn = settings.admin_database_url.get_secret_value()

    async def run() -> None:
        await _answering(dsn, patience)
        await prepare.prepare_server(dsn, passwords)
        await prepare.prepare_database(dsn, database)

    asyncio.run(run())
    owner = prepare.as_role(prepare.at_database(dsn, database), prepare.OWNER, passwords[prepare.OWNER])
    _say(migrations.apply(owner), "applied", "nothing to apply: the schema is current", as_json=False)


async def _answering(dsn: str, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            async with connected(dsn):
                return
        except Unavailable:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(1)


@click.command("migrate")
@click.option("--check", is_flag=True, help="Change nothing; say what is missing, and exit with 1 if anything is.")
@json_option
@click.pass_context
def migrate(context: click.Context, check: bool, as_json: bool) -> None:
    """Bring the schema up to date. Waits for another migration under way; run again, it does nothing.

    Services may go on meanwhile: a migration waits for the tables it changes for three seconds at a time, and gives up
    after five minutes.

    \b
    Examples:
      ovia admin migrate
      ovia admin migrate --check
    """
    dsn = load(DatabaseSettings).database_url.get_secret_value()

    async def look() -> list[str]:
        async with connected(dsn) as conn:
            await must_be_owner(conn)
            return await migrations.missing(conn)

    missing = asyncio.run(look())
    if not check:
        _say(
            migrations.apply(dsn, waiting=_waits), "applied", "nothing to apply: the schema is current", as_json=as_json
        )
        return
    _say(missing, "missing", "the schema is current", as_json=as_json)
    if missing:
        context.exit(NOT_CURRENT)


def _waits(name: str) -> None:
    click.echo(f"{name} waits for a table that is in use; trying again", err=True)


def _say(names: list[str], what: str, otherwise: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(as_json_text({what: names}))
    elif names:
        for name in names:
            click.echo(f"{what}: {name}")
    else:
        click.echo(otherwise)
