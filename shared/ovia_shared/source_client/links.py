"""Links of a source, and the parameters of a request."""

import re
from collections.abc import Mapping, Sequence

from yarl import URL

from ovia_shared.source_client.addresses import origin

Params = Mapping[str, str | int | bool | Sequence[str | int]]

_ESCAPED = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")


def parsed(text: str) -> URL:
    """A link or a path as it is given. Raises `ValueError`."""
    # A cursor must go back byte for byte, so what is escaped already is left as it is.
    return URL(text, encoded=_ESCAPED.fullmatch(text) is not None)


def place(url: URL) -> str:
    """Where a link leads, as it may be shown."""
    return origin(url) if url.absolute and url.host else "an address that cannot be read"


def pairs(params: Params) -> list[tuple[str, str]]:
    """Parameters by name and value; sequences repeat their name."""
    found: list[tuple[str, str]] = []
    for name, value in params.items():
        values = [value] if isinstance(value, str | int) else value
        found += [(name, str(part).lower() if isinstance(part, bool) else str(part)) for part in values]
    return found
