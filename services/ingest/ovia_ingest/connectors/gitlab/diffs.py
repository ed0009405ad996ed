"""How many lines a diff adds and removes. Its text is not kept: git has it, and it is by far the largest part."""

import re
from typing import Any

import msgspec

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


class _File(msgspec.Struct):
    diff: str | None = None
    too_large: bool | None = None
    collapsed: bool | None = None


def counted(raw: msgspec.Raw) -> dict[str, Any]:
    """A file of a diff as it was sent, with `additions` and `deletions` in place of its text.

    They are None where GitLab left the text out because it is long.
    """
    try:
        fields: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        fields = {}
    try:
        file = msgspec.json.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError):
        file = _File(too_large=True)
    fields.pop("diff", None)
    lines = None if file.too_large or file.collapsed or file.diff is None else lines_of(file.diff)
    return {**fields, "additions": lines and lines[0], "deletions": lines and lines[1]}


def lines_of(diff: str) -> tuple[int, int]:
    """(added, removed) lines of a unified diff. Hunks say how long they are, so `--- x` inside one is a line."""
    added = removed = 0
    old = new = 0
    for line in diff.split("\n"):
        if old <= 0 and new <= 0:
            hunk = _HUNK.match(line)
            if hunk is not None:
                old, new = (1 if length is None else _length(length) for length in hunk.groups())
            continue
        mark = line[:1]
        if mark == "+":
            added, new = added + 1, new - 1
        elif mark == "-":
            removed, old = removed + 1, old - 1
        elif mark != "\\":
            old, new = old - 1, new - 1
    return added, removed


def _length(digits: str) -> int:
    return int(digits) if len(digits) < 10 else 0
