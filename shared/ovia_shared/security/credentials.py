"""Credentials of connections, encrypted at rest.

Fernet (AES-128-CBC with HMAC-SHA256, from `cryptography`). The plaintext names its connection, so a ciphertext
copied to another connection's row is refused. Several keys rotate: the first encrypts, all decrypt.
"""

from uuid import UUID

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ovia_shared.errors import BadSettings


class Sealed(msgspec.Struct, frozen=True):
    """What is encrypted: the secret values together with where they belong."""

    org_id: UUID
    connection_id: UUID
    values: dict[str, str]


class CredentialsVault:
    """Seals and opens credentials with the keys of this installation.

    `keys` is the setting OVIA_CREDENTIALS_KEYS: Fernet keys, comma-separated, the newest first.
    Raises `BadSettings` when there is none or one is malformed.
    """

    def __init__(self, keys: str) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",") if key.strip()])
        except ValueError:
            raise BadSettings(
                "OVIA_CREDENTIALS_KEYS: expected one or more Fernet keys separated by commas; "
                "make one with `ovia admin make-key`"
            ) from None

    def seal(self, org_id: UUID, connection_id: UUID, values: dict[str, str]) -> bytes:
        return self._fernet.encrypt(msgspec.json.encode(Sealed(org_id, connection_id, values)))

    def open(self, org_id: UUID, connection_id: UUID, ciphertext: bytes) -> dict[str, str]:
        """The secret values. Raises `BadSettings` if no key fits or the ciphertext is another connection's."""
        try:
            sealed = msgspec.json.decode(self._fernet.decrypt(ciphertext), type=Sealed)
        except InvalidToken:
            raise BadSettings(
                f"OVIA_CREDENTIALS_KEYS: no key opens the credentials of connection {connection_id}; "
                "put back the key they were sealed with, or enter them again"
            ) from None
        if (sealed.org_id, sealed.connection_id) != (org_id, connection_id):
            raise BadSettings(f"the credentials stored with connection {connection_id} belong to another one")
        return sealed.values

    def reseal(self, ciphertext: bytes) -> bytes:
        """The same credentials under the newest key. Raises `BadSettings` if no key fits."""
        try:
            return self._fernet.rotate(ciphertext)
        except InvalidToken:
            raise BadSettings("OVIA_CREDENTIALS_KEYS: no key opens these credentials") from None
