"""Commands about the keys that seal the credentials of connections."""

import click
from cryptography.fernet import Fernet

from ovia_shared.admin import operations
from ovia_shared.admin.display import as_json_text, json_option
from ovia_shared.admin.session import actor_option, in_database
from ovia_shared.config.settings import DatabaseSettings, load
from ovia_shared.database.pool import Database
from ovia_shared.errors import BadSettings
from ovia_shared.security.credentials import CredentialsVault


@click.command("make-key")
def make_key() -> None:
    """Print a new key for OVIA_CREDENTIALS_KEYS.

    \b
    Example, a first key as a secret:
      ovia admin make-key | docker secret create ovia_credentials_keys -
    """
    click.echo(Fernet.generate_key().decode())


@click.command("rotate-credentials")
@actor_option
@json_option
def rotate_credentials(actor: str, as_json: bool) -> None:
    """Seal the credentials of all connections anew with the newest key.

    \b
    To replace a key:
      1. put the new one in front:      OVIA_CREDENTIALS_KEYS=new,old   (restart the services)
      2. seal everything with it:       ovia admin rotate-credentials
      3. drop the old one:              OVIA_CREDENTIALS_KEYS=new       (restart the services)
    """
    keys = load(DatabaseSettings).credentials_keys
    if keys is None:
        raise BadSettings("OVIA_CREDENTIALS_KEYS: there is no key; make one with `ovia admin make-key`")
    vault = CredentialsVault(keys.get_secret_value())

    async def work(database: Database) -> dict[str, int]:
        return await operations.rotate_credentials(database, vault, actor=actor)

    resealed = in_database(work)
    if as_json:
        click.echo(as_json_text(resealed))
        return
    for name, count in resealed.items():
        click.echo(f"{name}: {count}")
    click.echo(
        f"credentials of {sum(resealed.values())} connections are sealed with the newest key; older keys can be dropped"
    )
