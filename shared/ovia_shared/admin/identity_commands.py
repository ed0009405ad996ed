"""Commands that look after the log of decisions about who is who."""

import click

from ovia_shared.admin import operations
from ovia_shared.admin.display import as_json_text, json_option
from ovia_shared.admin.session import in_database
from ovia_shared.database import identity_events
from ovia_shared.database.pool import Database

DISAGREES = 1


@click.command("check-identity-log")
@json_option
@click.pass_context
def check_identity_log(context: click.Context, as_json: bool) -> None:
    """Replay the log of decisions of every organisation and compare it with the mappings in force.

    Exit code 0: they agree. 1: they do not, and each difference is named. Changes nothing.
    """

    async def work(database: Database) -> dict[str, list[str]]:
        found = {}
        for organisation in await operations.organisations(database):
            async with database.transaction(organisation.id) as conn:
                found[organisation.name] = await identity_events.disagreements(conn, organisation.id)
        return found

    found = in_database(work)
    if as_json:
        click.echo(as_json_text(found))
    else:
        for name, differences in found.items():
            click.echo(f"{name}: {'the log and the mappings agree' if not differences else ''}")
            for difference in differences:
                click.echo(f"  {difference}")
    context.exit(DISAGREES if any(found.values()) else 0)
