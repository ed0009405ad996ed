"""What a text is made of, told from its lines: headings, code, tables, paragraphs.

Texts come as Markdown (GitLab), as clean text (Confluence: a block a line, headings with `#`, code indented by four
blanks, cells between bars), and as wiki text (Jira: `h2.`, `{code}`). What looks like neither is paragraphs. Every line
is looked at once, whatever it holds.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_WIKI_HEADING = re.compile(r"\s{0,3}h([1-6])\.\s")
_WIKI_CODE = re.compile(r"\s{0,3}\{(code|noformat)(?:[:|][^}\s]{0,200})?\}")
_LIST_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,9}[.)])\s")
_CODE_INDENT = "    "
_LONGEST_HEADING = 200


class Kind(Enum):
    """What a block is. Code and tables say less in halves."""

    HEADING = auto()
    CODE = auto()
    TABLE = auto()
    TEXT = auto()


class Block(NamedTuple):
    """A block from the character `start` to before `end`, blanks and line ends around it included or not.

    `level` and `title` are a heading's: 1 is the highest.
    """

    kind: Kind
    start: int
    end: int
    level: int = 0
    title: str = ""


class _Line(NamedTuple):
    start: int
    end: int
    text: str


def blocks(text: str) -> Iterator[Block]:
    """All blocks in order, which together hold every character that is no white space."""
    open_block: Block | None = None
    closing = ""
    for line in _lines(text):
        if closing:
            assert open_block is not None
            open_block = open_block._replace(end=line.end)
            if _closes(line.text, closing):
                yield open_block
                open_block, closing = None, ""
            continue
        closing = _opens(line.text)
        found = Block(Kind.CODE, line.start, line.end) if closing else _block(line)
        if open_block is not None and found is not None and not closing and _continues(open_block, found, line.text):
            open_block = open_block._replace(end=found.end)
            continue
        if open_block is not None:
            yield open_block
        open_block = found
    if open_block is not None:
        yield open_block


def _lines(text: str) -> Iterator[_Line]:
    # Not `splitlines`: page breaks and the like stand within lines of code.
    for found in _LINE.finditer(text):
        if found.end() > found.start():
            yield _Line(found.start(), found.end(), found.group())


def _opens(line: str) -> str:
    """What closes the code that begins in this line; empty if none does."""
    stripped = line.strip()
    for mark in ("`", "~"):
        if stripped.startswith(mark * 3):
            width = len(stripped) - len(stripped.lstrip(mark))
            # Three and more within a line are code in it, and no fence.
            return "" if mark in stripped[width:] else mark * width
    wiki = _WIKI_CODE.match(line)
    if wiki is not None:
        closing = f"{{{wiki.group(1)}}}"
        return "" if closing in line[wiki.end() :] else closing
    return ""


def _closes(line: str, closing: str) -> bool:
    if closing.startswith("{"):
        return closing in line
    stripped = line.strip()
    return len(stripped) >= len(closing) and not stripped.strip(closing[0])


def _block(line: _Line) -> Block | None:
    """What a line by itself is; None for an empty one."""
    stripped = line.text.strip()
    if not stripped:
        return None
    level, title = _heading(line.text, stripped)
    if level:
        return Block(Kind.HEADING, line.start, line.end, level, title[:_LONGEST_HEADING].strip())
    if stripped.startswith("|"):
        return Block(Kind.TABLE, line.start, line.end)
    if line.text.startswith((_CODE_INDENT, "\t")) and not _LIST_ITEM.match(line.text):
        return Block(Kind.CODE, line.start, line.end)
    return Block(Kind.TEXT, line.start, line.end)


def _heading(line: str, stripped: str) -> tuple[int, str]:
    wiki = _WIKI_HEADING.match(line)
    if wiki is not None:
        return int(wiki.group(1)), line[wiki.end() :].strip()
    if not stripped.startswith("#") or line.startswith((_CODE_INDENT, "\t")):
        return 0, ""
    title = stripped.lstrip("#")
    level = len(stripped) - len(title)
    if level > 6 or not title[:1].isspace():
        return 0, ""
    return level, title.strip().rstrip("#").strip()


def _continues(before: Block, found: Block, line: str) -> bool:
    """Whether a line belongs to the block before it, which it stands directly below or not."""
    if before.end != found.start or before.kind is not found.kind or found.kind is Kind.HEADING:
        return False
    # A paragraph whose lines are broken goes on in the midst of a sentence.
    return found.kind is not Kind.TEXT or line.lstrip()[:1].islower()
