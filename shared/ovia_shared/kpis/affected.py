"""Which KPIs a setting, or a decision about accounts, can change."""

from collections.abc import Collection

from ovia_shared.kpis import needs
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Composite, Rows
from ovia_shared.kpis.terms import Mapped, Silent


def by_facts(kinds: Collection[str]) -> list[str]:
    """KPIs that are counted from facts of these kinds, or held against such."""
    return [name for name, kpi in CATALOGUE.items() if not set(needs.kinds(kpi)).isdisjoint(kinds)]


def by_staleness() -> list[str]:
    """KPIs that ask whether a merge request is stale."""
    return [name for name, kpi in CATALOGUE.items() if any(_asks_silence(rows) for rows in needs.sources(kpi))]


def by_weights(rule: str) -> list[str]:
    """KPIs that are made of others by this rule."""
    return [
        name for name, kpi in CATALOGUE.items() if isinstance(kpi.source, Composite) and kpi.source.rule == rule
    ]  # fmt: skip


def by_accounts(how: Collection[str]) -> list[str]:
    """KPIs that tell of accounts' mappings: whether they are `in_use`, `verified` or in `conflict`."""
    return [name for name, kpi in CATALOGUE.items() if any(_asks_mapping(rows, how) for rows in needs.sources(kpi))]


def _asks_mapping(rows: Rows, how: Collection[str]) -> bool:
    return any(isinstance(one, Mapped) and one.how in how for one in (rows.number, *rows.where))


def _asks_silence(rows: Rows) -> bool:
    return any(isinstance(one, Silent) for one in (rows.number, *rows.where))
