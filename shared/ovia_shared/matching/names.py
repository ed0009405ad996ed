"""Display names in the form in which they are compared, and how two of them relate."""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from enum import IntEnum
from functools import lru_cache

import anyascii
import ftfy
import msgspec
from rapidfuzz.distance import DamerauLevenshtein

from ovia_shared.matching.nicknames import are_nicknames

# Sources repeat a name many times; what was worked out once is kept.
CACHED = 1 << 17
# A longer name is no name; reading it whole would only cost.
LONGEST_NAME = 200
# "Bo Ek" is a name, "J. S." are initials.
SHORTEST_FULL_NAME = 4

_ENCODED = re.compile(r"=\?[\w-]+\?[bqBQ]\?[^?]*\?=")
# UTF-8 read as Latin-1 or Windows-1252 leaves these behind.
_MOJIBAKE = re.compile("[ÃÂÐÑÅâ€\u0080-\u009f]")
_ASIDE = re.compile(r"[(\[{<][^)\]}>]*[)\]}>]")
_VIA = re.compile(r"[\s()\\\"]*[\s(]via\s+\S.*$", re.IGNORECASE)
_PREFIX = re.compile(r"^(?:from|author|reply-to)\s*:\s*", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_TITLES = frozenset(["dr", "prof", "mr", "mrs", "ms", "phd", "jr", "sr", "ii", "iii", "dipl", "ing", "msc", "bsc"])
# Spellings of one sound in different systems of transliteration, and of umlauts. Longest first.
_FOLDS = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"shch|sch|sh", "s"), (r"tch|ch|cz|tz|ts", "c"), (r"kh", "h"), (r"zh", "z"), (r"ph", "f"), (r"th", "t"),
        (r"ks", "x"), (r"ck|q", "k"), (r"oe|ou", "o"), (r"ae|ai|ay|ei|ey", "e"), (r"ue", "u"), (r"w", "v"),
        (r"[ij]?[yj]([aeou])", r"i\1"), (r"[yj]", "i"), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


class Relation(IntEnum):
    """What two names say about each other. The first group knows two full names, the second does not."""

    EQUAL = 0
    SUBSET = 1
    INITIALS = 2
    NICKNAME = 3
    TYPO = 4
    SAME_LAST = 5
    SAME_FIRST = 6
    DISJOINT = 7
    JOINED = 8
    ONE_WORD = 9
    SAME_WORD = 10
    OTHER_WORD = 11
    UNKNOWN = 12


class Name(msgspec.Struct, frozen=True, gc=False):
    """A display name. `words` are folded and in the order written; `plain` the same, only transliterated.

    `full`: it tells who somebody is, by two words or more that are not initials only. `run_together`: it was
    written as one word, which may be a login.
    """

    words: tuple[str, ...]
    plain: tuple[str, ...]
    full: bool = False
    run_together: bool = False

    @property
    def joined(self) -> str:
        """All its letters, transliterated: what a login made of it looks like."""
        return "".join(self.plain)


NOTHING = Name((), ())


@lru_cache(CACHED)
def read_name(written: str | None) -> Name:
    """The name somebody is shown under; `NOTHING` where there is none. Addresses and placeholders are no names."""
    if not written or "@" in written:
        return NOTHING
    text = plain_text(written[:LONGEST_NAME])
    if "," in text:
        last, _, first = text.partition(",")
        if first.strip() and "," not in first:
            text = f"{first} {last}"
    words = [word for word in _SEPARATORS.split(text.lower().replace("'", "").replace("’", "")) if word]
    run_together = len(words) == 1
    if run_together and words[0].isalpha():
        words = [word for word in _SEPARATORS.split(_CAMEL.sub(" ", text).lower()) if word]
    words = [word for word in words if word not in _TITLES and not word.isdigit()]
    if " ".join(words) in _PLACEHOLDERS:
        return NOTHING
    folded, plain = tuple(fold(word) for word in words), tuple(words)
    full = len(words) >= 2 and sum(map(len, plain)) >= SHORTEST_FULL_NAME
    return Name(plain if folded == plain else folded, plain, full, run_together)


def sent_via(written: str | None) -> bool:
    """Whether the name says that something else wrote for somebody: Ann Lee via RT."""
    return bool(written) and _VIA.search((written or "")[:LONGEST_NAME]) is not None


def plain_text(written: str) -> str:
    """Decoded, repaired, without asides, in ASCII; upper and lower case as written."""
    text = written
    if _ENCODED.search(text):
        try:
            text = str(make_header(decode_header(text)))
        except (HeaderParseError, LookupError, UnicodeError, ValueError):
            text = written
    if not text.isascii():
        if _MOJIBAKE.search(text):
            text = ftfy.fix_encoding(text)
        text = anyascii.anyascii(text)
    text = _VIA.sub("", _PREFIX.sub("", text))
    if outside := _ASIDE.sub(" ", text).strip():
        text = outside
    return text


@lru_cache(CACHED)
def fold(word: str) -> str:
    """A word of a name without what transliterations and umlauts make different: Tschaikowski, Chaykovsky."""
    if len(word) < 3:
        return word
    for pattern, to in _FOLDS:
        word = pattern.sub(to, word)
    return word


def relate(one: Name, other: Name) -> Relation:
    """How two names relate; the same in either order."""
    if not one.words or not other.words:
        return Relation.UNKNOWN
    if not one.full or not other.full:
        return _relate_words(one, other)
    a, b = one.words, other.words
    if sorted(a) == sorted(b):
        return Relation.EQUAL
    if one.joined == other.joined or "".join(sorted(a)) == "".join(sorted(b)) or _turned(one.plain, other.plain):
        return Relation.EQUAL
    shared = set(a) & set(b)
    if len(shared) >= 2 and (shared == set(a) or shared == set(b)):
        return Relation.SUBSET
    if shared and _initials_agree(one, other, shared):
        return Relation.INITIALS
    if _nicknames(one, other):
        return Relation.NICKNAME
    if _typo(a, b):
        return Relation.TYPO
    if a[-1] == b[-1] or (shared and a[0] not in shared and b[0] not in shared):
        return Relation.SAME_LAST
    return Relation.SAME_FIRST if shared else Relation.DISJOINT


def _relate_words(one: Name, other: Name) -> Relation:
    if one.joined == other.joined:
        # "liuyulong" and "LIU Yulong" say more than two accounts called "alex".
        return Relation.JOINED if one.full or other.full else Relation.SAME_WORD
    if one.full or other.full:
        full, short = (one, other) if one.full else (other, one)
        if short.joined == "".join(reversed(full.plain)):
            return Relation.JOINED
        if any(word in full.words for word in short.words if len(word) > 2):
            return Relation.ONE_WORD
    return Relation.OTHER_WORD


def _turned(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether one is the other with the family name at the other end, and parts written together: Jin Nan Zhang, Zhang
    Jinnan."""
    whole = "".join(a)
    return len(a) != len(b) and any(whole == "".join(b[place:] + b[:place]) for place in range(1, len(b)))


def _initials_agree(one: Name, other: Name, shared: set[str]) -> bool:
    # Every word that only one name has must be an initial of, or begin with the initial of, a word of the other.
    rest_a = [word for word in zip(one.words, one.plain, strict=True) if word[0] not in shared]
    rest_b = [word for word in zip(other.words, other.plain, strict=True) if word[0] not in shared]
    short, long = sorted((rest_a, rest_b), key=lambda rest: (len(rest), rest))
    if not any(len(word) > 1 for word in shared):
        return False
    free = list(long)
    for word in short:
        fits = next((one for one in free if _initial_of(word, one) or _initial_of(one, word)), None)
        if fits is None:
            return False
        free.remove(fits)
    return bool(short) or all(len(word) == 1 for word, _ in long)


def _initial_of(short: tuple[str, str], long: tuple[str, str]) -> bool:
    # As written and as folded, since an initial does not show what a longer word was folded to: W., Wanjura.
    return len(short[0]) == 1 and short[1] in (long[0][0], long[1][0])


def _nicknames(one: Name, other: Name) -> bool:
    a, b = one.plain, other.plain
    if one.words[-1] != other.words[-1] or len(a) > 3 or len(b) > 3:
        return False
    return are_nicknames(a[0], b[0]) or (
        len(a[0]) > 2 and len(b[0]) > 2 and (a[0].startswith(b[0]) or b[0].startswith(a[0]))
    )


def _typo(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    one, other = "".join(sorted(a)), "".join(sorted(b))
    longest = max(len(one), len(other))
    if longest < 8 or len(a) != len(b):
        return False
    allowed = 1 if longest < 12 else 2
    return DamerauLevenshtein.distance(one, other, score_cutoff=allowed) <= allowed


_PLACEHOLDERS = frozenset(
    [
        "unknown", "unknown author", "no author", "your name", "first last", "john doe", "jane doe", "root",
        "root root", "not committed yet", "name lost", "none", "nobody", "anonymous", "user", "admin",
        "administrator", "test", "test user", "ubuntu", "system administrator", "former user", "deleted user",
        "git", "unknown user", "me", "dev", "author name", "full name", "first name last name", "developer",
        "nemo", "no name", "noname", "null", "home",
    ]
)  # fmt: skip
