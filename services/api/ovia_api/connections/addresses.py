"""Addresses of sources as people give them: checked, and brought into one spelling."""

import re
from urllib.parse import SplitResult, urlsplit

from ovia_shared.errors import InvalidInput
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.source_client.addresses import base_address, is_link_local

# Through this service nobody names a path of the server, or a program: that needs an account on the machine. Nor is
# ssh taken: it would enter with the keys of whoever runs the installation, for any organisation that asks.
_GIT = ("git", "http", "https")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")


def normal(kind: ConnectionKind, text: str) -> str:
    """The address in the one spelling it is kept in. Raises `InvalidInput`; the message holds no secret."""
    if kind is ConnectionKind.GIT:
        return _of_git(text.strip())
    return str(base_address(text))


def _of_git(text: str) -> str:
    if _UNPRINTABLE.search(text):
        raise _refused("the address contains spaces or control characters")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        # The reason would quote the address, and with it a password.
        raise _refused("the address cannot be read; check its host and port") from None
    if parts.scheme == "ssh":
        raise _refused("ssh enters with the server's own keys; have whoever runs it read this with `ovia-ingest git`")
    if parts.scheme not in _GIT:
        raise _refused(f"the address must begin with one of {', '.join(f'{one}://' for one in _GIT)}")
    if not host or host.startswith("-"):
        raise _refused("the address names no proper host")
    if is_link_local(host):
        raise _refused(f"{host} is a link-local address, where clouds keep what concerns their machines alone")
    if "?" in text or "#" in text:
        raise _refused("leave out what follows '?' or '#' in the address")
    return parts._replace(netloc=_host(parts), path=parts.path.rstrip("/")).geturl()


def _host(parts: SplitResult) -> str:
    _, at, host = parts.netloc.rpartition("@")
    if at:
        raise _refused("leave user name and password out of the address; give them as credentials")
    return host.lower()


def _refused(reason: str) -> InvalidInput:
    return InvalidInput(reason, field="base_url")
