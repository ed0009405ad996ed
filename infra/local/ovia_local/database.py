"""From a bare Postgres server to a database in which the services can work and somebody can sign in."""

import asyncio
import getpass
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from uuid import UUID

from cryptography.fernet import Fernet

from ovia_local.state import State
from ovia_shared.admin import operations
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database
from ovia_shared.models.token import Role
from ovia_shared.security import tokens

DATABASE = "ovia"
ORGANISATION = "My organisation"
ISSUED_AS = "make run"
OWNER = "owner"
KEYS_FILE = "ovia_credentials_keys"
URL_FILE = "ovia_database_url"
# Which process works as which role.
ROLES = {"api": "ovia_api", "ingest": "ovia_ingest", "metrics": "ovia_metrics", "rag": "ovia_rag"}
KEEPS_CREDENTIALS = ("api", "ingest")
# Databases every server has, none of which is meant to hold anything.
MAINTENANCE_DATABASES = ("", "postgres", "template1")


@dataclass(frozen=True)
class Access:
    """How a person reaches their data."""

    org_id: UUID
    token: str


async def prepare_all(state: State, admin_dsn: str) -> list[str]:
    """Roles, database, migrations, and a directory of secrets for each process. Returns the migrations
    applied.

    `admin_dsn` is a superuser's; the database it names is used, unless that is one of the server's own.

    Raises:
        OviaError: the server does not answer or refuses.
    """
    named = unquote(urlsplit(admin_dsn).path.lstrip("/"))
    database = DATABASE if named in MAINTENANCE_DATABASES else named
    passwords = {role: state.secret("roles", role) for role in prepare.LOGINS}
    await prepare.prepare_server(admin_dsn, passwords)
    await prepare.prepare_database(admin_dsn, database)
    at_database = prepare.at_database(admin_dsn, database)
    owner = prepare.as_role(at_database, prepare.OWNER, passwords[prepare.OWNER])
    state.hand_over(OWNER, URL_FILE, owner)
    for process, role in ROLES.items():
        state.hand_over(process, URL_FILE, prepare.as_role(at_database, role, passwords[role]))
    # Made once: without them the credentials stored in the database cannot be read again.
    keys = state.secret(OWNER, KEYS_FILE, lambda: Fernet.generate_key().decode())
    for process in KEEPS_CREDENTIALS:
        state.hand_over(process, KEYS_FILE, keys)
    return await asyncio.to_thread(migrate.apply, owner)


async def first_access(state: State) -> Access:
    """The organisation and token of this installation; the same ones as last time while that token works."""
    database = Database(state.secret(OWNER, URL_FILE), size=1, name="ovia-local")
    await database.open()
    try:
        kept = state.secrets_of("operator") / "ovia_token"
        text = kept.read_text() if kept.exists() else ""
        if (parts := tokens.parse(text)) and await _works(database, parts):
            return Access(parts.org_id, text)
        actor = _operator()
        known = await operations.organisations(database)
        organisation = known[0] if known else await operations.create_organisation(database, ORGANISATION, actor=actor)
        _, text = await operations.issue_token(database, organisation.id, name=ISSUED_AS, role=Role.ADMIN, actor=actor)
        state.hand_over("operator", "ovia_token", text)
        return Access(organisation.id, text)
    finally:
        await database.close()


async def _works(database: Database, parts: tokens.TokenParts) -> bool:
    # The state may be older than the database it is used with: a token of another life finds nothing.
    if parts.org_id not in {organisation.id for organisation in await operations.organisations(database)}:
        return False
    issued = {token.id: token for token in await operations.list_tokens(database, parts.org_id)}
    return parts.token_id in issued and issued[parts.token_id].revoked_at is None


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a number that has no name.
        return "operator"
