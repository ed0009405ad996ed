"""What is true of a generated organisation, computed from its own events and never from what an API sent.

Who each account belongs to, how many records there are, and the values that KPIs should come to.
Months are calendar months in UTC; a value without data is None; percentiles interpolate, as `percentile_cont` does.
"""

import msgspec

from ovia_demo.answers import counts, delivery, flow, reviews, sprints, who
from ovia_demo.organisation.code_model import Organisation


class Answers(msgspec.Struct, kw_only=True):
    who_is_who: who.WhoIsWho
    counts: dict[str, dict[str, int]]
    throughput: list[flow.Throughput]
    work_items: flow.WorkItems
    blockers: list[flow.Blocker]
    reviews: reviews.Reviews
    cycle: reviews.Cycle
    sprints: list[sprints.SprintOutcome]
    pipelines: delivery.PipelineHealth
    deployments: delivery.Deployments


def answers(organisation: Organisation) -> Answers:
    """All known answers about an organisation, as of its end."""
    return Answers(
        who_is_who=who.who_is_who(organisation),
        counts=counts.counts(organisation),
        throughput=flow.throughput(organisation),
        work_items=flow.work_items(organisation),
        blockers=flow.blockers(organisation),
        reviews=reviews.first_responses(organisation),
        cycle=reviews.cycle(organisation),
        sprints=sprints.outcomes(organisation),
        pipelines=delivery.pipeline_health(organisation),
        deployments=delivery.deployments(organisation),
    )
