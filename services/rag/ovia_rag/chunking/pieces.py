"""A text cut into pieces small enough to be cited, along what it is made of.

The pieces are in order, do not overlap, and together hold every character that is no white space.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from ovia_rag.chunking.blocks import Block, Kind, blocks

# In characters. A paragraph or two are a piece; code and tables stay whole far beyond that.
TARGET = 1000
LONGEST_WHOLE = 6000
# What introduces code or a table stays with it.
LONGEST_INTRODUCTION = 300

_SENTENCE_END = re.compile(r"[.!?…。！？](?=\s)|[\r\n](?=[^\r\n])")  # noqa: RUF001 (full-width marks are meant)
_WHITE_SPACE = re.compile(r"\s(?=\S)")
_LINE_END = re.compile(r"[\r\n](?=[^\r\n])")
_JOINER = "\u200d"
_MOST_JOINED = 32


class Piece(NamedTuple):
    """From the character `start` to before `end`; `headings` are those it stands under, the highest first."""

    start: int
    end: int
    headings: tuple[str, ...]


class _Open(NamedTuple):
    start: int
    end: int
    headings: tuple[str, ...]
    only_headings: bool


def pieces(text: str) -> Iterator[Piece]:
    """All pieces of a text; none of one that is white space only."""
    path: dict[int, str] = {}
    current: _Open | None = None
    for block in blocks(text):
        if block.kind is Kind.HEADING:
            path = {level: title for level, title in path.items() if level < block.level}
            path[block.level] = block.title
        headings = tuple(path[level] for level in sorted(path) if path[level])
        for part in _parts(text, block):
            if current is not None and _is_apart(current, part):
                yield from _trimmed(text, current)
                current = None
            only = part.kind is Kind.HEADING and (current is None or current.only_headings)
            if current is None or current.only_headings:
                # Headings that follow one another lead one piece, which stands under the last of them.
                current = _Open(part.start if current is None else current.start, part.end, headings, only)
            else:
                current = current._replace(end=part.end)
    if current is not None:
        yield from _trimmed(text, current)


def _is_apart(current: _Open, part: Block) -> bool:
    """Whether a new piece begins with this part."""
    if current.only_headings:
        # A heading alone says little; but a page that is nothing but headings is long, too.
        return part.kind is Kind.HEADING and part.end - current.start > TARGET
    if part.kind is Kind.HEADING:
        return True
    if part.kind in (Kind.CODE, Kind.TABLE) and current.end - current.start <= LONGEST_INTRODUCTION:
        return part.end - current.start > LONGEST_WHOLE
    return part.end - current.start > TARGET


def _parts(text: str, block: Block) -> Iterator[Block]:
    """A block, or what it is cut into where it is too long."""
    whole = block.kind in (Kind.CODE, Kind.TABLE)
    limit = LONGEST_WHOLE if whole else TARGET
    start = block.start
    while block.end - start > limit:
        end = _cut(text, start, start + limit, whole=whole)
        yield block._replace(start=start, end=end)
        start = end
    yield block._replace(start=start)


def _cut(text: str, start: int, end: int, *, whole: bool) -> int:
    """Where to cut before `end`: after a line of code, after a sentence, between words, or else between characters."""
    half = start + (end - start) // 2
    for boundary in (_LINE_END,) if whole else (_SENTENCE_END, _WHITE_SPACE):
        last = None
        for found in boundary.finditer(text, half, end):
            last = found.end()
        if last is not None:
            return last
    # A letter and its accents, or a flag, are one character to whoever reads it.
    for place in range(end, max(half, end - _MOST_JOINED), -1):
        following, before = text[place : place + 1], text[place - 1]
        if not unicodedata.combining(following or " ") and _JOINER not in (following, before):
            return place
    return end


def _trimmed(text: str, piece: _Open) -> Iterator[Piece]:
    content = text[piece.start : piece.end]
    left = len(content) - len(content.lstrip())
    stripped = content.strip()
    if stripped:
        start = piece.start + left
        yield Piece(start, start + len(stripped), piece.headings)
