"""What an account can be recognised by: its keys. A key is evidence and a way to find candidates at once."""

import re
from enum import IntEnum
from functools import lru_cache

import msgspec
from xxhash import xxh3_64_intdigest

from ovia_shared.matching.mail import NO_MAILBOX, Mailbox, read_mailbox
from ovia_shared.matching.names import Name, fold, read_name, sent_via
from ovia_shared.models.identity import Account

_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")
_ADDRESS = re.compile(r"[\w.+#-]+@[\w.-]+")
_NUMBERED = re.compile(r"^([a-z]{5,})\d+$")
SHORTEST_HANDLE = 3
SHORTEST_WORD = 4
CACHED = 1 << 16


class Key(IntEnum):
    """What two accounts may share, strongest first."""

    MAILBOX = 0
    HOST_ID = 1
    NAME = 2
    HANDLE = 3
    NAME_AS_HANDLE = 4
    SHORT_FORM = 5
    LAST_INITIAL = 6
    LOGIN_STEM = 7
    DOMAIN = 8
    WORD = 9
    # Never an account's own: a login that is a name but for the number behind it.
    STEM_IS_NAME = 10


class Profile(msgspec.Struct, frozen=True, gc=False):
    """An account as matching sees it. `handles` are what it calls itself by: login, local part, one-word name.

    `only_called`: the last handle is a one-word name that no login repeats. Many people may be called Neil.
    """

    name: Name
    former: tuple[Name, ...]
    mailbox: Mailbox
    handles: tuple[str, ...]
    only_called: bool = False

    @property
    def names(self) -> tuple[Name, ...]:
        """The present name and those before it."""
        return (self.name, *self.former) if self.former else (self.name,)


def read_profile(account: Account) -> Profile:
    """Takes an account apart."""
    name = read_name(account.display_name)
    mailbox = read_mailbox(account.email)
    # An address where a name should be: git makes it up, and some people fill the fields in the wrong order.
    written = read_mailbox(address_in(account.display_name))
    if mailbox.address is None and written.address:
        mailbox = written
    if sent_via(account.display_name):
        # A tracker or a mailing list wrote for somebody, from its own mailbox.
        mailbox = NO_MAILBOX
    said = (account.username, mailbox.login, mailbox.local, written.local)
    handles = [as_handle(text) for text in said if text]
    if name.run_together or not name.full:
        handles.append(name.joined)
    former = tuple(one for one in map(read_name, account.previous_names) if one.words and one != name)
    distinct = dict.fromkeys(handle for handle in handles if len(handle) >= SHORTEST_HANDLE and not handle.isdigit())
    only_called = bool(distinct) and next(reversed(distinct)) not in handles[: len(handles) - 1]
    return Profile(name, former, mailbox, tuple(distinct), only_called and name.joined in distinct)


def keys(profile: Profile) -> list[tuple[Key, int]]:
    """Everything this account can be found by: kinds of key, and 64 bits that stand for the value."""
    mailbox = profile.mailbox
    found = [*name_keys(profile.name)]
    for name in profile.former:
        found.extend(name_keys(name))
    if mailbox.address:
        found.append((Key.MAILBOX, _hash("m", mailbox.address)))
    if mailbox.number:
        found.append((Key.HOST_ID, _hash("i", mailbox.number)))
    if mailbox.domain:
        found.append((Key.DOMAIN, _hash("d", mailbox.domain)))
    for handle in profile.handles:
        found.append((Key.HANDLE, _hash("h", handle)))
        if numbered := _NUMBERED.match(handle):
            found.append((Key.LOGIN_STEM, _hash("h", numbered[1])))
    return list(dict.fromkeys(found)) if profile.former else found


@lru_cache(CACHED)
def name_keys(name: Name) -> tuple[tuple[Key, int], ...]:
    """What a name is found by; its short forms are the logins people make of it."""
    if not name.full:
        return ()
    words, plain = name.words, name.plain
    first, last = plain[0], plain[-1]
    # Some sources write the family name first.
    ends = {f"{words[-1]} {words[0][0]}"} | ({f"{words[0]} {words[-1][0]}"} if len(words) == 2 else set())
    whole = {" ".join(sorted(words)), " ".join(sorted((words[0], words[-1])))}
    if len(words) == 3:
        # A given name of two parts, which some write as one: Jin Nan Zhang, Zhang Jin Nan.
        whole.add(" ".join(sorted((fold(plain[0] + plain[1]), words[2]))))
        whole.add(" ".join(sorted((words[0], fold(plain[1] + plain[2])))))
    as_login = {"".join(plain), first + last, last + first}
    short = {
        first[0] + last, last + first[0], first + last[0], last[0] + first,
        "".join(word[0] for word in plain[:-1]) + last, "".join(word[0] for word in plain),
    }  # fmt: skip
    values = (
        (Key.NAME, "n", whole),
        (Key.LAST_INITIAL, "l", ends),
        (Key.NAME_AS_HANDLE, "h", as_login),
        (Key.SHORT_FORM, "h", {handle for handle in short - as_login if len(handle) >= SHORTEST_HANDLE}),
        (Key.WORD, "w", {word for word in words if len(word) >= SHORTEST_WORD}),
    )
    return tuple((kind, _hash(space, value)) for kind, space, texts in values for value in sorted(texts))


def word_key(word: str) -> int:
    """What a word of a full name is counted under."""
    return _hash("w", fold(word))


def address_in(name: str | None) -> str | None:
    """The e-mail address that stands where a name should."""
    found = _ADDRESS.search(name) if name and "@" in name else None
    return found[0] if found else None


def as_handle(text: str) -> str:
    """A login or local part without what people separate its parts by."""
    low = text.lower()
    return low if low.isalnum() and low.isascii() else _NOT_ALPHANUMERIC.sub("", low)


def _hash(space: str, value: str) -> int:
    # A login is compared with logins and with what names make of themselves, so these share a space.
    return xxh3_64_intdigest(f"{space}:{value}".encode())
