"""Receipts: what was answered, kept with all it takes to count it again, and counted again."""

import hashlib
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ovia_shared.database.ids import new_id
from ovia_shared.database.kpis.measuring import Basis, Measured, Question, measure_with
from ovia_shared.database.pool import Connection
from ovia_shared.errors import NotFound
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Assembly
from ovia_shared.models.kpi import Answer, Receipt, Replay, Scope, ScopeKind, Window


async def keep(conn: Connection, question: Question, measured: Measured) -> UUID:
    """The id of a receipt for this answer. One that says the same of the same question, and is not younger, will do."""
    assert question.facts_as_of == question.people_as_of, "a receipt is as of one moment"
    answer = msgspec.json.encode(measured.answer).decode()
    known = await _known(conn, question, measured, answer)
    if known is not None:
        return known
    await _keep_basis(conn, question)
    statements = await _keep_statements(conn, question.org_id, measured.statements)
    receipt_id = new_id()
    await conn.execute(
        """
        insert into receipts (org_id, id, kpi, kpi_version, scope_kind, scope_id, window_start, window_end, as_of,
                              basis_id, statements, assembly, answer, n, row_count, row_hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """,
        question.org_id,
        receipt_id,
        question.kpi,
        CATALOGUE[question.kpi].version,
        question.basis.scope.kind,
        question.basis.scope.id,
        question.window.start,
        question.window.end,
        question.facts_as_of,
        question.basis.id,
        statements,
        msgspec.to_builtins(measured.assembly),
        answer,
        measured.answer.n,
        measured.row_count,
        measured.row_hash,
    )
    return receipt_id


async def find(conn: Connection, org_id: UUID, receipt_id: UUID) -> Receipt:
    """The receipt, its statements in full. Raises `NotFound`."""
    row = await conn.fetchrow(
        """
        select r.*, b.content as basis,
               (select jsonb_object_agg(one.key, s.statement)
                  from jsonb_each_text(r.statements) one
                  join receipt_statements s on s.org_id = r.org_id and s.id = one.value::uuid) as texts
          from receipts r join receipt_bases b on b.org_id = r.org_id and b.id = r.basis_id
         where r.org_id = $1 and r.id = $2
        """,
        org_id,
        receipt_id,
    )
    if row is None:
        raise NotFound("there is no such receipt", field="receipt_id")
    return Receipt(
        id=row["id"],
        kpi=row["kpi"],
        kpi_version=row["kpi_version"],
        scope=Scope(ScopeKind(row["scope_kind"]), row["scope_id"]),
        window=Window(row["window_start"], row["window_end"]),
        as_of=row["as_of"],
        answer=answer_of(row),
        n=row["n"],
        row_count=row["row_count"],
        row_hash=row["row_hash"],
        basis=row["basis"],
        statements=row["texts"],
        assembly=row["assembly"],
        created_at=row["created_at"],
    )


async def replay(conn: Connection, org_id: UUID, receipt_id: UUID) -> Replay:
    """Counts a receipt again, by its own statements and on its own basis, as of its own moment. Raises `NotFound`."""
    receipt = await find(conn, org_id, receipt_id)
    assembly = msgspec.convert(receipt.assembly, Assembly)
    measured = await measure_with(conn, question_of(org_id, receipt), receipt.statements, assembly)
    answer_equal = msgspec.json.encode(measured.answer) == msgspec.json.encode(receipt.answer)
    rows_equal = (measured.row_count, measured.row_hash) == (receipt.row_count, receipt.row_hash)
    return Replay(
        receipt_id=receipt_id,
        equal=answer_equal and rows_equal,
        answer_equal=answer_equal,
        rows_equal=rows_equal,
        answer=measured.answer,
        row_count=measured.row_count,
        row_hash=measured.row_hash,
    )


def question_of(org_id: UUID, receipt: Receipt) -> Question:
    """What a receipt was the answer to."""
    return Question(
        org_id=org_id,
        kpi=receipt.kpi,
        window=receipt.window,
        basis=msgspec.convert(receipt.basis, Basis),
        facts_as_of=receipt.as_of,
        people_as_of=receipt.as_of,
    )


def answer_of(row: asyncpg.Record) -> Answer:
    """The answer a receipt's row holds."""
    return msgspec.json.decode(row["answer"], type=Answer)


async def _known(conn: Connection, question: Question, measured: Measured, answer: str) -> UUID | None:
    found: UUID | None = await conn.fetchval(
        """
        select id from receipts
         where org_id = $1 and kpi = $2 and scope_kind = $3 and scope_id = $4 and window_start = $5 and window_end = $6
           and as_of <= $7 and kpi_version = $8 and basis_id = $9 and answer = $10 and row_hash = $11
         order by as_of desc, id desc limit 1
        """,
        question.org_id,
        question.kpi,
        question.basis.scope.kind,
        question.basis.scope.id,
        question.window.start,
        question.window.end,
        question.facts_as_of,
        CATALOGUE[question.kpi].version,
        question.basis.id,
        answer,
        measured.row_hash,
    )
    return found


async def _keep_basis(conn: Connection, question: Question) -> None:
    await conn.execute(
        "insert into receipt_bases (org_id, id, content) values ($1, $2, $3) on conflict do nothing",
        question.org_id,
        question.basis.id,
        msgspec.to_builtins(question.basis),
    )


async def _keep_statements(conn: Connection, org_id: UUID, statements: dict[str, str]) -> dict[str, Any]:
    ids = {
        name: UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()) for name, text in statements.items()
    }
    await conn.execute(
        """
        insert into receipt_statements (org_id, id, statement)
        select distinct $1::uuid, id, statement from unnest($2::uuid[], $3::text[]) given (id, statement)
            on conflict do nothing
        """,
        org_id,
        list(ids.values()),
        list(statements.values()),
    )
    return {name: str(id_) for name, id_ in ids.items()}
