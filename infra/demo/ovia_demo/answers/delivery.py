"""Pipelines, and deployments to production."""

import msgspec

from ovia_demo.answers.measures import Measure, Result, share_of_good, spread_of, within
from ovia_demo.answers.scopes import Row, Window
from ovia_demo.answers.shipping import Change
from ovia_demo.answers.spread import hours_between, share
from ovia_demo.organisation.code_model import Organisation, Pipeline


class FailedChange(msgspec.Struct, kw_only=True):
    """A deployment that a rollback or a fix followed, and what ended it; without `restored_at` nothing has yet."""

    deployment: int
    incidents: list[str]
    restored_by: int | None
    hours: float | None


def pipeline_rows(organisation: Organisation) -> list[Row]:
    """Pipelines of `main` and of release branches that passed or failed; `kind` is the release branch, if it is one.

    Parts: minutes, and flaky: 1 if it failed and a later one passed on the same commit.
    """
    products = {one.id: one.product for one in organisation.repositories}
    runs: dict[tuple[int, str, str], list[Pipeline]] = {}
    for one in organisation.pipelines:
        release = one.ref.startswith(("release/", "release-"))
        if one.status in ("success", "failed") and not one.tag and (one.ref == "main" or release):
            runs.setdefault((one.repository, one.ref, one.sha), []).append(one)
    rows = []
    for (repository, ref, _), same in runs.items():
        for one in same:
            if one.finished_at is None:
                continue
            later = [other for other in same if other.status == "success" and other.created_at > one.created_at]
            minutes = None if one.started_at is None else hours_between(one.started_at, one.finished_at) * 60
            rows.append(
                Row(at=one.finished_at, product=products[repository], actor=one.actor, value=minutes,
                    good=one.status == "success", kind="" if ref == "main" else f"{repository} {ref}",
                    parts={"flaky": float(one.status == "failed" and bool(later)), "id": float(one.id)})
            )  # fmt: skip
    return rows


def measures(pipelines: list[Row], changes: list[Change]) -> list[Measure]:
    """`pipelines` are the rows from above."""
    deployed = [
        Row(at=one.at, product=one.product, actor=one.deployment.actor, good=one.failed,
            parts={"rework": float(one.rollback or one.fix)})
        for one in changes
    ]  # fmt: skip
    leads = [
        Row(at=one.at, product=one.product, actor=made.author,
            value=hours_between(min(commit.authored_at for commit in made.commits), one.at))
        for one in changes for made in one.new if made.commits
    ]  # fmt: skip
    recovered = [
        Row(at=one.restored_at, product=one.product, actor=one.deployment.actor,
            value=hours_between(one.at, one.restored_at))
        for one in changes if one.failed and one.restored_at is not None
    ]  # fmt: skip
    return [
        Measure("pipeline.success_rate", pipelines, share_of_good),
        Measure("pipeline.duration_minutes", pipelines, spread_of(50, 90)),
        Measure("pipeline.flaky_share", pipelines, lambda rows, window: _share_of(rows, window, "flaky")),
        Measure("dora.deployment_frequency", deployed, _frequency),
        Measure("dora.change_lead_hours", leads, spread_of(50, 90)),
        Measure("dora.change_fail_rate", deployed, share_of_good),
        Measure("dora.recovery_hours", recovered, spread_of(50, 90)),
        Measure("dora.rework_rate", deployed, lambda rows, window: _share_of(rows, window, "rework")),
    ]


def _share_of(rows: list[Row], window: Window, part: str) -> Result:
    here = within(rows, window)
    return len(here), {"share": share(sum(one.parts[part] or 0 for one in here), len(here))}


def _frequency(rows: list[Row], window: Window) -> Result:
    here = within(rows, window)
    days = hours_between(window.start, window.end) / 24
    return len(here), {
        "per_day": share(len(here), days), "count": float(len(here)),
        "days_with_one": float(len({one.at.date() for one in here})),
    }  # fmt: skip


def failed_changes(changes: list[Change]) -> list[FailedChange]:
    return [
        FailedChange(
            deployment=one.deployment.id, incidents=one.incidents, restored_by=one.restored_by,
            hours=None if one.restored_at is None else hours_between(one.at, one.restored_at),
        )
        for one in changes if one.failed
    ]  # fmt: skip


def failing_branches(rows: list[Row], window: Window) -> tuple[list[Row], int]:
    """The last pipelines of those release branches of which the last in the window failed; and how many there are."""
    last: dict[str, Row] = {}
    for one in sorted(within(rows, window), key=lambda row: (row.at, row.parts["id"] or 0)):
        if one.kind:
            last[one.kind] = one
    return [one for one in last.values() if not one.good], len(last)
