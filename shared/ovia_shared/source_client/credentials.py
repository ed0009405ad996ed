"""How a source is told who reads, and how that never comes back in a message."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

from ovia_shared.errors import InvalidInput
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import Deployment, SourceCredentials

MASK = "***"
PRIVATE_TOKEN = "PRIVATE-TOKEN"  # noqa: S105 (the name of a header)

_SECRET_HEADER = re.compile(r"(?i)auth|token|cookie|key|secret")


def authorization(
    kind: ConnectionKind,
    deployment: Deployment,  # noqa: ARG001 (today the same for both products)
    credentials: SourceCredentials | None,
) -> dict[str, str]:
    """The headers that say who reads; none without credentials.

    GitLab takes the token as `PRIVATE-TOKEN`. Elsewhere a user and a token are basic authentication (Cloud's API
    tokens), a token alone is a bearer token (Data Center's personal tokens). Raises `InvalidInput` for what cannot be
    sent.
    """
    if credentials is None:
        return {}
    token = _sendable(credentials.token, "token")
    if kind is ConnectionKind.GITLAB:
        return {PRIVATE_TOKEN: token}
    if credentials.user is None:
        return {"Authorization": f"Bearer {token}"}
    pair = f"{_sendable(credentials.user, 'user', ascii_only=False)}:{token}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _sendable(value: str, field: str, *, ascii_only: bool = True) -> str:
    # Secret files and copying by mouse bring a line's end along.
    value = value.strip()
    if not value or not value.isprintable() or (ascii_only and not value.isascii()):
        raise InvalidInput(
            f"the {field} is empty or holds characters no {field} has; copy it again", field=f"credentials.{field}"
        )
    return value


def secrets_of(headers: Mapping[str, str], *others: str | None) -> tuple[str, ...]:
    """Every spelling in which what these headers keep secret could appear in a text, longest first."""
    plain = {other for other in others if other}
    for name, value in headers.items():
        if not _SECRET_HEADER.search(name):
            continue
        scheme, _, rest = value.partition(" ")
        plain |= {value, rest or value}
        if scheme.lower() == "basic":
            plain |= _basic_parts(rest)
    spellings = plain | {quote(text, safe="") for text in plain} | {unquote(text) for text in plain}
    # One or two characters are nobody's secret, and masking them would leave no sentence readable.
    return tuple(sorted((text for text in spellings if len(text) > 2), key=len, reverse=True))


def _basic_parts(encoded: str) -> set[str]:
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return set()
    return {pair, pair.partition(":")[2]} - {""}


def hide(text: str, secrets: Iterable[str]) -> str:
    """The text with each of the secrets replaced."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
