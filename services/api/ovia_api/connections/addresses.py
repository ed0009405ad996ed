"""Addresses of sources as people give them: checked, and brought into one spelling."""

import re
from urllib.parse import SplitResult, urlsplit

from ovia_shared.errors import InvalidInput
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.source_client.addresses import base_address

# Through this service nobody names a path of the server, or a program: that needs an account on the machine.
_GIT = ("git", "http", "https", "ssh")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
_SSH_USER = re.compile(r"[A-Za-z0-9._~][A-Za-z0-9._~-]*")


def normal(kind: ConnectionKind, text: str, *, allow_link_local: bool) -> str:
    """The address in the one spelling it is kept in. Raises `InvalidInput`; the message holds no secret."""
    if kind is ConnectionKind.GIT:
        return _of_git(text.strip())
    return str(base_address(text, allow_link_local=allow_link_local))


def _of_git(text: str) -> str:
    if _UNPRINTABLE.search(text):
        raise _refused("the address contains spaces or control characters")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        # The reason would quote the address, and with it a password.
        raise _refused("the address cannot be read; check its host and port") from None
    if parts.scheme not in _GIT:
        raise _refused(f"the address must begin with one of {', '.join(f'{one}://' for one in _GIT)}")
    if not host or host.startswith("-"):
        raise _refused("the address names no proper host")
    if "?" in text or "#" in text:
        raise _refused("leave out what follows '?' or '#' in the address")
    return parts._replace(netloc=_host(parts), path=parts.path.rstrip("/")).geturl()


def _host(parts: SplitResult) -> str:
    user_info, at, host = parts.netloc.rpartition("@")
    if not at:
        return host.lower()
    # The user is part of an SSH address and no secret; a key enters, never a password.
    if parts.scheme == "ssh" and _SSH_USER.fullmatch(user_info):
        return f"{user_info}@{host.lower()}"
    raise _refused("leave user name and password out of the address; give them as credentials")


def _refused(reason: str) -> InvalidInput:
    return InvalidInput(reason, field="base_url")
