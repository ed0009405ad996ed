"""What is true of a generated organisation, computed from its own events and never from what an API sent.

Who each account belongs to, how many records there are, and what every KPI comes to: for the organisation, each product
and each team, for the whole time and each month of it. `docs/sample-data.md` defines each in words. Months are calendar
months in UTC; a value without data is None; percentiles interpolate, as `percentile_cont` does.
"""

import msgspec

from ovia_demo.answers import composites, delivery, merge_requests, sprints, work
from ovia_demo.answers.counts import counts
from ovia_demo.answers.measures import Measure
from ovia_demo.answers.risks import Risk, risks
from ovia_demo.answers.scopes import Membership, Places, Row, Scope, Window, memberships, scopes, windows
from ovia_demo.answers.shipping import changes, shipped
from ovia_demo.answers.timeline import items
from ovia_demo.answers.who import WhoIsWho, who_is_who
from ovia_demo.organisation.code_model import Organisation


class Answer(msgspec.Struct, frozen=True):
    """A KPI for one scope (kind and id) and window (name): how many rows are behind it, and its values by name."""

    kpi: str
    kind: str
    scope: str
    window: str
    n: int
    values: dict[str, float | None]


class Answers(msgspec.Struct, kw_only=True):
    who_is_who: WhoIsWho
    counts: dict[str, dict[str, int]]
    memberships: list[Membership]
    scopes: list[Scope]
    windows: list[Window]
    kpis: list[Answer]
    sprints: list[sprints.SprintOutcome]
    failed_changes: list[delivery.FailedChange]
    risks: list[Risk]

    def find(self, kpi: str, kind: str = "organisation", scope: str = "", window: str = "whole") -> Answer:
        """KeyError if there is no such answer."""
        for one in self.kpis:
            if (one.kpi, one.kind, one.scope, one.window) == (kpi, kind, scope, window):
                return one
        raise KeyError((kpi, kind, scope, window))


def answers(organisation: Organisation) -> Answers:
    """All known answers about an organisation, as of its end."""
    known = items(organisation)
    deployed = changes(organisation, known)
    pipelines = delivery.pipeline_rows(organisation)
    measured = [
        *merge_requests.measures(organisation, shipped(deployed)), *work.measures(known),
        *sprints.measures(organisation, known), *delivery.measures(pipelines, deployed),
    ]  # fmt: skip
    begun = [Row(at=one.created_at, product=one.product, actor=one.actor) for one in known]
    places, times = Places(organisation), windows(organisation)
    kpis: list[Answer] = []
    for scope in scopes(organisation):
        own = [Measure(one.name, places.of(scope, one.rows), one.aggregate) for one in measured]
        runs = places.of(scope, pipelines)
        created = [one.at for one in places.of(scope, begun)]
        for window in times:
            results = {one.name: one.aggregate(one.rows, window) for one in own}
            failing, branches = delivery.failing_branches(runs, window)
            has_items = any(at < window.end for at in created)
            results["delivery_health"] = composites.delivery_health(results)
            results["release_risk"] = composites.release_risk(results, len(failing), branches, has_items=has_items)
            kpis += [Answer(name, scope.kind, scope.id, window.name, *one) for name, one in results.items()]
    kpis += [Answer(f"identity.{name}", "organisation", "", "whole", *one)
             for name, one in composites.identity(organisation).items()]  # fmt: skip
    return Answers(
        who_is_who=who_is_who(organisation),
        counts=counts(organisation),
        memberships=memberships(organisation),
        scopes=scopes(organisation),
        windows=times,
        kpis=kpis,
        sprints=sprints.outcomes(organisation, known),
        failed_changes=delivery.failed_changes(deployed),
        risks=risks(organisation, known, pipelines, times[0]),
    )
