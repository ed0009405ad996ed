"""Connections that the environment gives: kept in the database like those made over HTTP."""

from typing import Any
from uuid import UUID

import msgspec
from pydantic import SecretStr

from ovia_ingest import progress
from ovia_shared.config import sources
from ovia_shared.config.sources import SourceEnvironment
from ovia_shared.database import connections, planning
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import BadSettings
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import Deployment, SourceCredentials, SourceSettings
from ovia_shared.security.credentials import CredentialsVault

_NAMES = {ConnectionKind.JIRA: "Jira", ConnectionKind.GITLAB: "GitLab", ConnectionKind.CONFLUENCE: "Confluence"}


class Given(msgspec.Struct, frozen=True):
    """A connection of the environment."""

    kind: ConnectionKind
    base_url: str
    settings: SourceSettings
    credentials: SourceCredentials


def given() -> list[Given]:
    """The connections of the environment. Raises `BadSettings` naming what is missing or wrong."""
    found = []
    if (jira := sources.jira()) is not None:
        found.append(_given(ConnectionKind.JIRA, jira, jira.project_keys, jira.api_token, jira.email))
    if (gitlab := sources.gitlab()) is not None:
        found.append(_given(ConnectionKind.GITLAB, gitlab, gitlab.projects, gitlab.private_token, None))
    if (confluence := sources.confluence()) is not None:
        found.append(
            _given(ConnectionKind.CONFLUENCE, confluence, confluence.space_keys, confluence.api_token, confluence.email)
        )
    return found


async def configure(database: Database, org_id: UUID, keys: SecretStr | None, sample: bool) -> list[UUID]:
    """Stores the environment's connections; those known by their address take the settings and the token over.

    Sources of one's own end the reading of sample data.
    """
    wanted = given()
    if wanted and keys is None:
        raise BadSettings(
            "OVIA_CREDENTIALS_KEYS is missing: it encrypts the tokens of connections (`ovia admin make-key` makes one)"
        )
    ids = []
    if wanted and not sample:
        async with database.transaction(org_id) as conn:
            await planning.pause_sample_data(conn, org_id)
    for one in wanted:
        assert keys is not None
        settings: Any = msgspec.to_builtins(msgspec.structs.replace(one.settings, sample=sample))
        async with database.transaction(org_id) as conn:
            connection_id = await planning.configure(conn, org_id, one.kind, _NAMES[one.kind], one.base_url, settings)
            if connection_id is None:
                progress.say(
                    f"{one.base_url} was removed as a connection and is not read. Take {one.kind.upper()}_BASE_URL "
                    "out of the environment, or add the connection again over HTTP."
                )
                continue
            await _keep_secrets(conn, org_id, connection_id, CredentialsVault(keys.get_secret_value()), one.credentials)
        ids.append(connection_id)
    return ids


async def _keep_secrets(
    conn: Connection, org_id: UUID, connection_id: UUID, vault: CredentialsVault, given: SourceCredentials
) -> None:
    """Stores them if they are others than before: each change of a connection counts."""
    secrets = {"token": given.token} | ({} if given.user is None else {"user": given.user})
    kept = await connections.credentials(conn, org_id, connection_id)
    if kept is None or vault.open(org_id, connection_id, kept) != secrets:
        sealed = vault.seal(org_id, connection_id, secrets)
        await connections.set_credentials(conn, org_id, connection_id, sealed)


def _given(
    kind: ConnectionKind, found: SourceEnvironment, scopes: tuple[str, ...], token: SecretStr | None, user: str | None
) -> Given:
    assert token is not None
    return Given(
        kind,
        found.base_url,
        SourceSettings(
            deployment=Deployment(found.deployment),
            scopes=scopes,
            window_days=found.sync_window_days,
            max_tries=found.max_retries + 1,
            timeout_seconds=found.timeout_secs,
            requests_per_second=found.requests_per_second,
            ca_file=found.ca_file,
            proxy=found.proxy,
            allow_link_local=found.allow_link_local,
        ),
        SourceCredentials(token.get_secret_value(), user or None),
    )
