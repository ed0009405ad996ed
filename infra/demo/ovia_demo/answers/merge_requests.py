"""Merge requests: how many are merged, how long each part of their way takes, how large and how stale they are."""

from datetime import datetime, timedelta

from ovia_demo.answers.measures import Measure, Result, count_by_kind, spread_of
from ovia_demo.answers.scopes import Row, Window
from ovia_demo.answers.spread import hours_between, share
from ovia_demo.answers.work import CLASSES, class_of
from ovia_demo.gitlab.diffs import LARGEST
from ovia_demo.organisation.code_model import MergeRequest, Organisation

STALE_AFTER = timedelta(days=7)
_ACTS = ("approved this merge request", "requested changes", "unapproved this merge request")


def measures(organisation: Organisation, shipped: dict[int, datetime]) -> list[Measure]:
    """`shipped` says when each reached production, by its id."""
    products = {one.id: one.product for one in organisation.repositories}

    def row(one: MergeRequest, at: datetime, value: float | None = None) -> Row:
        kind = class_of("", one.labels)
        return Row(at=at, product=products[one.repository], actor=one.author, value=value, kind=kind)

    made = organisation.merge_requests
    merged = [(one, one.merged_at) for one in made if one.merged_at is not None]
    responses, durations = [], []
    for one in made:
        response = first_response(one)
        if one.ready_at is not None and response is not None:
            responses.append(row(one, response, hours_between(one.ready_at, response)))
            if one.merged_at is not None:
                durations.append(row(one, one.merged_at, hours_between(response, one.merged_at)))
    ways = [(one, at, _parts(one, at, shipped.get(one.id))) for one, at in merged]
    parts = [
        Measure(f"merge_request.{name}_hours", [row(one, at, way[name]) for one, at, way in ways], spread_of(50, 90))
        for name in ("cycle", "coding", "pickup", "review", "deploy")
    ]
    open_ones = [open_row(one, products[one.repository]) for one in made]
    return [
        Measure("throughput.merge_requests", [row(one, at) for one, at in merged], count_by_kind(CLASSES)),
        Measure("review.first_response_hours", responses, spread_of(50, 90)),
        Measure("review.duration_hours", durations, spread_of(50, 90)),
        Measure("review.waiting", [one for one in map(_waiting, made, open_ones) if one is not None], _waits),
        *parts,
        Measure("merge_request.size", [row(one, at, _lines(one)) for one, at in merged], spread_of(50, 90)),
        Measure("merge_request.stale_share", open_ones, _stale),
    ]


def first_response(one: MergeRequest) -> datetime | None:
    """The first comment or act of review by a human who is not the author, from when it was ready until it was over."""
    if one.ready_at is None:
        return None
    end = one.merged_at or one.closed_at
    acts = [(given.actor, given.at) for given in one.approvals]
    acts += [(note.author, note.at) for note in one.notes if not note.system or note.text in _ACTS]
    return min(
        (
            at for actor, at in acts
            if actor.startswith("p-") and actor != one.author and one.ready_at <= at and (end is None or at <= end)
        ),
        default=None,
    )  # fmt: skip


def _parts(one: MergeRequest, merged: datetime, shipped: datetime | None) -> dict[str, float | None]:
    """Hours of each part of the way to production. None where an end is missing, or they are the wrong way round."""
    first = min((commit.authored_at for commit in one.commits), default=None)
    response = first_response(one)
    ends = {
        "coding": (first, one.ready_at), "pickup": (one.ready_at, response), "review": (response, merged),
        "deploy": (merged, shipped), "cycle": (first, shipped),
    }  # fmt: skip
    return {
        name: hours_between(start, end) if start is not None and end is not None and start <= end else None
        for name, (start, end) in ends.items()
    }


def _lines(one: MergeRequest) -> float | None:
    """Added and removed. Not known if a file is so large that GitLab leaves its changes out."""
    if any(file.added + file.removed > LARGEST for file in one.files):
        return None
    return float(sum(file.added + file.removed for file in one.files))


def open_row(one: MergeRequest, product: str) -> Row:
    """From its creation until it was merged or closed; the moments are those at which anything happened."""
    moments = [one.created_at, *(note.at for note in one.notes), *(given.at for given in one.approvals)]
    moments += [commit.committed_at for commit in one.commits]
    return Row(
        at=one.created_at, until=one.merged_at or one.closed_at, product=product, actor=one.author,
        moments=tuple(sorted(moments)),
    )  # fmt: skip


def _waiting(one: MergeRequest, row: Row) -> Row | None:
    """From when it was ready until the first response, or the end."""
    if one.ready_at is None:
        return None
    until = first_response(one) or row.until
    return Row(at=one.ready_at, until=until, product=row.product, actor=row.actor)


def _waits(rows: list[Row], window: Window) -> Result:
    count = sum(one.open_at(window.end) for one in rows)
    return count, {"count": float(count)}


def stale_at(row: Row, end: datetime) -> bool:
    """Nothing happened to it in the seven days before."""
    return max(one for one in row.moments if one < end) < end - STALE_AFTER


def _stale(rows: list[Row], window: Window) -> Result:
    here = [one for one in rows if one.open_at(window.end)]
    return len(here), {"share": share(sum(stale_at(one, window.end) for one in here), len(here))}
