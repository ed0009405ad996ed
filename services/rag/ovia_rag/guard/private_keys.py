"""Private keys in text: whole ones, and what is left of one that was cut in the middle.

By searching for their first and last lines and looking around those. One pattern for the whole would go back and forth
over long texts of letters.
"""

import re

MASK = "***"

_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# Lines of base64, headers of old keys, and ends of lines, also as \\n in JSON. The last line may be a short one.
_INSIDE = re.compile(
    r"(?:\s|\\n|(?:Proc-Type|DEK-Info|Comment|Version|Hash): [^\n]{0,200}|[A-Za-z0-9+/=]{20,}"
    r"|(?<=\\n)[A-Za-z0-9+/=]+|(?<=\n)[A-Za-z0-9+/]{4,}={0,2}(?=\n|$))*"
)
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_SHORTEST_LINE = 16


def without_keys(text: str) -> str:
    """The text with `***` in the place of each private key or part of one."""
    parts: list[str] = []
    at = 0
    while True:
        begin, end = _BEGIN.search(text, at), _END.search(text, at)
        if begin is not None and (end is None or begin.start() < end.start()):
            start, stop = begin.start(), _stop(text, begin.end(), end)
        elif end is not None:
            start, stop = _start(text, at, end.start()), end.end()
        else:
            return "".join([*parts, text[at:]])
        parts += [text[at:start], MASK]
        at = stop


def _stop(text: str, after: int, end: re.Match[str] | None) -> int:
    """Where the key ends that began before `after`: behind its last line, or where it is cut off."""
    inside = _INSIDE.match(text, after)
    reached = after if inside is None else inside.end()
    if end is not None and end.start() <= reached:
        return end.end()
    return after + len(text[after:reached].rstrip())


def _start(text: str, from_: int, before: int) -> int:
    """Where the lines of base64 begin that end before `before`."""
    start, first = before, True
    while start > from_:
        line_end = len(text[from_:start].rstrip()) + from_
        line_start = max(text.rfind("\n", from_, line_end) + 1, from_)
        line = text[line_start:line_end]
        kept = len(line.rstrip(_BASE64))
        if len(line) - kept < (1 if first else _SHORTEST_LINE):
            break
        start, first = line_start + kept, False
        if kept:
            break
    return start
