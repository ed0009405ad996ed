"""Rows of every table that is pruned by age, of 400 days ago until now."""

from uuid import UUID, uuid4

import asyncpg

from ovia_shared.database.ids import new_id


async def write(admin: asyncpg.Connection, org_id: UUID) -> None:
    """Attempts at reading, webhooks, keys, raw versions and entries of the audit log: old and new of each."""
    connection, partition, token = new_id(), new_id(), new_id()
    await admin.execute(
        "insert into connections (org_id, id, kind, name, base_url) values ($1, $2, 'jira', 'j', $3)",
        org_id, connection, f"https://{connection}.example",
    )  # fmt: skip
    await admin.execute(
        "insert into sync_partitions (org_id, id, connection_id, stream) values ($1, $2, $3, 'issues')",
        org_id, partition, connection,
    )  # fmt: skip
    await admin.execute(
        "insert into tokens (org_id, id, name, role, secret_hash, created_by) values ($1, $2, 't', 'viewer', $3, 'x')",
        org_id, token, b"x" * 32,
    )  # fmt: skip
    for age in (400, 100, 40, 20, 0):
        await admin.execute(
            f"""
            insert into sync_runs (org_id, id, partition_id, fencing_token, status, started_at, finished_at)
            values ($1, $2, $3, 1, 'succeeded', now() - interval '{age} days', now() - interval '{age} days')
            """,
            org_id, new_id(), partition,
        )  # fmt: skip
        await admin.execute(
            f"""
            insert into raw_records (org_id, id, connection_id, stream, external_id, payload, content_hash, fetched_at)
            values ($1, $2, $3, 'issues', 'A-1', '{{}}', $4, now() - interval '{age} days')
            """,
            org_id, new_id(), connection, uuid4().bytes * 2,
        )  # fmt: skip
        await admin.execute(
            f"""
            insert into webhook_deliveries (org_id, id, connection_id, delivery_id, event, payload, processed_at)
            values ($1, $2, $3, $4, 'e', '', case when {age} <> 100 then now() - interval '{age} days' end)
            """,
            org_id, new_id(), connection, str(age),
        )  # fmt: skip
        await admin.execute(
            f"""
            insert into idempotency_keys (org_id, token_id, key, request, digest, status, headers, body, created_at)
            values ($1, $2, '{age}', 'POST /x', '', 200, '{{}}', '', now() - interval '{age} days')
            """,
            org_id, token,
        )  # fmt: skip
        await admin.execute(
            f"""
            with answer as (
                insert into ask_answers (org_id, id, token_id, caller, query, filters, language, intent, plan, outcome,
                                         statements, citations, assumptions, looked_at, follow_ups, notes, usage,
                                         tokens, as_of, index_version, milliseconds, created_at)
                values ($1, $2, $3, 'us', 'How many?', '{{}}', 'en', 'unknown', '{{}}', 'refused',
                        '[]', '[]', '[]', '[]', '[]', '[]', '[]',
                        0, now(), 0, 1, now() - interval '{age} days')
                returning org_id, id, token_id, caller)
            insert into ask_feedback (org_id, answer_id, token_id, caller, helpful)
            select org_id, id, token_id, caller, true from answer
            """,
            org_id, new_id(), token,
        )  # fmt: skip
        await admin.execute(
            f"""
            insert into audit_log (org_id, id, occurred_at, actor, action, subject_kind)
            values ($1, $2, now() - interval '{age} days', 'test', 'try', 'age {age}')
            """,
            org_id, new_id(),
        )  # fmt: skip


async def count(admin: asyncpg.Connection, org_id: UUID) -> list[int]:
    tables = ("sync_runs", "raw_records", "webhook_deliveries", "idempotency_keys", "ask_answers", "ask_feedback",
              "audit_log")  # fmt: skip
    return [await admin.fetchval(f"select count(*) from {table} where org_id = $1", org_id) for table in tables]
