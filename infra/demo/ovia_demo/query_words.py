"""Reading JQL and CQL: words, and dates in the zone of the account that asks."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ovia_demo.serving import milliseconds

# The zone of the account that reads. Dates in queries are in it, and no answer of a search says so.
CALLERS_ZONE = "Europe/Berlin"

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<sign><=|>=|!=|[=<>(),])|(?P<word>[^\s=<>!(),"']+))"""
)
_RELATIVE = re.compile(r"([+-]?\d+)([mhdw])")
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


class BadQuery(Exception):
    """Answered with 400 and this sentence."""


class Words:
    """The words of a query, taken from the front. Quoted ones are never operators."""

    def __init__(self, text: str, language: str) -> None:
        self._language = language
        self._tokens = list(_tokens(text, language))

    def peek(self) -> str | None:
        """The next word in lower case; None at the end or before something quoted."""
        return self._tokens[0][1].lower() if self._tokens and not self._tokens[0][0] else None

    def next(self) -> str:
        if not self._tokens:
            raise BadQuery(f"Error in the {self._language} Query: The query ends where more was expected.")
        return self._tokens.pop(0)[1]

    def expect(self, word: str) -> None:
        found = self.next()
        if found.lower() != word:
            raise BadQuery(f"Error in the {self._language} Query: Expecting '{word}' but got '{found}'.")

    def values(self) -> list[str]:
        """What stands in brackets, between commas."""
        self.expect("(")
        values = [self.next()]
        while self.peek() == ",":
            self.next()
            values.append(self.next())
        self.expect(")")
        return values

    def restriction(self) -> tuple[str, str, list[str]]:
        """Field, operator and values of one restriction, the first two in lower case."""
        field, operator = self.next().lower(), self.next().lower()
        if operator == "not":
            self.expect("in")
            operator = "not in"
        return field, operator, self.values() if operator in ("in", "not in") else [self.next()]

    def finish(self) -> None:
        if self._tokens:
            unexpected = self._tokens[0][1]
            raise BadQuery(
                f"Error in the {self._language} Query: Expecting either 'OR' or 'AND' but got '{unexpected}'."
            )


def _tokens(query: str, language: str) -> Iterator[tuple[bool, str]]:
    """Whether it was quoted, and what it says."""
    place = 0
    while query[place:].strip():
        match = _TOKEN.match(query, place)
        if match is None:
            raise BadQuery(f"Error in the {language} Query: The character '{query[place:].strip()[:1]}' is reserved.")
        place = match.end()
        text = match["text"]
        if text is not None:
            yield True, re.sub(r"\\(.)", r"\1", text[1:-1])
        else:
            yield False, match["sign"] or match["word"]


def read_moment(value: str, now: datetime, what: str) -> int:
    """Milliseconds since 1970 of a number of milliseconds, a date of the caller's zone, or a distance such as `-3d`."""
    if value.isdecimal():
        return int(value)
    relative = _RELATIVE.fullmatch(value)
    if relative is not None:
        return milliseconds(now + timedelta(seconds=int(relative[1]) * _UNITS[relative[2]]))
    for pattern in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return milliseconds(datetime.strptime(value, pattern).replace(tzinfo=ZoneInfo(CALLERS_ZONE)))
        except ValueError:
            continue
    raise BadQuery(
        f"{what} value '{value}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', "
        "'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )
