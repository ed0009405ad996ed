"""The part of CQL that programs use: restrictions joined by AND, and an order."""

from collections.abc import Callable

from ovia_demo.confluence.contents import Contents
from ovia_demo.organisation.code_model import Page
from ovia_demo.query_words import BadQuery, Words, read_moment
from ovia_demo.serving import milliseconds

Condition = Callable[[Page], bool]
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">=": lambda left, right: left >= right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    "<": lambda left, right: left < right,
    "=": lambda left, right: left == right,
}


class Query(Words):
    """Pages and blog posts that a CQL finds, in its order."""

    def __init__(self, contents: Contents, cql: str) -> None:
        super().__init__(cql, "CQL")
        self._contents = contents
        self._conditions: list[Condition] = []
        self._order: Callable[[Page], int] = lambda page: page.id
        self._descending = False
        self._parse()

    def find(self) -> list[Page]:
        pages = [*self._contents.pages("page"), *self._contents.pages("blogpost")]
        found = [one for one in pages if all(condition(one) for condition in self._conditions)]
        return sorted(found, key=lambda one: (self._order(one), one.id), reverse=self._descending)

    def _parse(self) -> None:
        self._clause()
        while self.peek() == "and":
            self.next()
            self._clause()
        if self.peek() == "order":
            self.next()
            self.expect("by")
            self._order = self._value(self.next().lower())
            if self.peek() in ("asc", "desc"):
                self._descending = self.next().lower() == "desc"
        self.finish()

    def _clause(self) -> None:
        field, operator, values = self.restriction()
        wanted = {value.lower() for value in values}
        match field:
            case "space" | "space.key" if operator in ("=", "in"):
                products = self._contents.world.products
                self._conditions.append(lambda page: products[page.product].space_key.lower() in wanted)
            case "type" if operator in ("=", "in"):
                self._conditions.append(lambda page: page.kind in wanted)
            case "id" | "content" if operator in ("=", "in"):
                self._conditions.append(lambda page: str(page.id) in wanted)
            case "created" | "lastmodified" if operator in _COMPARE:
                bound = read_moment(values[0], self._contents.world.clock.now(), "Date")
                value, holds = self._value(field), _COMPARE[operator]
                self._conditions.append(lambda page: holds(value(page), bound))
            case _:
                raise BadQuery(f"Could not parse cql : {field} {operator}")

    def _value(self, field: str) -> Callable[[Page], int]:
        match field:
            case "created":
                return lambda page: milliseconds(page.created_at)
            case "lastmodified":
                return self._contents.indexed
            case "id":
                return lambda page: page.id
        raise BadQuery(f"Could not parse cql : order by {field}")
