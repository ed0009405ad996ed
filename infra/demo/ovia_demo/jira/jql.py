"""The part of JQL that programs use to read everything: restrictions joined by AND, and an order."""

from collections.abc import Callable
from typing import Any

from ovia_demo.organisation.model import Issue
from ovia_demo.query_words import BadQuery, Words, read_moment
from ovia_demo.serving import World, milliseconds

Condition = Callable[[Issue], bool]
Key = tuple[int, ...]


class Query(Words):
    """What a JQL asks for. `bounded` unless it restricts nothing."""

    def __init__(self, world: World, jql: str) -> None:
        super().__init__(jql, "JQL")
        self._world = world
        self._conditions: list[Condition] = []
        self._order: list[tuple[str, int]] = []
        self._parse()

    @property
    def bounded(self) -> bool:
        return bool(self._conditions)

    def find(self) -> list[tuple[Key, Issue]]:
        """The issues in the order asked for, each with the key that the order is by."""
        found = [
            (self._key(issue), issue)
            for issue in self._world.live_issues()
            if all(condition(issue) for condition in self._conditions)
        ]
        found.sort(key=lambda pair: pair[0])
        return found

    def _key(self, issue: Issue) -> Key:
        return (*(sign * _sortable(issue, field) for field, sign in self._order), issue.id)

    def _parse(self) -> None:
        if self.peek() not in (None, "order"):
            self._clause()
            while self.peek() == "and":
                self.next()
                self._clause()
        if self.peek() == "order":
            self.next()
            self.expect("by")
            self._ordering()
            while self.peek() == ",":
                self.next()
                self._ordering()
        self.finish()
        if not self._order:
            self._order = [("created", -1)]

    def _ordering(self) -> None:
        field = self.next()
        if field.lower() not in ("created", "updated", "id", "key", "issuekey"):
            raise BadQuery(f"Field '{field}' does not exist or this field cannot be viewed by anonymous users.")
        sign = 1
        if self.peek() in ("asc", "desc"):
            sign = -1 if self.next().lower() == "desc" else 1
        self._order.append((field.lower(), sign))

    def _clause(self) -> None:
        field, operator, values = self.restriction()
        if field == "project":
            self._conditions.append(self._projects(operator, values))
        elif field in ("id", "key", "issue", "issuekey"):
            self._conditions.append(self._ids(operator, values))
        elif field in ("created", "updated"):
            self._conditions.append(self._moment(field, operator, values[0]))
        elif field in ("issuetype", "type"):
            wanted = {value.lower() for value in values}
            self._conditions.append(_among(operator, lambda issue: issue.type.lower() in wanted))
        else:
            raise BadQuery(f"Field '{field}' does not exist or you do not have permission to view it.")

    def _projects(self, operator: str, values: list[str]) -> Condition:
        wanted = set()
        for value in values:
            known = [
                one.key for one in self._world.organisation.products
                if value.lower() in (one.key.lower(), one.name.lower(),
                                     str(one.id)) and one.key not in self._world.revoked
            ]  # fmt: skip
            if not known:
                raise BadQuery(f"The value '{value}' does not exist for the field 'project'.")
            wanted.update(known)
        return _among(operator, lambda issue: issue.product in wanted)

    def _ids(self, operator: str, values: list[str]) -> Condition:
        ids = {int(one) if one.isdecimal() else self._world.issue_ids.get(one.upper(), -1) for one in values}
        if operator in ("=", "!=", "in", "not in"):
            return _among(operator, lambda issue: issue.id in ids)
        bound = next(iter(ids))
        return _compare(operator, lambda issue: issue.id, bound)

    def _moment(self, field: str, operator: str, value: str) -> Condition:
        bound = read_moment(value, self._world.clock.now(), "Date")
        return _compare(operator, lambda issue: _sortable(issue, field), bound)


def _sortable(issue: Issue, field: str) -> int:
    if field == "created":
        return milliseconds(issue.created_at)
    return milliseconds(issue.updated_at) if field == "updated" else issue.id


def _among(operator: str, inside: Condition) -> Condition:
    if operator in ("=", "in"):
        return inside
    if operator in ("!=", "not in"):
        return lambda issue: not inside(issue)
    raise BadQuery(f"The operator '{operator}' is not supported by the field.")


def _compare(operator: str, value: Callable[[Issue], int], bound: int) -> Condition:
    tests: dict[str, Any] = {
        ">=": lambda issue: value(issue) >= bound,
        ">": lambda issue: value(issue) > bound,
        "<=": lambda issue: value(issue) <= bound,
        "<": lambda issue: value(issue) < bound,
        "=": lambda issue: value(issue) == bound,
    }
    if operator not in tests:
        raise BadQuery(f"The operator '{operator}' is not supported by the field.")
    condition: Condition = tests[operator]
    return condition
