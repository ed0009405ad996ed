"""Where a panel turns red: at the number the alert about the same thing compares with, read from its own rule."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import promql_parser
import yaml

RULES = Path(__file__).parents[2] / "prometheus" / "rules"
_COMPARED = {">": False, ">=": False, "<": True, "<=": True}


class Limit(NamedTuple):
    """A value beyond which somebody is told. `below` says that it is low values that are bad."""

    value: float
    below: bool


class NoLimit(Exception):
    """The rules have no such alert, or it compares with no number."""


@cache
def of(alert: str) -> Limit:
    """The limit of the alert named.

    Raises:
        NoLimit: there is no such alert, or its expression compares with no number.
    """
    expressions = alerts()
    if alert not in expressions:
        raise NoLimit(f"infra/prometheus/rules has no alert {alert}")
    found = _compared(promql_parser.parse(expressions[alert]))
    if found is None:
        raise NoLimit(f"the alert {alert} compares with no number")
    return found


@cache
def alerts() -> dict[str, str]:
    """The expression of every alert, by its name."""
    files = [yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml"))]
    rules = [rule for file in files for group in file["groups"] for rule in group["rules"]]
    return {rule["alert"]: rule["expr"] for rule in rules if "alert" in rule}


def _compared(node: object) -> Limit | None:
    """The comparison with a number that comes first, reading from the left."""
    if isinstance(node, promql_parser.ParenExpr):
        return _compared(node.expr)
    if not isinstance(node, promql_parser.BinaryExpr):
        return None
    below = _COMPARED.get(str(node.op))
    if below is not None and (value := _number(node.rhs)) is not None:
        return Limit(value, below)
    return _compared(node.lhs) or _compared(node.rhs)


def _number(node: object) -> float | None:
    """What an expression of numbers alone comes to, such as `26 * 3600`."""
    if isinstance(node, promql_parser.ParenExpr):
        return _number(node.expr)
    if isinstance(node, promql_parser.NumberLiteral):
        return float(node.val)
    if isinstance(node, promql_parser.BinaryExpr):
        left, right = _number(node.lhs), _number(node.rhs)
        if left is not None and right is not None:
            return _CALCULATED[str(node.op)](left, right)
    return None


_CALCULATED = {
    "+": float.__add__,
    "-": float.__sub__,
    "*": float.__mul__,
    "/": float.__truediv__,
}
