"""What this service knows how to keep secret: credentials of connections, and what their webhooks are signed with."""

from uuid import UUID

import msgspec

from ovia_shared.config.settings import DatabaseSettings
from ovia_shared.errors import BadSettings, Unavailable
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import Deployment, SourceCredentials
from ovia_shared.security.credentials import CredentialsVault
from ovia_shared.source_client.credentials import authorization

_WEBHOOK = "webhook_secret"


class ConnectionSecrets:
    """Seals and opens secrets, where this installation has keys for it.

    Every method raises `Unavailable`, saying what to set, where there is no key or none that fits.
    """

    def __init__(self, vault: CredentialsVault | None) -> None:
        self._vault = vault

    @classmethod
    def of(cls, settings: DatabaseSettings) -> "ConnectionSecrets":
        """With the keys of these settings. Raises `BadSettings` for malformed ones."""
        keys = settings.credentials_keys
        return cls(None if keys is None else CredentialsVault(keys.get_secret_value()))

    def seal(self, org_id: UUID, connection_id: UUID, kind: ConnectionKind, credentials: SourceCredentials) -> bytes:
        """Credentials as they are stored."""
        if kind is ConnectionKind.GIT:
            # git asks for these two, whatever the token is called elsewhere.
            values = {"username": credentials.user or "", "password": credentials.token}
        else:
            values = {"token": credentials.token} | ({} if credentials.user is None else {"user": credentials.user})
        return self._keyed().seal(org_id, connection_id, values)

    def open(self, org_id: UUID, connection_id: UUID, sealed: bytes) -> SourceCredentials:
        """Stored credentials of a connection that is not git's."""
        return msgspec.convert(self._opened(org_id, connection_id, sealed), SourceCredentials)

    def seal_webhook(self, org_id: UUID, connection_id: UUID, secret: str) -> bytes:
        """A webhook's secret as it is stored."""
        return self._keyed().seal(org_id, connection_id, {_WEBHOOK: secret})

    def open_webhook(self, org_id: UUID, connection_id: UUID, sealed: bytes) -> str:
        """A stored webhook's secret."""
        return self._opened(org_id, connection_id, sealed)[_WEBHOOK]

    def _opened(self, org_id: UUID, connection_id: UUID, sealed: bytes) -> dict[str, str]:
        try:
            return self._keyed().open(org_id, connection_id, sealed)
        except BadSettings as error:
            raise Unavailable(error.message, retry_after=60) from None

    def _keyed(self) -> CredentialsVault:
        if self._vault is None:
            raise Unavailable(
                "this service has no key to encrypt credentials with; make one with `ovia admin make-key` and set "
                "OVIA_CREDENTIALS_KEYS for ovia-api and ovia-ingest",
                retry_after=60,
            )
        return self._vault


def usable(kind: ConnectionKind, credentials: SourceCredentials | None) -> SourceCredentials | None:
    """The credentials without the spaces and line ends that come with copying.

    Raises `InvalidInput` for what cannot be sent.
    """
    if credentials is None:
        return None
    # Made for nothing but its complaints: a token for git is sent as basic authentication, like any other here.
    authorization(kind, Deployment.AUTO, credentials)
    return SourceCredentials(credentials.token.strip(), credentials.user.strip() if credentials.user else None)


def masked(user: str | None) -> str | None:
    """A user name for people to recognise, and nobody else: `a…@x.example`."""
    if user is None:
        return None
    name, at, host = user.rpartition("@")
    if not at:
        name, host = user, ""
    return f"{name[:1] if len(name) > 1 else ''}…{at}{host}"
