"""Names and mailboxes in the form in which they are compared."""

import re
import unicodedata

_NOT_LETTERS = re.compile(r"[^\w]+|_+")
_SHARED_LOCAL_PARTS = frozenset(
    [
        "admin",
        "administrator",
        "build",
        "builds",
        "ci",
        "dev",
        "devnull",
        "git",
        "info",
        "localhost",
        "mail",
        "me",
        "nobody",
        "no-reply",
        "noreply",
        "none",
        "null",
        "office",
        "root",
        "support",
        "team",
        "test",
        "unknown",
        "user",
        "webmaster",
        "your",
        "you",
    ]
)
_PLACEHOLDER_NAMES = frozenset(
    [
        "unknown author",
        "no author",
        "your name",
        "first last",
        "john doe",
        "jane doe",
        "root root",
        "not committed yet",
    ]
)


def full_name(display_name: str | None) -> str | None:
    """The name without case, accents and punctuation, its words sorted; None unless it has two words or more.

    One word alone ("alex", "root") is no evidence of who someone is. Sorted, "Last, First" equals "First Last".
    """
    if not display_name:
        return None
    decomposed = unicodedata.normalize("NFKD", display_name)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()
    words = sorted(word for word in _NOT_LETTERS.split(plain) if word and not word.isdigit())
    if len(words) < 2 or sum(len(word) > 1 for word in words) < 2 or " ".join(words) in _SORTED_PLACEHOLDERS:
        return None
    return " ".join(words)


def mailbox(email: str | None) -> str | None:
    """The mailbox in lower case, without a +tag; None if it is no address or one that nobody owns."""
    if not email:
        return None
    local, at, domain = email.strip().lower().rpartition("@")
    if not at or not local or not domain or any(character.isspace() for character in email.strip()):
        return None
    local = local.split("+", 1)[0] if not domain.endswith("users.noreply.github.com") else local
    if not local or local in _SHARED_LOCAL_PARTS or ("." not in domain):
        return None
    return f"{local}@{domain}"


_SORTED_PLACEHOLDERS = frozenset(" ".join(sorted(name.split())) for name in _PLACEHOLDER_NAMES)
