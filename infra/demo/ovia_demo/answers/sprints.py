"""How each closed sprint went."""

import msgspec

from ovia_demo.answers.flow import category_at
from ovia_demo.answers.spread import share
from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.model import Issue, Sprint, Stay


class SprintOutcome(msgspec.Struct, kw_only=True):
    """`committed`: in the sprint when it started. `added` and `removed`: afterwards, before it was closed.

    `scope`: in the sprint when it was closed; `completed`: done then; `not_done`: the rest. `completed_of_committed`:
    committed, still in it, and done. `spillover`: not done ÷ scope. `completion`: completed ÷ scope.
    `scope_change`: (added + removed) ÷ committed.
    """

    sprint: int
    name: str
    project: str
    committed: int
    added: int
    removed: int
    scope: int
    completed: int
    completed_of_committed: int
    not_done: int
    completion: float | None
    spillover: float | None
    scope_change: float | None


def outcomes(organisation: Organisation) -> list[SprintOutcome]:
    stays: dict[int, list[tuple[Issue, Stay]]] = {}
    for issue in organisation.issues:
        for stay in issue.stays:
            stays.setdefault(stay.sprint, []).append((issue, stay))
    return [_outcome(one, stays.get(one.id, [])) for one in organisation.sprints if one.completed_at is not None]


def _outcome(sprint: Sprint, stays: list[tuple[Issue, Stay]]) -> SprintOutcome:
    start, close = sprint.start_at, sprint.completed_at
    assert close is not None
    committed = {issue.id for issue, stay in stays if stay.start <= start and (stay.end is None or stay.end > start)}
    added = {issue.id for issue, stay in stays if start < stay.start < close}
    removed = {issue.id for issue, stay in stays if stay.end is not None and start < stay.end < close}
    scope = {issue.id for issue, stay in stays if stay.start < close and (stay.end is None or stay.end >= close)}
    done = {issue.id for issue, _ in stays if issue.id in scope and category_at(issue, close) == "done"}
    return SprintOutcome(
        sprint=sprint.id, name=sprint.name, project=sprint.product, committed=len(committed), added=len(added),
        removed=len(removed), scope=len(scope), completed=len(done), completed_of_committed=len(done & committed),
        not_done=len(scope - done), completion=share(len(done), len(scope)),
        spillover=share(len(scope - done), len(scope)), scope_change=share(len(added) + len(removed), len(committed)),
    )  # fmt: skip
