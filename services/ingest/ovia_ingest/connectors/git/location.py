"""Where a repository is: a path on this machine, or a URL, its credentials kept apart."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Self
from urllib.parse import SplitResult, quote, unquote, urlsplit

import msgspec

from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.telemetry.logging import mask

SCHEMES = frozenset({"https", "http", "ssh", "git", "file"})
MAX_ADDRESS = 1000
MAX_NAME = 200

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# `transport::address` starts a helper program of that name; `ext::` even runs any command.
_HELPER = re.compile(r"[a-z0-9+.-]*::", re.IGNORECASE)
# The short form of ssh, user@host:path: a colon with no slash before it.
_SHORT_SSH = re.compile(r"(?:[^/:@]+@)?(?:\[[^/\]]+\]|[^/:@]+):")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


class GitLocation(msgspec.Struct, frozen=True):
    """A repository's place: a local path, or a URL that is mirrored before it is read.

    `address` is an absolute path or a URL without secrets, safe to store and to show, at most 1,000
    characters; `name` is short, for people. `credentials` holds `username` and `password` where the URL
    brought them; `repr` leaves them out.
    """

    kind: Literal["path", "url"]
    address: str
    name: str
    credentials: dict[str, str] | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what a person typed; a relative path counts from the current directory, as git does.

        Raises `SourceError` (fatal) on anything git should not be asked to open; its message has no secret.
        """
        text = text.strip()
        if not text:
            raise _refused("the address of the repository is empty; give a path or a URL")
        if _UNPRINTABLE.search(text):
            raise _refused("the address of the repository contains control characters")
        if len(text) > MAX_ADDRESS:
            raise _refused(f"the address of the repository is longer than {MAX_ADDRESS} characters")
        if _HELPER.match(text):
            known = ", ".join(sorted(SCHEMES))
            raise _refused(f"addresses of the form transport::address can run programs; use a path or {known}")
        if _URL.match(text):
            address, credentials = _from_url(text)
            return cls("url", address, _short_name(urlsplit(address).path), credentials)
        short = _SHORT_SSH.match(text)
        if short and not Path(text).exists():
            if text.startswith("-"):
                raise _refused("the host of the repository begins with '-'")
            return cls("url", text, _short_name(text[short.end() :]))
        path = _absolute(text)
        return cls("path", str(path), _short_name(str(path.parent if path.name == ".git" else path)))

    def with_credentials(self, credentials: dict[str, str]) -> Self:
        """The same place, entered with these (`username`, `password`)."""
        return msgspec.structs.replace(self, credentials=credentials)

    def authorization(self) -> tuple[str, str] | None:
        """The URL below which credentials may go, and the HTTP header that carries them; None without."""
        if not self.credentials or not self.address.startswith(("https://", "http://")):
            return None
        return self.address, f"Authorization: Basic {_basic(self.credentials)}"

    def masker(self) -> Callable[[str], str]:
        """A function that takes the credentials, however spelt, and other secrets out of what git says."""
        hidden: set[str] = set()
        # The name as well: with some forges it is the token.
        for value in (self.credentials or {}).values():
            hidden |= {value, quote(value, safe=""), quote(value)}
        if self.credentials:
            hidden.add(_basic(self.credentials))
        # The longest first: one secret may contain another.
        ordered = sorted(filter(None, hidden), key=len, reverse=True)

        def masked(text: str) -> str:
            for value in ordered:
                text = text.replace(value, "***")
            return mask(text)

        return masked

    def __repr__(self) -> str:
        entered = "" if self.credentials is None else ", credentials=***"
        return f"GitLocation({self.kind!r}, {self.address!r}{entered})"


def _from_url(text: str) -> tuple[str, dict[str, str] | None]:
    """The address without secrets, and the credentials it brought."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        # The reason would quote the address, and with it a password.
        raise _refused("the URL of the repository cannot be read; check its host and port") from None
    if parts.scheme not in SCHEMES:
        raise _refused(f"{parts.scheme}: is no transport Ovia reads; use one of {', '.join(sorted(SCHEMES))}")
    if parts.query or parts.fragment:
        raise _refused("the URL of the repository has a query or a fragment; leave out what follows '?' or '#'")
    parts = parts._replace(path=parts.path.rstrip("/"))
    if parts.scheme == "file":
        if host not in {"", "localhost"} or not parts.path:
            raise _refused("write a file URL as file:///absolute/path, or give the path itself")
        return f"file://{parts.path}", None
    if not host or host.startswith("-"):
        raise _refused("the URL of the repository names no proper host")
    return _without_userinfo(parts)


def _without_userinfo(parts: SplitResult) -> tuple[str, dict[str, str] | None]:
    userinfo, _, host = parts.netloc.rpartition("@")
    host = host.lower()
    username, _, password = (unquote(part) for part in userinfo.partition(":"))
    if parts.scheme == "ssh" and username:
        # The user is part of an SSH address and no secret; a key enters, never a password.
        if username.startswith("-"):
            raise _refused("the user name in the URL begins with '-'")
        host = f"{quote(username)}@{host}"
    address = parts._replace(netloc=host).geturl()
    if parts.scheme in {"http", "https"} and (username or password):
        return address, {"username": username, "password": password}
    return address, None


def _absolute(text: str) -> Path:
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError):
        # An unknown ~user, or a loop of links: opening it says so.
        return Path.cwd() / text


def _basic(credentials: dict[str, str]) -> str:
    pair = f"{credentials.get('username', '')}:{credentials.get('password', '')}"
    return base64.b64encode(pair.encode(errors="surrogateescape")).decode()


def _short_name(path: str) -> str:
    last = path.rstrip("/").removesuffix(".git").rstrip("/").rpartition("/")[2]
    return (last or path or "repository")[:MAX_NAME]


def _refused(reason: str) -> SourceError:
    return SourceError(reason, fault=SourceFault.FATAL)
