"""The ordinary life of an issue in a sprint: planned, started, reviewed, done; or late, blocked, reopened, dropped."""

from datetime import datetime, timedelta
from random import Random

from ovia_demo.organisation import texts
from ovia_demo.organisation.crew import Crew
from ovia_demo.organisation.issue_flow import Flow
from ovia_demo.organisation.model import Comment, Sprint, Worklog
from ovia_demo.organisation.times import hours, later, long_tailed, office

MOST_SPRINTS = 4
CROWDED = 0.012


def grow(rng: Random, flow: Flow, crew: Crew, sprint: Sprint, *, added_late: bool) -> None:
    """Adds to the flow all that happens to the issue, also beyond the end of the generated time."""
    issue = flow.issue
    planner = crew.product.lead if rng.random() < 0.6 else issue.reporter
    if issue.type != "Sub-task":
        sprint = _plan(rng, flow, crew, sprint, planner, added_late)
    if issue.type in ("Story", "Task", "Improvement") and rng.random() < 0.85:
        at = later(rng, issue.created_at, 0.5, 40)
        flow.add(at, planner, ("points", float(rng.choices((1, 2, 3, 5, 8, 13), (3, 5, 6, 5, 3, 1))[0])))
    earliest = max(sprint.start_at, issue.created_at + timedelta(minutes=20))
    if added_late:
        earliest = max(earliest, issue.created_at + timedelta(hours=3))
    fate = rng.random()
    if fate < 0.03:
        at = office(rng, later(rng, earliest, 2, 100))
        flow.add(at, planner, ("status", crew.product.workflow.done), ("resolution", "Won't Do"))
        flow.add(later(rng, at, 0.01, 0.02), planner, ("leave", (sprint, crew.sprint_names)))
    elif fate < 0.96:
        _work(rng, flow, crew, office(rng, later(rng, earliest, 0.5, 24 * 7.5)))
    _talk(rng, flow, crew, earliest)
    if issue.type != "Sub-task":
        _carry_over(flow, crew, sprint)


def _plan(rng: Random, flow: Flow, crew: Crew, sprint: Sprint, planner: str, added_late: bool) -> Sprint:
    issue, names = flow.issue, crew.sprint_names
    if added_late:
        if rng.random() < 0.4:
            issue.sprints = [sprint.id]
        else:
            flow.add(later(rng, issue.created_at, 0.1, 2.5), planner, ("enter", (sprint, names)))
        return sprint
    planned = max(later(rng, sprint.start_at, -60, -1), issue.created_at + timedelta(minutes=5))
    if flow.moves_at is not None:
        planned = max(planned, flow.moves_at + timedelta(minutes=10))
    flow.add(planned, planner, ("rank", True), ("enter", (sprint, names)))
    if rng.random() < 0.05:
        # Taken out again, for the sprint after.
        following = crew.sprint_after(sprint)
        flow.add(later(rng, sprint.start_at, 8, 130), planner, ("leave", (sprint, names)))
        flow.add(later(rng, following.start_at, -30, -1), planner, ("enter", (following, names)))
        return following
    return sprint


def _work(rng: Random, flow: Flow, crew: Crew, started: datetime) -> None:
    issue, workflow = flow.issue, crew.product.workflow
    who = crew.someone(rng, started)
    if rng.random() < 0.35:
        flow.add(later(rng, issue.created_at, 0.2, 10), issue.reporter, ("assignee", who))
    flow.add(started, who, ("assignee", who), ("status", workflow.doing))
    total = min(long_tailed(rng, 52, 0.85), 24 * 45)
    reviewed = office(rng, started + hours(total * rng.uniform(0.45, 0.75)))
    done = max(office(rng, started + hours(total)), reviewed + timedelta(minutes=50))
    _hold_up(rng, flow, crew, who, started, reviewed)
    flow.add(reviewed, who, ("status", workflow.review))
    if rng.random() < 0.12:
        back = reviewed + (done - reviewed) * 0.3
        flow.add(back, crew.someone(rng, back, who), ("status", workflow.doing))
        flow.add(reviewed + (done - reviewed) * 0.6, who, ("status", workflow.review))
    if rng.random() < 0.12:
        again = crew.someone(rng, done, who)
        flow.add(reviewed + (done - reviewed) * 0.8, who, ("assignee", again))
        who = again
    release = [one for one in crew.organisation.versions if one.product == crew.product.key and one.release_at >= done]
    if release and rng.random() < 0.7:
        flow.add(done - timedelta(minutes=1), who, ("version", release[0]))
    flow.add(done, who, ("resolution", "Done"), ("status", workflow.done))
    if rng.random() < 0.07:
        reopened = office(rng, later(rng, done, 3, 90))
        flow.add(reopened, crew.someone(rng, reopened, who), ("resolution", None), ("status", workflow.doing))
        flow.add(office(rng, later(rng, reopened, 4, 60)), who, ("resolution", "Done"), ("status", workflow.done))
    if rng.random() < 0.4:
        _log_work(rng, flow, who, started, done)


def _hold_up(rng: Random, flow: Flow, crew: Crew, who: str, started: datetime, reviewed: datetime) -> None:
    """A flag, or the status for it where the workflow has one, during the work."""
    if reviewed - started < timedelta(hours=6) or rng.random() > 0.14:
        return
    begin = started + (reviewed - started) * rng.uniform(0.05, 0.4)
    end = begin + (reviewed - begin) * rng.uniform(0.4, 0.95)
    blocked = crew.product.workflow.blocked
    if blocked is not None and rng.random() < 0.5:
        flow.add(begin, who, ("status", blocked))
        flow.add(end, who, ("status", crew.product.workflow.doing))
    else:
        flow.add(begin, who, ("flag", True))
        flow.add(end, who, ("flag", False))


def stand_still(rng: Random, flow: Flow, crew: Crew) -> None:
    """Somebody begins, then waits for others for weeks before it goes on."""
    started = office(rng, later(rng, flow.issue.created_at, 20, 120))
    who = crew.someone(rng, started)
    flow.add(started, who, ("assignee", who), ("status", crew.product.workflow.doing))
    raised = later(rng, started, 5, 60)
    lowered = later(rng, raised, 24 * 6, 24 * 50)
    flow.add(raised, who, ("flag", True))
    flow.add(lowered, who, ("flag", False))
    flow.add(later(rng, lowered, 10, 90), who, ("resolution", "Done"), ("status", crew.product.workflow.done))


def _log_work(rng: Random, flow: Flow, who: str, started: datetime, done: datetime) -> None:
    for _ in range(rng.choices((1, 2, 3, 24), (6, 3, 2, 0.15))[0]):
        begin = started + (done - started) * rng.random()
        begin = begin.replace(microsecond=0)
        seconds = rng.choice((900, 1800, 3600, 7200, 10800, 14400))
        logged = later(rng, begin, seconds / 3600, seconds / 3600 + 5)
        text = texts.thing(rng, flow.issue.product) if rng.random() < 0.5 else ""
        flow.worklogs.append(Worklog(created_at=logged, started_at=begin, author=who, seconds=seconds, text=text))


def _talk(rng: Random, flow: Flow, crew: Crew, earliest: datetime) -> None:
    """Comments; and for a few issues so many comments or edits that Jira does not give them all at once."""
    crowded = rng.random() < CROWDED
    count = rng.randint(21, 60) if crowded else rng.choices(range(8), (22, 24, 20, 14, 9, 6, 3, 2))[0]
    at = later(rng, earliest, -20, 30)
    for _ in range(count):
        at = office(rng, at + hours(long_tailed(rng, 9 if crowded else 14, 1.0)))
        author = "m-06" if rng.random() < 0.03 else crew.someone(rng, at)
        edited = later(rng, at, 0.1, 40) if rng.random() < 0.08 else at
        if edited <= crew.organisation.until and at >= flow.issue.created_at:
            text = texts.remark(rng, crew.someone(rng, at))
            flow.comments.append(Comment(at=at, updated_at=edited, author=author, text=text))
    if rng.random() < CROWDED:
        at = flow.issue.created_at
        for number in range(rng.randint(41, 75)):
            at = later(rng, at, 0.3, 6)
            flow.add(at, crew.someone(rng, at), ("rank", number % 2 == 0))
    if rng.random() < 0.1:
        edited = later(rng, flow.issue.created_at, 0.3, 60)
        flow.add(edited, flow.issue.reporter, ("text", texts.description(rng, "story")), ("label", "refined"))
    if rng.random() < 0.07:
        flow.add(later(rng, flow.issue.created_at, 1, 90), crew.product.lead, ("priority", rng.choice(("High", "Low"))))


def _carry_over(flow: Flow, crew: Crew, sprint: Sprint) -> None:
    """Not done when its sprint is closed, an issue goes on in the next one, at most so many times."""
    closing = crew.product.lead
    for _ in range(MOST_SPRINTS):
        following = crew.sprint_after(sprint)
        if sprint.completed_at is None or following is sprint:
            return
        flow.add(sprint.completed_at, closing, ("carry", (sprint, following, crew.sprint_names)))
        sprint = following
