"""Which accounts are no person's, and why: as Ovia found, and as somebody said."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_model, to_models
from ovia_shared.models.rule_trace import RuleTrace
from ovia_shared.models.service_account import JudgedAccount

_COLUMNS = """id, source, username, email, display_name, service_account, service_account_by, service_account_reason,
       attributes ->> 'machine' as found_reason, service_account_trace as rule_trace, updated_at"""


async def find(conn: Connection, org_id: UUID, identity_id: UUID) -> JudgedAccount | None:
    """One account, as it is judged."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from identities where org_id = $1 and id = $2",  # noqa: S608 (a constant list of columns)
        org_id,
        identity_id,
    )
    return to_model(JudgedAccount, row)


async def among(conn: Connection, org_id: UUID, ids: Sequence[UUID]) -> list[JudgedAccount]:
    """Those of these accounts that nobody has judged by hand and Ovia takes for a machine's without having said why."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from identities
         where org_id = $1 and id = any($2) and service_account and service_account_by is null
           and service_account_trace is null
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        list(ids),
    )
    return to_models(JudgedAccount, rows)


async def unjudged(conn: Connection, org_id: UUID, ids: Sequence[UUID]) -> list[JudgedAccount]:
    """Those of these accounts that pass for people's, and that nobody has judged by hand."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from identities
         where org_id = $1 and id = any($2) and not service_account and service_account_by is null
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        list(ids),
    )
    return to_models(JudgedAccount, rows)


async def found(
    conn: Connection, org_id: UUID, machines: Sequence[tuple[UUID, str | None, tuple[RuleTrace, ...]]]
) -> None:
    """Marks accounts as machines', each with the reason and its trace. What somebody said by hand stays."""
    if not machines:
        return
    await conn.execute(
        """
        update identities i
           set service_account = true, service_account_trace = m.trace, updated_at = now(),
               attributes = case when m.reason is null then i.attributes
                   else i.attributes || jsonb_build_object('machine', m.reason) end
          from unnest($2::uuid[], $3::text[], $4::jsonb[]) m (id, reason, trace)
         where i.org_id = $1 and i.id = m.id and i.service_account_by is null
        """,
        org_id,
        [id_ for id_, _, _ in machines],
        [reason for _, reason, _ in machines],
        [msgspec.to_builtins(trace) for _, _, trace in machines],
    )


async def say(
    conn: Connection, org_id: UUID, identity_id: UUID, *, service_account: bool, by: str, reason: str | None
) -> None:
    """What somebody says of an account, which outlasts what sources and Ovia find."""
    await conn.execute(
        """
        update identities
           set service_account = $3, service_account_by = $4, service_account_reason = $5, updated_at = now()
         where org_id = $1 and id = $2
        """,
        org_id,
        identity_id,
        service_account,
        by,
        reason,
    )
