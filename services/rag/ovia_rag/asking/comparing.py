"""What of an answer is another when it is made again: statements, and the rows that they cite. Pure."""

from typing import Any

import msgspec

from ovia_shared.models.ask import AskAnswer, Citation, CitationKind, Outcome

# Values of a row that say what it is of; the others say how it is.
_NAMES = ("list", "kind", "key", "duty", "entity_id", "person_id", "team_id", "project", "group", "wrote")

_Row = dict[str, Any]


def statements(then: AskAnswer, now: AskAnswer) -> list[str]:
    """What is no longer stated, or stated now; as it was before a model worded it."""
    if then.outcome is Outcome.ASKED_BACK:
        return []
    before = [one.text for one in then.stated or then.statements]
    after = [one.text for one in now.stated or now.statements]
    lost = [f"no longer said: {text}" for text in before if text not in after]
    new = [f"said now: {text}" for text in after if text not in before]
    if not lost and not new and before != after:
        return ["the same is said in another order"]
    return lost + new


def rows(then: AskAnswer, now: AskAnswer) -> list[str]:
    """What became of each row that was cited, and which are cited now only."""
    before, after = _rows(then), _rows(now)
    kept = [row for _, row in after]
    before = [(one, row) for one, row in before if not _taken(kept, row)]
    left = [(one, row) for one, row in after if row in kept]
    changes = []
    for one, row in before:
        other = _same_thing(row, [there for _, there in left])
        if other is None:
            changes.append(f"the row [{one.number}] “{one.title}” is no longer there")
            continue
        left = [pair for pair in left if pair[1] is not other]
        changes.append(f"the row [{one.number}] “{one.title}” is another: {_apart(row, other)}")
    return changes + [f"a row is new: “{one.title}”" for one, _ in left]


def _rows(answer: AskAnswer) -> list[tuple[Citation, _Row]]:
    """As they are kept, whether they were or were only just made."""
    return [
        (one, msgspec.json.decode(msgspec.json.encode(one.row)))
        for one in answer.citations
        if one.kind is CitationKind.ROW and one.row is not None
    ]


def _taken(kept: list[_Row], row: _Row) -> bool:
    if row not in kept:
        return False
    kept.remove(row)
    return True


def _same_thing(row: _Row, others: list[_Row]) -> _Row | None:
    """The row that is of the same; of the same in all but whose it is, if there is none."""
    for names in (_NAMES, [name for name in _NAMES if name != "person_id"]):
        wanted = {name: row[name] for name in names if name in row}
        for other in others:
            if wanted and wanted == {name: other[name] for name in names if name in other}:
                return other
    return None


def _apart(row: _Row, other: _Row) -> str:
    names = [name for name in {**row, **other} if row.get(name) != other.get(name)]
    return "; ".join(f"{name} was {_told(row.get(name))}, is {_told(other.get(name))}" for name in names)


def _told(value: object) -> str:
    return "nothing" if value is None else str(value)
