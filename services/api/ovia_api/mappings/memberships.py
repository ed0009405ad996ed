"""What becomes of somebody's times in teams when they turn out to be somebody else: pure, like the plans."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.database.ids import new_id
from ovia_shared.models.team import MembershipRow

_Span = tuple[datetime, datetime | None]


def handed_on(rows: Sequence[MembershipRow], kept: Sequence[MembershipRow], into: UUID) -> list[MembershipRow]:
    """The memberships `rows` as those of `into`, who has `kept`.

    Nobody is in a team twice at a time: what `kept` covers is left out, so one membership may become several, or none.
    """
    added = []
    for row in rows:
        spans: list[_Span] = [(row.valid_from, row.valid_to)]
        for other in kept:
            if other.team_id == row.team_id:
                spans = [part for span in spans for part in _without(span, other)]
        added += [
            msgspec.structs.replace(row, id=new_id(), person_id=into, valid_from=start, valid_to=end)
            for start, end in spans
        ]
    return added


def _without(span: _Span, other: MembershipRow) -> list[_Span]:
    start, end = span
    if not other.overlaps(start, end):
        return [span]
    left: list[_Span] = []
    if start < other.valid_from:
        left.append((start, other.valid_from))
    if other.valid_to is not None and (end is None or other.valid_to < end):
        left.append((other.valid_to, end))
    return left
