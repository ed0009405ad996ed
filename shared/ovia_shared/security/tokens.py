"""Access tokens: `ovia_<id>_<secret>`.

`<id>` is the organisation's and the token's UUID (32 bytes), `<secret>` 32 random bytes, both in lower-case base32
without padding (52 characters each). Naming the organisation in the token lets a service look the token up under
that organisation's row-level security, so no query ever crosses organisations; a forged id finds nothing.
Only the SHA-256 of the secret is stored: with 256 random bits a slow hash would add nothing.
"""

import base64
import hashlib
import hmac
import re
import secrets
from uuid import UUID

import msgspec

SECRET_BYTES = 32
# The last of the 52 characters carries one bit and four spare ones, which are zero: one secret, one spelling.
_TEXT = re.compile("[a-z2-7]{51}[aq]")
_DIGITS = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghijklmnopqrstuv")


class TokenParts(msgspec.Struct, frozen=True):
    """A token taken apart. Not yet proven: compare the secret first."""

    org_id: UUID
    token_id: UUID
    secret: bytes


def make(org_id: UUID, token_id: UUID) -> tuple[str, bytes]:
    """A new token: its text, to be shown once, and the hash to store."""
    secret = secrets.token_bytes(SECRET_BYTES)
    return f"ovia_{_encode(org_id.bytes + token_id.bytes)}_{_encode(secret)}", hash_secret(secret)


def parse(text: str) -> TokenParts | None:
    """The parts of a token, or None if the text is not shaped like one."""
    pieces = text.split("_")
    if len(pieces) != 3 or pieces[0] != "ovia":
        return None
    identifier, secret = _decode(pieces[1]), _decode(pieces[2])
    if identifier is None or secret is None:
        return None
    return TokenParts(UUID(bytes=identifier[:16]), UUID(bytes=identifier[16:]), secret)


def hash_secret(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def matches(secret: bytes, stored_hash: bytes) -> bool:
    """Whether the secret belongs to the stored hash, in constant time."""
    return hmac.compare_digest(hash_secret(secret), stored_hash)


def _encode(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _decode(text: str) -> bytes | None:
    # Through a number in base 32: every request passes here, and base64.b32decode loops in Python.
    return (int(text.translate(_DIGITS), 32) >> 4).to_bytes(32, "big") if _TEXT.fullmatch(text) else None
