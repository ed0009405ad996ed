"""What endangers the next release at the end: each thing with its owner, its age and where it is."""

from datetime import datetime

import msgspec

from ovia_demo.answers.delivery import failing_branches
from ovia_demo.answers.merge_requests import open_row, stale_at
from ovia_demo.answers.scopes import Row, Window
from ovia_demo.answers.spread import hours_between
from ovia_demo.answers.timeline import Item
from ovia_demo.organisation.code_model import Organisation


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` is blocker (`what` is the key), pipeline (its id) or stale (`project!number`). `owner` is an actor."""

    kind: str
    what: str
    product: str
    owner: str | None
    since: datetime
    age_days: float


def risks(organisation: Organisation, items: list[Item], pipelines: list[Row], window: Window) -> list[Risk]:
    """Blocked items, release branches whose last pipeline failed, and merge requests that went stale."""
    paths = {one.id: one for one in organisation.repositories}
    end = window.end

    def risk(kind: str, what: str, product: str, owner: str | None, since: datetime) -> Risk:
        age = hours_between(since, end) / 24
        return Risk(kind=kind, what=what, product=product, owner=owner, since=since, age_days=age)

    found = [
        risk("blocker", item.key, item.product, item.actor, one.start)
        for item in items for one in item.blocked if one.until is None
    ]  # fmt: skip
    failing, _ = failing_branches(pipelines, window)
    found += [risk("pipeline", f"{one.parts['id']:.0f}", one.product, one.actor, one.at) for one in failing]
    for made in organisation.merge_requests:
        place = paths[made.repository]
        row = open_row(made, place.product)
        if row.open_at(end) and stale_at(row, end):
            last = max(one for one in row.moments if one < end)
            found.append(risk("stale", f"{place.path}!{made.iid}", place.product, made.author, last))
    return found
