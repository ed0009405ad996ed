"""Search by the beginnings of words, through btree indexes that begin with org_id.

Under row-level security an index serves only leakproof operators, and those of patterns and full text are not.
Text comparison is: `word >= 'ann' and word < 'ann' || highest character` is a range of the index.
"""

from collections.abc import Sequence
from typing import Any

from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput

MOST_WORDS = 8


async def words(conn: Connection, text: str | None) -> tuple[str, ...]:
    """The words of a search, split by the database exactly as it splits what it stores. None gives no words.

    Raises `InvalidInput` if there is no letter or digit in the text, or more than `MOST_WORDS` words.
    """
    if text is None:
        return ()
    found = tuple(row["word"] for row in await conn.fetch("select words_of($1) as word order by word", text))
    if not found:
        raise InvalidInput("give at least one letter or digit to search for", field="search")
    if len(found) > MOST_WORDS:
        raise InvalidInput(f"give at most {MOST_WORDS} words to search for", field="search")
    return found


def of_identity(wanted: Sequence[str], values: list[Any]) -> str:
    """Conditions on `i.id`: each wanted word begins a word of the identity. Appends the words to `values`."""
    return _conditions("i.id", "select w.identity_id from identity_words w", wanted, values)


def of_person(wanted: Sequence[str], values: list[Any]) -> str:
    """Conditions on `p.id`: each wanted word begins a word of the person's name or e-mail."""
    return _conditions("p.id", "select w.person_id from person_words w", wanted, values)


def of_audit_entry(wanted: Sequence[str], values: list[Any]) -> str:
    """Conditions on `a.id`: each wanted word begins a word of the entry."""
    return _conditions("a.id", "select w.entry_id from audit_words w", wanted, values)


def _conditions(column: str, select: str, wanted: Sequence[str], values: list[Any]) -> str:
    conditions = ""
    for word in wanted:
        values.append(word)
        place = f"${len(values)}::text"
        conditions += (
            f" and {column} in ({select} where w.org_id = $1"
            f" and w.word >= {place} and w.word < {place} || U&'\\+10FFFF')"
        )
    return conditions
