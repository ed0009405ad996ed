"""Counts KPIs: a question in, an answer out, and what it takes to count it again."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ovia_shared.database import organisation_settings
from ovia_shared.database.kpis import scopes, statements
from ovia_shared.database.pool import Connection
from ovia_shared.kpis import composites
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Assembly, Kpi
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.kpi import Answer, Part, ResolvedScope, Result, Scope, ScopeKind, Window
from ovia_shared.models.kpi_settings import HealthWeights, KpiSettings, Privacy, RiskWeights, Staleness

# Columns of every statement that are no values.
_ABOUT_ROWS = ("n", "row_count", "row_hash")


class Basis(msgspec.Struct, frozen=True):
    """What numbers are counted on besides facts: the scope as it is made up, the settings, the time zone."""

    scope: ResolvedScope
    settings: KpiSettings
    zone: str

    @property
    def id(self) -> UUID:
        """Equal bases have equal ids."""
        return UUID(hashlib.md5(msgspec.json.encode(self), usedforsecurity=False).hexdigest())


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI in a window, as of when facts and people (mappings, memberships) are believed."""

    org_id: UUID
    kpi: str
    window: Window
    basis: Basis
    facts_as_of: datetime
    people_as_of: datetime


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, how it was counted (statements by the name of their KPI) and put together, and the facts behind it."""

    answer: Answer
    statements: dict[str, str]
    assembly: Assembly
    row_count: int
    row_hash: UUID


async def settings_in_force(conn: Connection, org_id: UUID, *, as_of: datetime | None = None) -> KpiSettings:
    """What the organisation chose about its numbers, or the defaults."""
    matching = await organisation_settings.read(conn, org_id, "matching", MatchingSettings, as_of=as_of)
    return KpiSettings(
        await organisation_settings.read(conn, org_id, "staleness", Staleness, as_of=as_of),
        await organisation_settings.read(conn, org_id, "health_weights", HealthWeights, as_of=as_of),
        await organisation_settings.read(conn, org_id, "risk_weights", RiskWeights, as_of=as_of),
        await organisation_settings.read(conn, org_id, "privacy", Privacy, as_of=as_of),
        matching.auto,
    )


async def basis_of(conn: Connection, org_id: UUID, scope: Scope, *, as_of: datetime | None = None) -> Basis:
    """What a scope's numbers are counted on: as it is made up now, by the settings in force now or at `as_of`.

    Raises `NotFound` and `InvalidInput` as `scopes.resolve` does.
    """
    resolved = await scopes.resolve(conn, org_id, scope)
    settings = await settings_in_force(conn, org_id, as_of=as_of)
    return Basis(resolved, settings, await scopes.time_zone(conn, org_id))


def has(kpi: Kpi, scope: ResolvedScope) -> bool:
    """Whether the KPI is told of such a scope at all."""
    return scope.kind is ScopeKind.ORGANISATION or not kpi.organisation_only


def statements_of(kpi: Kpi, scope: ResolvedScope) -> dict[str, str]:
    """The SQL that counts it and what is told with it, by the names of their KPIs."""
    return {name: statements.value_of(name, scope) for name in kpi.inputs}


async def measure(conn: Connection, question: Question) -> Measured:
    """The answer now."""
    kpi = CATALOGUE[question.kpi]
    return await measure_with(conn, question, statements_of(kpi, question.basis.scope), kpi.assembly)


async def measure_with(conn: Connection, question: Question, wanted: Mapping[str, str], assembly: Assembly) -> Measured:
    """The answer that these statements give, put together so; both may be of an earlier time."""
    basis = msgspec.to_builtins(question.basis)
    results = {}
    for name in assembly.inputs:
        row = await conn.fetchrow(
            wanted[name],
            question.org_id,
            question.window.start,
            question.window.end,
            question.facts_as_of,
            question.people_as_of,
            basis,
        )
        assert row is not None
        results[name] = _to_result(row)
    hashes = b"".join(one.row_hash.bytes for one in results.values())
    return Measured(
        answer=_answer(question.kpi, assembly, results, question.basis.settings),
        assembly=assembly,
        statements=dict(wanted),
        row_count=sum(one.row_count for one in results.values()),
        row_hash=UUID(hashlib.md5(hashes, usedforsecurity=False).hexdigest()),
    )


def _to_result(row: asyncpg.Record) -> Result:
    values: dict[str, Any] = {name: value for name, value in row.items() if name not in _ABOUT_ROWS}
    return Result(row["n"], values, row["row_count"], row["row_hash"])


def _answer(name: str, assembly: Assembly, results: Mapping[str, Result], settings: KpiSettings) -> Answer:
    if assembly.rule is not None:
        return composites.compose(assembly.rule, results, settings)
    own = results[name]
    values = dict(own.values)
    for one in assembly.also:
        values[one.name] = results[one.kpi].values[one.value]
    parts = [Part(name=part, kpi=part, values=results[part].values, n=results[part].n) for part in assembly.parts]
    return Answer(value=values[assembly.main], values=values, n=own.n, parts=parts)
