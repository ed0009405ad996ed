"""CSV as people have it: from any spreadsheet, with a byte order mark or none, with commas, semicolons or tabs."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ovia_shared.errors import InvalidInput, MalformedInput
from ovia_shared.web import moments

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_YES = frozenset({"true", "yes", "y", "1", "active"})
_NO = frozenset({"false", "no", "n", "0", "inactive"})
MOST_LINES = 20_000


class Line(Mapping[str, str]):
    """A line's cells by column, stripped; an absent column reads as empty. `number` counts from 1, with the header."""

    def __init__(self, number: int, cells: dict[str, str], fault: str | None = None) -> None:
        self.number = number
        self.fault = fault
        self._cells = cells

    def __getitem__(self, column: str) -> str:
        return self._cells.get(column, "")

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def moment(self, column: str) -> datetime | None:
        """The cell as a moment; a day begins at midnight UTC. None for an empty cell; raises `InvalidInput`."""
        text = self[column]
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise InvalidInput(f"{column} {text!r} is no date; write it as 2026-03-01") from None
        return moments.in_utc(found if found.tzinfo else found.replace(tzinfo=UTC), column)

    def yes(self, column: str) -> bool | None:
        """The cell as yes or no; None for an empty cell; raises `InvalidInput`."""
        text = self[column].lower()
        if not text:
            return None
        if text not in _YES | _NO:
            raise InvalidInput(f"{column} {self[column]!r} is neither yes nor no")
        return text in _YES

    def several(self, column: str) -> list[str]:
        """The values of a cell that holds several, with semicolons, commas or bars between them."""
        text = self[column].replace(";", "|").replace(",", "|")
        return list(dict.fromkeys(one.strip() for one in text.split("|") if one.strip()))


def read(body: bytes, known: Sequence[str], required: Sequence[str]) -> list[Line]:
    """The lines of a CSV file whose header names its columns.

    Raises `MalformedInput` for a file that cannot be read, `InvalidInput` for one without what is required.
    """
    text = _decoded(body)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=lambda mark: (first.count(mark), mark == ","))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[Line] = []
    header: list[str] | None = None
    begins = 1
    try:
        for row in rows:
            number, begins = begins, rows.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if header is None:
                header = _header(row, known, required)
                continue
            if len(lines) == MOST_LINES:
                raise InvalidInput(f"there are more than {MOST_LINES:,} lines; import them in parts")
            fault = None
            if len(row) != len(header):
                fault = f"there are {len(row)} cells, and {len(header)} columns; check the quotes"
            lines.append(Line(number, {name: _cell(cell) for name, cell in zip(header, row, strict=False)}, fault))
    except csv.Error as error:
        raise MalformedInput(f"line {begins} is no CSV: {error}") from None
    if header is None:
        raise InvalidInput("the file is empty; its first line names the columns")
    return lines


def _decoded(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding, name = "utf-16", "UTF-16"
    else:
        encoding, name = "utf-8-sig", "UTF-8"
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise MalformedInput(
            f"line {line} is not {name}; save the file as CSV UTF-8 (it may be in a Windows encoding such as cp1251)"
        ) from None
    if "\0" in text:
        raise MalformedInput("the file holds characters that are no text; save it as CSV UTF-8")
    return text


def _header(row: Sequence[str], known: Sequence[str], required: Sequence[str]) -> list[str]:
    names = [cell.strip().lower().replace(" ", "_").replace("-", "_") for cell in row]
    for name in names:
        if name not in known:
            raise InvalidInput(f"there is no column {name[:80]!r} here; known are: {', '.join(known)}")
        if names.count(name) > 1:
            raise InvalidInput(f"the column {name} is there twice")
    if missing := [name for name in required if name not in names]:
        raise InvalidInput(f"the column {missing[0]} is missing; known are: {', '.join(known)}")
    return names


def _cell(cell: str) -> str:
    # What an export wrote to keep spreadsheets from taking text for a formula.
    text = cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
    return text.strip()
