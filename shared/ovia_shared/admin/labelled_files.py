"""Accounts with known owners, out of CSV files."""

import csv
import gzip
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO
from uuid import NAMESPACE_OID, UUID, uuid5

from ovia_shared.errors import InvalidInput
from ovia_shared.matching.learning import Labelled
from ovia_shared.models.identity import Account

COLUMNS = ("identity_id", "source", "username", "email", "display_name")
STANDARD_INPUT = "-"
# Cells with these in front are formulas to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def identity(name: str) -> UUID:
    """An id for an account of a file, the same each time."""
    return uuid5(NAMESPACE_OID, name)


def read_labelled(identities: str, truth: str | None) -> tuple[Labelled, dict[UUID, str]]:
    """The accounts of a file with the columns identity_id, source, username, email, display_name; and what the file
    calls each of them.

    Owners are in a column `person` there, or in a file `truth` with identity_id and person; an empty one is not known.
    A name that ends with .gz is unpacked, `-` is standard input. Raises `InvalidInput`, naming the line.
    """
    accounts: list[Account] = []
    owners: list[str | None] = []
    names: dict[UUID, str] = {}
    wanted = COLUMNS if truth is not None else (*COLUMNS, "person")
    for place, row in _rows(identities, wanted):
        name = row["identity_id"].strip()
        made = identity(name)
        if not name or made in names:
            raise InvalidInput(f"{identities}, line {place}: identity_id is {'missing' if not name else 'there twice'}")
        names[made] = name
        username, email, display_name = (row[column].strip() or None for column in COLUMNS[2:])
        accounts.append(Account(made, row["source"].strip(), username, email, display_name))
        owners.append(row.get("person", "").strip() or None)
    if truth is not None:
        known = _truth(truth)
        if unknown := sorted(set(known) - set(names.values())):
            raise InvalidInput(f"{truth}: {identities} has no identity_id {unknown[0]}")
        owners = [known.get(names[account.id]) for account in accounts]
    return Labelled(accounts, owners), names


def safe_cell(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _truth(file: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, row in _rows(file, ("identity_id", "person")):
        name, person = row["identity_id"].strip(), row["person"].strip()
        if found.setdefault(name, person) != person:
            raise InvalidInput(f"{file}, line {place}: {name} has two owners")
    return {name: person for name, person in found.items() if person}


def _rows(file: str, columns: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with _open(file) as lines:
            reader = csv.DictReader(lines, restval="")
            if missing := [column for column in columns if column not in (reader.fieldnames or ())]:
                raise InvalidInput(f"{file} has no column {', '.join(missing)}")
            for row in reader:
                if None in row:
                    raise InvalidInput(f"{file}, line {reader.line_num}: there are more cells than columns")
                yield reader.line_num, row
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as fault:
        raise InvalidInput(f"{file} cannot be read as CSV in UTF-8: {fault}") from None


def _open(file: str) -> TextIO:
    if file == STANDARD_INPUT:
        return io.TextIOWrapper(io.BytesIO(sys.stdin.buffer.read()), "utf-8-sig", newline="")
    if file.endswith(".gz"):
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return Path(file).open(encoding="utf-8-sig", newline="")
