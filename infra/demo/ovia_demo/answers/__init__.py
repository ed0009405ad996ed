"""What is true of a generated organisation, computed from its own events and never from what an API sent.

Who each account belongs to, how many records there are, and the values that KPIs should come to.
Months are calendar months in UTC; a value without data is None; percentiles interpolate, as `percentile_cont` does.
"""

import msgspec

from ovia_demo.answers.counts import counts
from ovia_demo.answers.delivery import Deployments, PipelineHealth, deployments, pipeline_health
from ovia_demo.answers.flow import Blocker, Throughput, WorkItems, blockers, throughput, work_items
from ovia_demo.answers.reviews import Cycle, Reviews, cycle, first_responses
from ovia_demo.answers.sprints import SprintOutcome, outcomes
from ovia_demo.answers.who import WhoIsWho, who_is_who
from ovia_demo.organisation.code_model import Organisation


class Answers(msgspec.Struct, kw_only=True):
    who_is_who: WhoIsWho
    counts: dict[str, dict[str, int]]
    throughput: list[Throughput]
    work_items: WorkItems
    blockers: list[Blocker]
    reviews: Reviews
    cycle: Cycle
    sprints: list[SprintOutcome]
    pipelines: PipelineHealth
    deployments: Deployments


def answers(organisation: Organisation) -> Answers:
    """All known answers about an organisation, as of its end."""
    return Answers(
        who_is_who=who_is_who(organisation),
        counts=counts(organisation),
        throughput=throughput(organisation),
        work_items=work_items(organisation),
        blockers=blockers(organisation),
        reviews=first_responses(organisation),
        cycle=cycle(organisation),
        sprints=outcomes(organisation),
        pipelines=pipeline_health(organisation),
        deployments=deployments(organisation),
    )
