"""What a source answered."""

import functools
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec
from multidict import CIMultiDictProxy

from ovia_shared.errors import SourceError, SourceFault

T = TypeVar("T")

# A target and its parameters. Targets and quoted values may hold the commas and semicolons that separate links.
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[^\s=;,"<>]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)')
_PARAMETER = re.compile(r';\s*([^\s=;,"<>]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?')


def parse_date(text: str | None) -> datetime | None:
    """An HTTP date, aware; None for anything else."""
    try:
        found = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _own_clock() -> datetime:
    return datetime.now(UTC)


class Answer(msgspec.Struct, frozen=True):
    """One whole answer of a source. `url` is where it came from, after redirects."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    url: str
    received_at: datetime = msgspec.field(default_factory=_own_clock)

    def decode(self, kind: type[T]) -> T:
        """The JSON body as `kind`. Raises a retriable `SourceError` that names the path and what was wrong."""
        try:
            wanted: Any = kind
            found: T = _decoder(wanted).decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # A decoding error of Python's carries the whole body.
            reason = "its text is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)[:200]
            raise SourceError(
                f"{self.path} answered something unexpected: {reason}", fault=SourceFault.RETRIABLE
            ) from None
        return found

    @property
    def path(self) -> str:
        """Where it came from, without host and query."""
        return urlsplit(self.url).path

    @property
    def date(self) -> datetime:
        """The source's time. Ours where it tells none or an absurd one.

        A clock far ahead would make the next read start after changes it has not seen; a slow one only reads twice.
        """
        told = parse_date(self.header("Date"))
        if told is None or told.year < 2000 or told > self.received_at + timedelta(days=1):
            return self.received_at
        return told

    def header(self, name: str) -> str | None:
        """The first header of this name, whatever its case."""
        return self.headers.get(name)

    def links(self) -> dict[str, str]:
        """Absolute URLs by relation (`next`), from all Link headers; the first of a relation counts (RFC 8288)."""
        found: dict[str, str] = {}
        for target, parameters in _LINK.findall(", ".join(self.headers.getall("Link", []))):
            relations = [
                quoted or bare for name, quoted, bare in _PARAMETER.findall(parameters) if name.lower() == "rel"
            ]
            for relation in relations[0].lower().split() if relations else ():
                # Joined as text: a cursor must come back byte for byte, however it was escaped.
                found.setdefault(relation, urljoin(self.url, target.strip()))
        return found


@functools.lru_cache(maxsize=256)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
