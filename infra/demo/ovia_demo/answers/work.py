"""Work items: how many are done, how long they take, how many are under way or held up."""

from datetime import datetime, timedelta

from ovia_demo.answers.measures import Measure, Result, counted, within
from ovia_demo.answers.scopes import Row, Window
from ovia_demo.answers.spread import hours_between, percentiles, share
from ovia_demo.answers.timeline import DONE, IN_PROGRESS, TODO, Item, overlap

CLASSES = ("bug", "feature", "chore")
REFERENCE = timedelta(days=90)
_TYPES = {"bug": ("bug", "defect"), "feature": ("story", "epic", "new feature", "improvement")}
_LABELS = {"bug": ("bug", "defect", "fix", "hotfix"), "feature": ("feature", "enhancement", "story")}


def class_of(kind: str, labels: list[str]) -> str:
    """bug, feature or chore: by type, else by labels."""
    for name, types in _TYPES.items():
        if kind.lower() in types:
            return name
    for name, words in _LABELS.items():
        if any(label.lower() in words for label in labels):
            return name
    return "chore"


def measures(items: list[Item]) -> list[Measure]:
    done = [row for item in items for row in _done(item)]
    started = [row for item in items for row in _in_progress(item)]
    blocked = [
        Row(at=one.start, until=one.until, product=item.product, actor=item.actor)
        for item in items for one in item.blocked
    ]  # fmt: skip
    return [
        Measure("throughput.work_items", done, _throughput),
        Measure("work_item.lead_hours", done, lambda rows, window: _took(rows, window, "lead")),
        Measure("work_item.cycle_hours", done, lambda rows, window: _took(rows, window, "cycle")),
        Measure("flow.efficiency", done, _efficiency),
        Measure("flow.wip", started, _open),
        Measure("flow.aging", started + done, _aging),
        Measure("blockers.open", blocked, _open),
        Measure("blockers.age_days", blocked, _ages),
    ]


def _done(item: Item) -> list[Row]:
    """One for each time it was done. Parts are hours; what is not known, or runs backwards, is None."""
    started = item.first_started()
    rows = []
    for one in item.stretches:
        if one.category != DONE:
            continue
        cycle = None if started is None or started > one.start else hours_between(started, one.start)
        parts: dict[str, float | None] = {"lead": hours_between(item.created_at, one.start), "cycle": cycle}
        if started is not None and cycle is not None:
            parts["active"], parts["waiting"] = _active_and_waiting(item, started, one.start)
        rows.append(
            Row(at=one.start, until=one.until, product=item.product, actor=item.actor, parts=parts, good=True,
                kind=class_of(item.type, item.labels))
        )  # fmt: skip
    return rows


def _active_and_waiting(item: Item, start: datetime, end: datetime) -> tuple[float, float]:
    """Hours in progress and not held up; hours held up, or back among what is to do."""

    def total(category: str) -> float:
        parts = [overlap(start, end, one) for one in item.stretches if one.category == category]
        return sum(hours_between(*part) for part in parts if part is not None)

    held_up = 0.0
    for stretch in item.stretches:
        part = overlap(start, end, stretch) if stretch.category == IN_PROGRESS else None
        for one in item.blocked:
            both = None if part is None else overlap(*part, one)
            held_up += 0 if both is None else hours_between(*both)
    return total(IN_PROGRESS) - held_up, total(TODO) + held_up


def _in_progress(item: Item) -> list[Row]:
    """One for each stretch in progress; it carries when the item was so for the first time."""
    first = item.first_started()
    if first is None:
        return []
    return [
        Row(at=one.start, until=one.until, product=item.product, actor=item.actor, moments=(first,), kind="started")
        for one in item.stretches if one.category == IN_PROGRESS
    ]  # fmt: skip


def _finished(rows: list[Row], window: Window) -> list[Row]:
    """Done within the window and still so at its end."""
    return [one for one in within(rows, window) if one.good and one.open_at(window.end)]


def _throughput(rows: list[Row], window: Window) -> Result:
    here = _finished(rows, window)
    return len(here), counted(here, CLASSES)


def _took(rows: list[Row], window: Window, part: str) -> Result:
    hours = [value for one in _finished(rows, window) if (value := one.parts.get(part)) is not None and value >= 0]
    return len(hours), percentiles(hours, 50, 85, 90)


def _efficiency(rows: list[Row], window: Window) -> Result:
    here = [one for one in _finished(rows, window) if one.parts["cycle"] is not None]
    active = sum(one.parts["active"] or 0 for one in here)
    waiting = sum(one.parts["waiting"] or 0 for one in here)
    return len(here), {"share": share(active, active + waiting)}


def _open(rows: list[Row], window: Window) -> Result:
    count = sum(one.open_at(window.end) for one in rows)
    return count, {"count": float(count)}


def _aging(rows: list[Row], window: Window) -> Result:
    """The ages of what is in progress, held against the cycle times of what was finished in the ninety days before."""
    ages = [
        hours_between(one.moments[0], window.end) for one in rows
        if one.kind == "started" and one.open_at(window.end)
    ]  # fmt: skip
    cycles = _took(rows, Window("", window.end - REFERENCE, window.end), "cycle")[1]
    result = percentiles(ages, 50, 85)
    for name in ("p50", "p85"):
        limit = cycles[name]
        result[f"over_{name}"] = None if limit is None or not ages else float(sum(age > limit for age in ages))
    return len(ages), result


def _ages(rows: list[Row], window: Window) -> Result:
    ages = [hours_between(one.at, window.end) / 24 for one in rows if one.open_at(window.end)]
    return len(ages), {**percentiles(ages, 50), "max": max(ages, default=None)}
