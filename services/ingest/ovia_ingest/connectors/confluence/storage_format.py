"""Confluence's storage format as plain text.

The format is XML with sections of CDATA and elements that close themselves, which an HTML parser takes for something
else; and pages may come broken, which an XML parser refuses. So the marks are read one after the other, without a tree:
the time grows with the length of the text only, however deep it is nested.
"""

import html
import re
from typing import NamedTuple

import msgspec

from ovia_ingest.connectors.confluence.text_lines import MOST_INDENTED, Lines
from ovia_ingest.sources.values import clean

# Each is written so that no text makes it look at a place more than a few times.
# Attribute values hold no `<`, so a quote that is never closed costs no more than the way to the next mark.
_MARK = re.compile(r"<(?=[A-Za-z/!?])")
_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>")
_BROKEN_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)([^<>]*+)>")
_ATTRIBUTE = re.compile(r"(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:\"([^\"<]*)\"|'([^'<]*)')")
_BROWSE = re.compile(r"/browse/[A-Za-z]")
MOST_LINKS = 1000

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_BLOCKS = frozenset({"p", "div", "blockquote", "pre", "section", "hr", "br", "dl", "dt", "dd", "ul", "ol"})
_BLOCKS |= {"table", "thead", "tbody", "tfoot", "tr", "caption", "article", "header", "footer", "aside", "figure"}
_BLOCKS |= {"ac:rich-text-body", "ac:plain-text-body", "ac:layout-section", "ac:layout-cell", "ac:adf-content"}
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_CELLS = frozenset({"td", "th"})
_LISTS = frozenset({"ul", "ol"})
_ITEMS = frozenset({"li", "ac:task-body", *_HEADINGS})
_DROPPED = frozenset({"script", "style", "ac:parameter", "ac:default-parameter", "ac:placeholder"})
_DROPPED |= {"ac:task-id", "ac:task-uuid", "ac:task-status", "ac:adf-attribute", "ac:adf-fallback"}
_KEPT_PARAMETERS = frozenset({("jira", "key"), ("status", "title")})
# Only these are remembered until they close; all others need nothing when they do.
_VERBATIM = frozenset({"pre", "ac:plain-text-body"})
_REMEMBERED = _DROPPED | _CELLS | _LISTS | _VERBATIM | {"tr", "table", "ac:link", "ac:structured-macro", "ac:macro"}
_TARGETS = {
    "ri:page": "ri:content-title",
    "ri:blog-post": "ri:content-title",
    "ri:attachment": "ri:filename",
    "ri:space": "ri:space-key",
    "ri:shortcut": "ri:parameter",
}
_USER_IDS = ("ri:account-id", "ri:userkey", "ri:username")


class Body(msgspec.Struct, frozen=True):
    """The text of a body, and the addresses of work items its links lead to."""

    text: str
    links: tuple[str, ...] = ()


class _Open(NamedTuple):
    tag: str
    drops: bool
    name: str | None = None
    words: int = 0


def read(storage: str | None) -> Body:
    """What a person reads there: headings as lines that begin with `#`, list items with `-`, cells between bars.

    Code is indented by four blanks. Of macros only their bodies are kept, and the keys of Jira macros.
    """
    return _Reader().read(clean(storage)) if storage else Body("")


def text_of(storage: str | None) -> str:
    """The text alone."""
    return read(storage).text


class _Reader:
    def __init__(self) -> None:
        self._lines = Lines()
        self._open: list[_Open] = []
        self._counts: dict[str, int] = {}
        self._dropping = 0
        self._links: dict[str, None] = {}
        self._target: str | None = None
        self._first_cell = True

    def read(self, storage: str) -> Body:
        place, length = 0, len(storage)
        while place < length:
            found = _MARK.search(storage, place)
            mark = length if found is None else found.start()
            if mark > place:
                self._text(html.unescape(storage[place:mark]))
            place = self._mark(storage, mark) if mark < length else length
        return Body(self._lines.text(), tuple(self._links))

    def _mark(self, storage: str, place: int) -> int:
        """Takes the mark that begins at `place`; returns where the text goes on."""
        following = storage[place + 1 : place + 2]
        if following in ("!", "?"):
            return self._declaration(storage, place)
        found = _TAG.match(storage, place) or _BROKEN_TAG.match(storage, place)
        if found is None:
            self._text("<")
            return place + 1
        closing, tag, attributes = found.groups()
        tag = tag.lower()
        if closing:
            self._end(tag)
        else:
            self._start(tag, attributes)
            if attributes.endswith("/") and tag not in _VOID:
                self._end(tag)
        return found.end()

    def _declaration(self, storage: str, place: int) -> int:
        for opening, closing in (("<![CDATA[", "]]>"), ("<!--", "-->"), ("<", ">")):
            if storage.startswith(opening, place):
                start = place + len(opening)
                end = storage.find(closing, start)
                end = len(storage) if end < 0 else end
                if opening == "<![CDATA[":
                    self._text(storage[start:end])
                return end + len(closing)
        raise AssertionError("a declaration begins with <")

    def _text(self, text: str) -> None:
        if self._dropping:
            return
        if self._in_code():
            self._lines.keep(text)
        else:
            self._lines.write(text)

    def _start(self, tag: str, written: str) -> None:
        attributes = _attributes(written) if written and not written.isspace() else {}
        if not self._dropping:
            self._show(tag, attributes)
        if tag in _REMEMBERED:
            drops = tag in _DROPPED
            if drops and self._keeps(tag, attributes):
                # What a macro shows stands apart from the words around it.
                drops = False
                self._lines.space()
            self._dropping += drops
            self._counts[tag] = self._counts.get(tag, 0) + 1
            self._open.append(_Open(tag, drops, attributes.get("ac:name"), self._lines.words))

    def _show(self, tag: str, attributes: dict[str, str]) -> None:
        lines = self._lines
        if tag in _ITEMS:
            self._show_item(tag)
        elif tag in _CELLS:
            if not self._first_cell:
                lines.separate()
            self._first_cell = False
        elif tag in _VERBATIM and not self._in_cell():
            lines.begin_code()
        elif tag in _BLOCKS:
            self._break()
            self._first_cell = self._first_cell or tag == "tr"
        else:
            self._show_inline(tag, attributes)

    def _show_item(self, tag: str) -> None:
        if self._in_code():
            self._break()
        elif not self._in_cell():
            depth = sum(self._counts.get(one, 0) for one in _LISTS)
            self._lines.begin(_HEADINGS.get(tag) or "  " * (min(max(depth, 1), MOST_INDENTED) - 1) + "- ")
        else:
            self._lines.write(" " if tag in _HEADINGS else " - ")

    def _show_inline(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "a" and len(self._links) < MOST_LINKS and _BROWSE.search(attributes.get("href", "")):
            self._links[attributes["href"]] = None
        elif tag == "ri:user":
            found = next((attributes[one] for one in _USER_IDS if attributes.get(one)), None)
            if found is not None:
                self._lines.write(f"@{found}")
        elif tag in _TARGETS:
            self._target = attributes.get(_TARGETS[tag])
        elif tag == "ac:link":
            self._target = None
        elif tag in ("ac:image", "img"):
            self._lines.write(attributes.get("ac:alt") or attributes.get("alt") or "")
        elif tag == "ac:emoticon":
            self._lines.write(attributes.get("ac:emoji-fallback", ""))
        elif tag == "time":
            self._lines.write(attributes.get("datetime", ""))

    def _end(self, tag: str) -> None:
        if not self._counts.get(tag):
            if not self._dropping and tag in _ITEMS and not self._in_cell() and not self._in_code():
                self._lines.end()
            elif not self._dropping and tag in _BLOCKS:
                self._break()
            return
        # Whatever is still open inside closes too.
        while True:
            closed = self._open.pop()
            self._counts[closed.tag] -= 1
            self._dropping -= closed.drops
            if not self._dropping and not closed.drops:
                self._close(closed)
            if closed.tag == tag:
                return

    def _close(self, closed: _Open) -> None:
        if closed.tag == "ac:link":
            # A link without words of its own shows what it leads to.
            if self._target and self._lines.words == closed.words:
                self._lines.write(self._target)
            self._target = None
        elif closed.tag in _CELLS or closed.tag == "ac:parameter" or self._in_cell():
            self._lines.space()
        elif closed.tag in _VERBATIM or closed.tag in _LISTS:
            self._lines.end()
        elif closed.tag in _BLOCKS:
            self._break()

    def _keeps(self, tag: str, attributes: dict[str, str]) -> bool:
        if tag != "ac:parameter" or not self._open:
            return False
        return (self._open[-1].name or "", attributes.get("ac:name", "")) in _KEPT_PARAMETERS

    def _in_cell(self) -> bool:
        return bool(self._counts.get("td") or self._counts.get("th"))

    def _break(self) -> None:
        """Ends the line; inside a table's cell, which is one line, leaves a blank."""
        if self._in_code():
            self._lines.keep("\n")
        elif self._in_cell():
            self._lines.space()
        else:
            self._lines.pause()

    def _in_code(self) -> bool:
        return bool(self._counts.get("ac:plain-text-body") or self._counts.get("pre")) and not self._in_cell()


def _attributes(written: str) -> dict[str, str]:
    return {name: html.unescape(double or single) for name, double, single in _ATTRIBUTE.findall(written)}
