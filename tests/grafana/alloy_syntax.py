"""Alloy's configuration language, as far as ours uses it: blocks, attributes, literals, references.

It knows the grammar, and which arguments and blocks the components we use take. Whether Alloy would load the file is
more than it says: types of values and what components do with them are not looked at.
"""

import re
from typing import Any

import msgspec

_TOKENS = re.compile(
    r"""
      (?P<space>\s+|//[^\n]*)
    | (?P<text>"(?:[^"\\\n]|\\.)*")
    | (?P<raw>`[^`]*`)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<mark>[{}\[\](),=])
    """,
    re.VERBOSE,
)


class NotAlloy(Exception):
    """The text is no configuration; the message says where."""


class Reference(msgspec.Struct, frozen=True):
    """A value that is another component's, or the library's."""

    name: str


class Block(msgspec.Struct):
    """A block: `name "label" { attributes and blocks }`. What stands first is `None`, the file itself."""

    name: str | None
    label: str = ""
    attributes: dict[str, Any] = {}
    blocks: list["Block"] = []

    def each(self) -> "list[Block]":
        """All blocks inside, at any depth, in the order of the text."""
        return [found for block in self.blocks for found in (block, *block.each())]

    def named(self, name: str) -> "list[Block]":
        """The blocks of this name inside, at any depth."""
        return [block for block in self.each() if block.name == name]


def parse(text: str) -> Block:
    """The file as one block.

    Raises:
        NotAlloy: it is none.
    """
    reader = _Reader(_tokens(text))
    file = Block(None)
    while not reader.at_end():
        reader.member(file)
    return file


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found, place = [], 0
    while place < len(text):
        match = _TOKENS.match(text, place)
        if match is None:
            raise NotAlloy(f"line {text.count(chr(10), 0, place) + 1}: nothing begins with {text[place]!r}")
        kind = match.lastgroup or ""
        if kind != "space":
            found.append((kind, match[0], text.count("\n", 0, place) + 1))
        place = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, str, int]]) -> None:
        self._tokens = tokens
        self._place = 0

    def at_end(self) -> bool:
        return self._place >= len(self._tokens)

    def member(self, parent: Block) -> None:
        name = self._take("name")
        if self._found("="):
            if name in parent.attributes:
                raise self._wrong(f"{name} stands twice")
            parent.attributes[name] = self._value()
            return
        block = Block(name, self._text(self._take("text")) if self._next() == "text" else "", {}, [])
        self._expect("{")
        while not self._found("}"):
            self.member(block)
        parent.blocks.append(block)

    def _value(self) -> Any:
        kind = self._next()
        if kind in ("text", "raw"):
            return self._text(self._take(kind))
        if kind == "number":
            return float(self._take("number"))
        if kind == "name":
            name = self._take("name")
            return {"true": True, "false": False}.get(name, Reference(name))
        if self._found("["):
            return self._several("]", self._value)
        if self._found("{"):
            return dict(self._several("}", self._pair))
        raise self._wrong("a value is missing")

    def _pair(self) -> tuple[str, Any]:
        key = self._text(self._take("text")) if self._next() == "text" else self._take("name")
        self._expect("=")
        return key, self._value()

    def _several(self, end: str, read: Any) -> list[Any]:
        found = []
        while not self._found(end):
            found.append(read())
            if not self._found(","):
                self._expect(end)
                break
        return found

    def _text(self, token: str) -> str:
        return token[1:-1] if token.startswith("`") else str(msgspec.json.decode(token))

    def _next(self) -> str:
        if self.at_end():
            raise NotAlloy("the text ends too early")
        return self._tokens[self._place][0]

    def _take(self, kind: str) -> str:
        if self._next() != kind:
            raise self._wrong(f"{self._tokens[self._place][1]!r} is no {kind}")
        self._place += 1
        return self._tokens[self._place - 1][1]

    def _found(self, mark: str) -> bool:
        if not self.at_end() and self._tokens[self._place][:2] == ("mark", mark):
            self._place += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._found(mark):
            raise self._wrong(f"{mark!r} is missing")

    def _wrong(self, what: str) -> NotAlloy:
        line = self._tokens[min(self._place, len(self._tokens) - 1)][2]
        return NotAlloy(f"line {line}: {what}")


# Arguments and inner blocks of what we use, from the components' reference; those that must be there come first.
KNOWN: dict[str, tuple[set[str], set[str], set[str]]] = {
    "logging": (set(), {"level", "format"}, set()),
    "discovery.docker": ({"host"}, {"refresh_interval", "match_first_network"}, {"filter"}),
    "filter": ({"name", "values"}, set(), set()),
    "discovery.relabel": ({"targets"}, set(), {"rule"}),
    "rule": (
        set(),
        {"source_labels", "separator", "target_label", "regex", "modulus", "replacement", "action"},
        set(),
    ),
    "loki.source.docker": ({"host", "targets", "forward_to"}, {"labels", "refresh_interval", "relabel_rules"}, set()),
    "loki.process": ({"forward_to"}, set(), {"stage."}),
    "stage.replace": ({"expression"}, {"replace", "source"}, set()),
    "stage.match": ({"selector"}, {"action", "drop_counter_reason", "pipeline_name"}, {"stage."}),
    "stage.json": ({"expressions"}, {"source", "drop_malformed"}, set()),
    "stage.regex": ({"expression"}, {"source"}, set()),
    "stage.drop": (
        set(),
        {"source", "separator", "value", "expression", "older_than", "longer_than", "drop_counter_reason"},
        set(),
    ),
    "stage.timestamp": ({"source", "format"}, {"fallback_formats", "location", "action_on_failure"}, set()),
    "stage.template": ({"source", "template"}, set(), set()),
    "stage.labels": (set(), {"values"}, set()),
    "stage.structured_metadata": (set(), {"values"}, set()),
    "stage.label_keep": ({"values"}, set(), set()),
    "loki.write": (set(), {"external_labels", "max_streams"}, {"endpoint"}),
    "endpoint": (
        {"url"},
        {
            "batch_size",
            "batch_wait",
            "max_backoff_period",
            "max_backoff_retries",
            "min_backoff_period",
            "remote_timeout",
        },
        set(),
    ),
}


def faults(file: Block) -> list[str]:
    """Components, arguments and blocks that are not known, and arguments that are missing."""
    return [fault for block in file.blocks for fault in _faults(block)]


def _faults(block: Block) -> list[str]:
    if block.name not in KNOWN:
        return [f"{block.name} is unknown"]
    needed, possible, inner = KNOWN[block.name]
    found = [f"{block.name} has no {name}" for name in sorted(needed - block.attributes.keys())]
    found += [
        f"{block.name} knows no {name}" for name in block.attributes if name not in needed and name not in possible
    ]
    for child in block.blocks:
        if not any(child.name == name or (name.endswith(".") and str(child.name).startswith(name)) for name in inner):
            found.append(f"{block.name} takes no {child.name}")
        found += _faults(child)
    return found
