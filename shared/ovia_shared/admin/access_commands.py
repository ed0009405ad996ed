"""Commands about organisations and their access tokens."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import click

from ovia_shared.admin import operations
from ovia_shared.admin.display import as_json_text, json_option, moment, show
from ovia_shared.admin.moments import Duration, Expiry
from ovia_shared.admin.session import actor_option, in_database
from ovia_shared.database.pool import Database
from ovia_shared.models.organisation import Organisation
from ovia_shared.models.token import Role, Token

organisation_option = click.option("--organisation", required=True, metavar="ID|NAME", help="Whose token.")
expires_option = click.option(
    "--expires", type=Expiry(), metavar="90d|2027-01-31", help="A time from now, or the last day (UTC) it works."
)


@click.command("create-organisation")
@click.argument("name")
@click.option("--time-zone", default="UTC", show_default=True, help="IANA name; days and weeks in reports begin there.")
@actor_option
@json_option
def create_organisation(name: str, time_zone: str, actor: str, as_json: bool) -> None:
    """Make an organisation and print its id.

    \b
    Example:
      ovia admin create-organisation "Fernweh Gliders" --time-zone Europe/Berlin
    """

    async def work(database: Database) -> Organisation:
        return await operations.create_organisation(database, name, actor=actor, time_zone=time_zone)

    made = in_database(work)
    click.echo(as_json_text(made) if as_json else str(made.id))


@click.command("organisations")
@json_option
def organisations(as_json: bool) -> None:
    """List all organisations."""
    known = in_database(operations.organisations)
    show(known, ("id", "name", "time_zone", "created_at"), as_json=as_json, nothing="there is no organisation yet")


@click.command("issue-token")
@organisation_option
@click.option("--name", required=True, help="Who or what uses it: the actor recorded for all it does.")
@click.option(
    "--role",
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="Each may do all that the one before may.",
)
@expires_option
@click.option("--person", type=click.UUID, metavar="ID", help="Whose it is: they may see who looked at their page.")
@actor_option
@json_option
def issue_token(
    organisation: str, name: str, role: str, expires: datetime | None, person: UUID | None, actor: str, as_json: bool
) -> None:
    """Make an access token and print it, once: only its hash is kept.

    The token alone goes to standard output, what is said about it to standard error.

    \b
    Examples:
      ovia admin issue-token --organisation "Fernweh Gliders" --name grafana --role viewer --expires 90d
      ovia admin issue-token --organisation "Fernweh Gliders" --name backup --role admin > token.txt
    """

    async def work(database: Database) -> tuple[Token, str]:
        owner = await operations.find_organisation(database, organisation)
        return await operations.issue_token(
            database, owner.id, name=name, role=role, actor=actor, expires_at=expires, person_id=person
        )

    _print_secret(*in_database(work), as_json=as_json)


@click.command("tokens")
@organisation_option
@json_option
def tokens(organisation: str, as_json: bool) -> None:
    """List an organisation's tokens, without their secrets, which nobody can read back."""

    async def work(database: Database) -> list[Token]:
        owner = await operations.find_organisation(database, organisation)
        return await operations.list_tokens(database, owner.id)

    columns = ("id", "name", "role", "created_at", "created_by", "expires_at", "revoked_at", "last_used_at")
    show(in_database(work), columns, as_json=as_json, nothing="this organisation has no token")


@click.command("revoke-token")
@organisation_option
@click.argument("token", metavar="ID|NAME")
@actor_option
def revoke_token(organisation: str, token: str, actor: str) -> None:
    """End a token now. A name will do where only one usable token has it.

    \b
    Example:
      ovia admin revoke-token --organisation "Fernweh Gliders" grafana
    """

    async def work(database: Database) -> Token:
        org_id, found = await _find(database, organisation, token)
        await operations.revoke_token(database, org_id, found.id, actor=actor)
        return found

    revoked = in_database(work)
    click.echo(f"token {revoked.name} ({revoked.id}) opens nothing any more", err=True)


@click.command("rotate-token")
@organisation_option
@click.argument("token", metavar="ID|NAME")
@click.option("--overlap", type=Duration(), default="0s", show_default=True, help="How long the old one still works.")
@expires_option
@actor_option
@json_option
def rotate_token(
    organisation: str, token: str, overlap: timedelta, expires: datetime | None, actor: str, as_json: bool
) -> None:
    """Replace a token by one with the same name and role, and print the new one, once.

    Without --expires the new one lasts as long as the old one was issued for.

    \b
    Example:
      ovia admin rotate-token --organisation "Fernweh Gliders" grafana --overlap 1h
    """

    async def work(database: Database) -> tuple[Token, str]:
        org_id, found = await _find(database, organisation, token)
        return await operations.rotate_token(
            database, org_id, found.id, actor=actor, overlap=overlap, expires_at=expires
        )

    successor, text = in_database(work)
    if overlap:
        click.echo(f"the old token works until {moment(datetime.now(UTC) + overlap, '')} at the latest", err=True)
    else:
        click.echo("the old token opens nothing any more", err=True)
    _print_secret(successor, text, as_json=as_json)


async def _find(database: Database, organisation: str, token: str) -> tuple[UUID, Token]:
    owner = await operations.find_organisation(database, organisation)
    return owner.id, await operations.find_token(database, owner.id, token)


def _print_secret(token: Token, text: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(
            as_json_text(
                {"id": token.id, "name": token.name, "role": token.role, "expires_at": token.expires_at, "token": text}
            )
        )
        return
    until = moment(token.expires_at, "until it is revoked")
    until = until if token.expires_at is None else f"before {until}"
    click.echo(f"token of {token.name}, role {token.role}, works {until}; it is shown only now:", err=True)
    click.echo(text)
