"""Co-authors: the `Co-authored-by` lines at the end of a commit message."""

import re
from collections.abc import Iterator

from ovia_ingest.connectors.git.signature import Signature, parse_signature

MAX_CO_AUTHORS = 200
MAX_FOLDED = 2000

_KEY = "co-authored-by"
_CO_AUTHOR = re.compile(rf"{_KEY}\s*:", re.IGNORECASE)
_TRAILER = re.compile(r"[A-Za-z0-9-]+\s*:|\(cherry picked from commit ")


def co_authors(message: str, author: Signature) -> tuple[tuple[Signature, ...], tuple[str, ...]]:
    """The people named beside the author, each once, in order; and remarks on lines that could not be used.

    Read as the forges do: any line of the last paragraph counts, and of the paragraphs before it that hold
    nothing but trailers; the subject never does.
    """
    if _KEY not in message.lower():
        return (), ()
    seen = {_key(author)}
    found: list[Signature] = []
    remarks: list[str] = []
    for value in _values(message):
        if "<" not in value or ">" not in value:
            remarks.append(f"co-author without an e-mail address in angle brackets: {value[:100]!r}")
            continue
        person = parse_signature(value)
        if _key(person) not in seen:
            seen.add(_key(person))
            found.append(Signature(person.name, person.email))
    if len(found) > MAX_CO_AUTHORS:
        remarks.append(f"{len(found)} co-authors; the first {MAX_CO_AUTHORS} are kept")
    if len(remarks) > 10:
        remarks = [*remarks[:9], f"{len(remarks) - 9} more remarks on co-authors"]
    return tuple(found[:MAX_CO_AUTHORS]), tuple(remarks)


def _key(person: Signature) -> str:
    # One mailbox is one person here, however the name is spelt beside it.
    return person.email.lower() or f"\n{person.name.lower()}"


def _values(message: str) -> Iterator[str]:
    value: str | None = None
    for line in _trailing_lines(message):
        if value is not None and line[:1] in {" ", "\t"} and not _CO_AUTHOR.match(line.lstrip()):
            # A folded line continues the one above. No name is longer; growing without end would take for ever.
            if len(value) < MAX_FOLDED:
                value = f"{value} {line.strip()}"
            continue
        if value is not None:
            yield value
        opening = _CO_AUTHOR.match(line.lstrip())
        value = line.lstrip()[opening.end() :].strip() if opening else None
    if value is not None:
        yield value


def _trailing_lines(message: str) -> list[str]:
    lines = [line.rstrip() for line in message.rstrip().split("\n")]
    subject = next((number for number, line in enumerate(lines) if line), 0)
    start = end = len(lines)
    while end > subject + 1:
        begin = end
        while begin > subject + 1 and lines[begin - 1]:
            begin -= 1
        if end < len(lines) and not all(_is_trailer(line) for line in lines[begin:end]):
            break
        start = begin
        end = begin
        while end > subject + 1 and not lines[end - 1]:
            end -= 1
    return lines[start:]


def _is_trailer(line: str) -> bool:
    return line[:1] in {" ", "\t"} or _TRAILER.match(line) is not None
