"""CSV (RFC 4180) that spreadsheets open without harm."""

import csv
import io
from collections.abc import Iterable

# A byte order mark, or Excel takes the file for something else than UTF-8.
BEGINNING = b"\xef\xbb\xbf"
# A cell that begins with one of these, in full width too, is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def as_csv(rows: Iterable[tuple[object, ...]]) -> bytes:
    """Lines of CSV, each cell safe to open. Numbers are written as they are, None as nothing."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([tuple(map(_cell, row)) for row in rows])
    return written.getvalue().encode()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe in front says that it is text."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _cell(value: object) -> object:
    return harmless(value) if isinstance(value, str) else value
