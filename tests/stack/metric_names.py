"""The names of metrics that rules and dashboards ask for, so that each can be looked for in what is really scraped.

A name is given as a set of alternatives: `a or b` asks for either, everything else for one.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
RULES = CHECKOUT / "infra" / "prometheus" / "rules"

Names = frozenset[str]
# Each set of alternatives with the rules or panels that ask for it.
Asked = dict[Names, list[str]]

# What Grafana fills in before it asks.
_DURATION = re.compile(
    r"\$(?:\{(?:__rate_interval|__interval|__range)(?::\w+)?\}|__rate_interval|__interval|__range\b)"
)
_SECONDS = re.compile(r"\$(?:\{__range_s\}|__range_s|\{__interval_ms\}|__interval_ms)")


def names(query: str) -> set[Names]:
    """The metrics a query needs. Raises `ValueError` for what is no PromQL."""
    return _names(promql.parse(_SECONDS.sub("300", _DURATION.sub("5m", query))))


def threshold(query: str) -> float:
    """The number an alert compares with, the right side of its outermost comparison."""
    expression = promql.parse(query)
    if not isinstance(expression, promql.BinaryExpr) or not isinstance(expression.rhs, promql.NumberLiteral):
        raise ValueError(f"no comparison with a number: {query}")  # noqa: TRY004 (of the text, not of a Python value)
    if str(expression.op) not in ("<", ">"):
        raise ValueError(f"neither > nor <: {query}")
    return float(expression.rhs.val)


@cache
def rules(directory: Path = RULES) -> tuple[dict[str, Any], ...]:
    """Every rule, as written."""
    return tuple(
        rule
        for path in sorted(directory.glob("*.yml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    )


def recorded(directory: Path = RULES) -> set[str]:
    """Metrics that rules make: there once Prometheus has what they need."""
    return {rule["record"] for rule in rules(directory) if "record" in rule}


def asked_by_rules(directory: Path = RULES) -> Asked:
    """What rules need."""
    found: Asked = defaultdict(list)
    for rule in rules(directory):
        for name in names(rule["expr"]):
            found[name].append(rule.get("alert") or rule["record"])
    return dict(found)


def asked_by_dashboards(directory: Path) -> Asked:
    """What the panels and variables of Grafana's dashboards (JSON) ask Prometheus for."""
    found: Asked = defaultdict(list)
    for path in sorted(directory.rglob("*.json")):
        for where, query in _queries(json.loads(path.read_text()), path.stem):
            for name in names(query):
                found[name].append(where)
    return dict(found)


def _queries(node: Any, where: str, source: str = "prometheus") -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for one in node:
            yield from _queries(one, where, source)
    elif isinstance(node, dict):
        datasource = node.get("datasource")
        if isinstance(datasource, dict):
            source = datasource.get("type") or source
        if isinstance(node.get("title"), str):
            where = f"{where.split(':', maxsplit=1)[0]}: {node['title']}"
        if source == "prometheus" and isinstance(node.get("expr"), str):
            yield where, node["expr"]
        for value in node.values():
            yield from _queries(value, where, source)


def _names(expression: promql.Expr) -> set[Names]:
    for kind, look in _LOOKS:
        if isinstance(expression, kind):
            return look(expression)
    return set()


def _of_binary(expression: Any) -> set[Names]:
    left, right = _names(expression.lhs), _names(expression.rhs)
    if str(expression.op) == "or" and len(left) == len(right) == 1:
        return {left.pop() | right.pop()}
    return left | right


def _of_call(expression: Any) -> set[Names]:
    return set[Names]().union(*(_names(one) for one in expression.args))


def _of_inner(expression: Any) -> set[Names]:
    return _names(expression.expr)


def _of_selector(expression: Any) -> set[Names]:
    if expression.name is None:
        raise ValueError(f"which metric this asks for cannot be told: {expression}")
    return {frozenset([expression.name])}


def _of_matrix(expression: Any) -> set[Names]:
    return _of_selector(expression.vector_selector)


_LOOKS: tuple[tuple[Any, Callable[[Any], set[Names]]], ...] = (
    (promql.BinaryExpr, _of_binary),
    (promql.AggregateExpr, _of_inner),
    (promql.Call, _of_call),
    (promql.ParenExpr, _of_inner),
    (promql.UnaryExpr, _of_inner),
    (promql.SubqueryExpr, _of_inner),
    (promql.VectorSelector, _of_selector),
    (promql.MatrixSelector, _of_matrix),
)
