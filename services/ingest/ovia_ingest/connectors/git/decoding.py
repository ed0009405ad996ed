"""Text out of bytes that say, or fail to say, how they are encoded."""

import codecs
from collections.abc import Iterable
from encodings import normalize_encoding
from encodings.aliases import aliases

UTF_8 = "utf-8"
FALLBACK = "latin-1 (fallback)"

# Only names Python knows are looked up: a failed look-up is remembered for ever, and a hostile history could
# bring a new one with every commit.
_KNOWN = frozenset(aliases) | frozenset(aliases.values()) | {"cp720", "cp737", "cp874", "iso8859_1", "koi8_t", "koi8_u"}

# A commit's header is ASCII, so an encoding that changes these cannot be how the commit was written.
_PROBE = bytes(byte for byte in range(0x20, 0x7F) if byte not in b"\\~")

_codecs: dict[str, str | None] = {}


def codec(name: str) -> str | None:
    """Python's codec for an `encoding` header, or None where there is none that fits commits."""
    key = normalize_encoding(name[:64]).lower()
    if key not in _KNOWN:
        return None
    if key not in _codecs:
        _codecs[key] = _usable(key)
    return _codecs[key]


def _usable(key: str) -> str | None:
    try:
        if _PROBE.decode(key) != _PROBE.decode("ascii"):
            return None
        return codecs.lookup(key).name
    except (LookupError, ValueError):
        return None


def decode_all(parts: Iterable[bytes], declared: str | None) -> tuple[list[str], str]:
    """Each part as text, and how the least certain was read: the declared codec, `UTF_8` or `FALLBACK`.

    Parts are read one by one: a message in an old encoding must not spoil a name in UTF-8. Never fails.
    """
    texts, ways = [], set()
    for part in parts:
        text, way = _decode(part, declared)
        texts.append(storable(text))
        if not part.isascii():
            ways.add(way)
    for way in (FALLBACK, UTF_8):
        if way in ways and (way == FALLBACK or declared is None or len(ways) == 1):
            return texts, way
    return texts, declared or UTF_8


def _decode(part: bytes, declared: str | None) -> tuple[str, str]:
    for way in (declared, UTF_8):
        if way is not None:
            try:
                return part.decode(way), way
            except UnicodeDecodeError:
                continue
    return part.decode("latin-1"), FALLBACK


def storable(text: str) -> str:
    """The same text with U+FFFD in place of what no Postgres text can hold: NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
