"""Work in Jira: epics, stories, tasks, bugs, sub-tasks and incidents, sprint by sprint."""

from datetime import datetime, timedelta
from random import Random

from ovia_demo.organisation import texts
from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.crew import Crew
from ovia_demo.organisation.issue_flow import Flow
from ovia_demo.organisation.issue_life import grow, stand_still
from ovia_demo.organisation.model import Issue, Link, Sprint, Worklog
from ovia_demo.organisation.numbering import number_issues
from ovia_demo.organisation.times import hours, later, long_tailed, office, whole

ITEMS_PER_PERSON_AND_SPRINT = 0.72
INCIDENTS_PER_SPRINT = 0.45
_TYPES = {"Story": 36, "Task": 24, "Bug": 24, "Sub-task": 11, "Improvement": 5}
JIRA_APP, MONITORING = "m-06", "m-07"


def make_issues(seed: str, organisation: Organisation) -> None:
    """Plans every issue, gives them their keys in the order of creation, then plays their lives until the end."""
    flows: list[Flow] = []
    sprint_names = {sprint.id: sprint.name for sprint in organisation.sprints}
    product_of = {team.id: team.product for team in organisation.teams}
    crews = {
        product.key: Crew(
            organisation,
            product,
            [person for person in organisation.people if product_of[person.team] == product.key] or organisation.people,
            [sprint for sprint in organisation.sprints if sprint.product == product.key],
            sprint_names,
        )
        for product in organisation.products
    }
    for key, crew in crews.items():
        rng = Random(f"{seed}/issues/{key}")
        for sprint in crew.sprints:
            if sprint.start_at <= organisation.until:
                flows += _of_sprint(rng, crew, crews, sprint)
        flows += _backlog(rng, crew)
    flows = [flow for flow in flows if flow.issue.created_at <= organisation.until]
    number_issues(organisation, flows)
    for number, flow in enumerate(flows):
        if flow.issue.type == "Task" and number % 9 == 0:
            # Tasks that are something else, which only a label tells.
            flow.issue.labels.append(("defect", "enhancement")[number % 2])
    _link_blocking(Random(f"{seed}/links"), flows)
    for flow in flows:
        flow.play(organisation.until)
    organisation.issues = [flow.issue for flow in flows]


def _of_sprint(rng: Random, crew: Crew, crews: dict[str, Crew], sprint: Sprint) -> list[Flow]:
    flows = []
    if sprint.number % 3 == 1:
        epic = _epic(rng, crew, sprint)
        crew.parents.append(epic)
        flows.append(epic)
    there = sum(1 for one in crew.people if one.joined_at <= sprint.start_at < (one.left_at or crew.organisation.until))
    for _ in range(max(2, round(there * ITEMS_PER_PERSON_AND_SPRINT * rng.uniform(0.8, 1.2)))):
        flow = _item(rng, crew, crews, sprint)
        if flow is not None:
            flows.append(flow)
    expected = INCIDENTS_PER_SPRINT * max(0.5, len(crew.people) / 20)
    for _ in range(int(expected) + (rng.random() < expected % 1)):
        flows.append(_incident(rng, crew, sprint))  # noqa: PERF401 (chance is drawn in order)
    return flows


def _epic(rng: Random, crew: Crew, sprint: Sprint) -> Flow:
    at = office(rng, later(rng, sprint.start_at, -400, -30))
    flow = _new(rng, crew, "Epic", at, crew.product.lead)
    flow.issue.assignee = crew.product.lead
    workflow = crew.product.workflow
    flow.add(later(rng, sprint.start_at, 1, 20), crew.product.lead, ("status", workflow.doing))
    done = later(rng, sprint.start_at, 24 * 40, 24 * 75)
    flow.add(office(rng, done), crew.product.lead, ("status", workflow.done), ("resolution", "Done"))
    return flow


def _item(rng: Random, crew: Crew, crews: dict[str, Crew], sprint: Sprint) -> Flow | None:
    kind = rng.choices(list(_TYPES), list(_TYPES.values()))[0]
    added_late = rng.random() < 0.1
    created = _creation(rng, crew.organisation, sprint, added_late=added_late)
    moving = kind != "Sub-task" and not added_late and rng.random() < 0.025
    if moving and sprint.start_at - created > timedelta(hours=12):
        origin = crews[rng.choice([key for key in crews if key != crew.product.key])]
        flow = _new(rng, origin, kind, created, None)
        flow.moves_to = crew.product.key
        flow.moves_at = whole(created + (sprint.start_at - timedelta(hours=2) - created) * rng.uniform(0.3, 0.7))
    else:
        flow = _new(rng, crew, kind, created, None)
    if not _placed(rng, crew, flow):
        return None
    grow(rng, flow, crew, sprint, added_late=added_late)
    return flow


def _creation(rng: Random, organisation: Organisation, sprint: Sprint, *, added_late: bool) -> datetime:
    """In the middle of the sprint, or some time before it, often months."""
    if added_late:
        return office(rng, later(rng, sprint.start_at, 10, 150))
    created = office(rng, sprint.start_at - hours(min(long_tailed(rng, 150, 0.9), 2200) + 4))
    if created >= sprint.start_at:
        created = later(rng, sprint.start_at, -60, -4)
    if created < organisation.start - timedelta(days=21):
        created = later(rng, organisation.start, -500, -80)
    return created


def _placed(rng: Random, crew: Crew, flow: Flow) -> bool:
    """Puts a sub-task below a story, and many a story below an epic. False for a sub-task that has no story."""
    issue = flow.issue
    if issue.type == "Sub-task":
        if not crew.stories:
            return False
        story = crew.stories[-1 - rng.randrange(min(8, len(crew.stories)))].issue
        flow.parent = story
        return story.created_at <= issue.created_at
    if issue.type == "Story":
        crew.stories.append(flow)
        if crew.parents and rng.random() < 0.7:
            epic = crew.parents[-1 - rng.randrange(min(3, len(crew.parents)))].issue
            if epic.created_at < issue.created_at:
                flow.add(later(rng, issue.created_at, 0.05, 3), issue.reporter, ("parent", epic))
    return True


def _new(rng: Random, crew: Crew, kind: str, at: datetime, reporter: str | None) -> Flow:
    product = crew.product
    who = reporter or crew.someone(rng, at)
    if reporter is None and kind == "Bug" and rng.random() < 0.1:
        who = MONITORING
    elif reporter is None and rng.random() < 0.006:
        who = "m-08"
    word = {"Bug": "bug", "Epic": "epic", "Incident": "incident", "Task": "task", "Sub-task": "task"}.get(kind, "story")
    issue = Issue(
        product=product.key,
        type=kind,
        title=texts.title(rng, product.key, word),
        text=texts.description(rng, word, crew.someone(rng, at)),
        status=product.workflow.todo,
        priority=rng.choices(("Highest", "High", "Medium", "Low"), (1, 3, 12, 4))[0],
        reporter=who,
        creator=who,
        team=rng.choice([team.id for team in crew.organisation.teams if team.product == product.key]),
        components=[rng.choice(product.components)] if rng.random() < 0.6 else [],
        labels=[rng.choice(("mobile", "tech-debt", "customer", "безопасность"))] if rng.random() < 0.2 else [],
        created_at=at,
        updated_at=at,
        due_on=(at + timedelta(days=rng.randrange(10, 60))).date().isoformat() if rng.random() < 0.15 else None,
        estimate=rng.choice((3600, 7200, 14400, 28800)) if rng.random() < 0.3 else None,
    )
    return Flow(issue)


def _incident(rng: Random, crew: Crew, sprint: Sprint) -> Flow:
    """Found by the monitoring or a person, worked on at once, resolved the same day."""
    at = later(rng, sprint.start_at, 6, 13 * 24)
    flow = _new(rng, crew, "Incident", at, MONITORING if rng.random() < 0.5 else crew.someone(rng, at))
    flow.incident = True
    issue, workflow = flow.issue, crew.product.workflow
    issue.priority = rng.choice(("Highest", "High"))
    issue.labels.append("incident")
    issue.team = rng.choice([team.id for team in crew.organisation.teams if team.product == crew.product.key])
    homes = [one.id for one in crew.organisation.repositories if one.product == crew.product.key]
    issue.repository = rng.choice(homes)
    who = crew.someone(rng, at)
    started = later(rng, at, 0.03, 0.6)
    fixed = started + hours(min(long_tailed(rng, 3.0, 0.8), 30))
    flow.add(started, who, ("assignee", who), ("status", workflow.doing))
    flow.add(fixed, who, ("status", workflow.done), ("resolution", "Done"))
    seconds = int((fixed - started).total_seconds())
    flow.worklogs.append(
        Worklog(created_at=later(rng, fixed, 0.1, 3), started_at=started, author=who, seconds=seconds, text="")
    )
    return flow


def _backlog(rng: Random, crew: Crew) -> list[Flow]:
    """Ideas that nobody has planned yet."""
    flows = []
    span = crew.organisation.until - crew.organisation.start
    for _ in range(max(2, len(crew.people) // 2)):
        at = office(rng, crew.organisation.start + span * rng.random())
        flow = _new(rng, crew, rng.choice(("Story", "Task", "Bug")), at, None)
        if rng.random() < 0.25:
            closed = later(rng, at, 200, 3000)
            flow.add(closed, crew.product.lead, ("status", crew.product.workflow.done), ("resolution", "Won't Do"))
        else:
            still = Random(f"still/{crew.product.key}/{at}")
            if still.random() < 0.5:
                stand_still(still, flow, crew)
        flows.append(flow)
    for _ in range(max(2, len(crew.people) // 6)):
        at = office(rng, later(rng, crew.organisation.until, -24 * 60, -24 * 12))
        flow = _new(rng, crew, rng.choice(("Story", "Task", "Bug")), at, None)
        stand_still(rng, flow, crew)
        flows.append(flow)
    return flows


def _link_blocking(rng: Random, flows: list[Flow]) -> None:
    """Some wait for others, which lets a blocker be read from a link too."""
    for number, flow in enumerate(flows):
        if flow.incident or flow.issue.type == "Epic" or rng.random() > 0.06 or number < 5:
            continue
        other = flows[number - 1 - rng.randrange(min(40, number - 1))]
        kind, inward, words = rng.choice(
            (("Blocks", True, "is blocked by"), ("Blocks", True, "is blocked by"), ("Relates", False, "relates to"))
        )
        at = later(rng, max(flow.issue.created_at, other.issue.created_at), 1, 90)
        flow.add(
            at, flow.issue.reporter, ("link", (Link(type=kind, inward=inward, other=0, at=at), other.issue, words))
        )
