"""Where one thing names another: work item keys in titles, branches and texts."""

import re
from collections.abc import Iterable

from ovia_shared.models.canonical.references import Reference

_KEY = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z][A-Za-z0-9_]{1,19})-([1-9][0-9]{0,8})(?![A-Za-z0-9])")
# Look like keys in any text about software; a project called so is found by its other mentions.
_NO_PROJECT = frozenset(
    {"UTF", "SHA", "ISO", "RFC", "CVE", "HTTP", "TLS", "AES", "RSA", "MD", "IPV", "COVID", "UTC", "GMT"}
)
MOST_MENTIONS = 200
LONGEST_SEARCHED = 200_000


def work_item_keys(text: str | None, *, any_case: bool = False) -> list[str]:
    """The keys a text names, in upper case, each once, in order; `any_case` takes `gld-12` too, as in branches."""
    found: dict[str, None] = {}
    for match in _KEY.finditer((text or "")[:LONGEST_SEARCHED]):
        project, number = match.groups()
        if (any_case or project.isupper()) and project.upper() not in _NO_PROJECT:
            found[f"{project.upper()}-{number}"] = None
            if len(found) == MOST_MENTIONS:
                break
    return list(found)


def mentions(subject_kind: str, subject_external_id: str, texts: Iterable[tuple[str, str | None]]) -> list[Reference]:
    """References to work items from (where, text) pairs of one subject; branches may spell keys in any case."""
    return [
        Reference(
            subject_kind=subject_kind,
            subject_external_id=subject_external_id,
            target_kind="work_item",
            target=key,
            found_in=place,
        )
        for place, text in texts
        for key in work_item_keys(text, any_case=place == "branch")
    ]
