"""Somebody who did a great deal in every source, generated in bulk on the server."""

from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection

LARGE = {
    "work_items", "work_item_transitions", "comments", "worklogs", "merge_requests", "merge_request_events", "commits",
    "pipelines", "deployments", "document_versions", "documents",
}  # fmt: skip

# The parts of a day's work, in turns: each gives one event of one type.
_KINDS = 20
_AT = "now() - (g.n * interval '25 minutes') - interval '1 hour'"


async def fill(conn: Connection, org_id: UUID, events: int) -> UUID:
    """Adds a person of four accounts with `events` events, of each type alike, and one decision; needs a superuser.

    The person's id. `events` is a multiple of twenty.
    """
    mark = new_id().hex
    person = new_id()
    await conn.execute("select set_config('ovia.org_id', $1, false)", str(org_id))
    await conn.execute(
        "insert into people (org_id, id, display_name) values ($1, $2, 'Busy ' || $3::text)", org_id, person, mark
    )
    accounts, connections = {}, {}
    for source in ("git_commit_author", "jira", "gitlab", "confluence"):
        accounts[source] = new_id()
        kind = "git" if source.startswith("git_") else source
        connections[kind] = new_id()
        await conn.execute(
            "insert into identities (org_id, id, source, external_id, display_name) values ($1, $2, $3, $4, 'Busy')",
            org_id,
            accounts[source],
            source,
            mark,
        )
        await conn.execute(
            """
            insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version)
            values ($1, $2, $3, $4, 'auto', 0.95, '[]', 'bench')
            """,
            org_id,
            new_id(),
            accounts[source],
            person,
        )
        await conn.execute(
            "insert into connections (org_id, id, kind, name, base_url) values ($1, $2, $3, $4, $5)",
            org_id,
            connections[kind],
            kind,
            f"{kind} of {mark}",
            f"https://{kind}.{mark}.example",
        )
        if kind != "git":
            await conn.execute(
                """
                insert into projects (org_id, connection_id, raw_record_id, external_id, kind, key, name, url, archived)
                values ($1, $2, $2, 'p1', 'project', 'GLD', 'Glider', 'https://' || $3::text || '.example/gl', false)
                """,
                org_id,
                connections[kind],
                kind,
            )
    await _product(conn, org_id, mark, connections["jira"])
    git, jira, gitlab, confluence = (connections[kind] for kind in ("git", "jira", "gitlab", "confluence"))
    rows = events // _KINDS
    await _jira(conn, org_id, jira, accounts["jira"], rows)
    await _gitlab(conn, org_id, gitlab, accounts["gitlab"], rows)
    await _confluence(conn, org_id, confluence, accounts["confluence"], rows)
    await _commits(conn, org_id, git, gitlab, accounts["git_commit_author"], mark, rows)
    await conn.execute(
        """
        insert into identity_events (org_id, id, actor, action, person_id, reason)
        values ($1, $2, 'bench', 'confirm', $3, 'she told me')
        """,
        org_id,
        new_id(),
        person,
    )
    return person


async def analyse(conn: Connection) -> None:
    """Fresh statistics and visibility maps, as autovacuum would leave them."""
    for table in sorted(LARGE | {"people", "identities", "mappings", "merge_request_commits", "projects"}):
        await conn.execute(f"vacuum (analyze) {table}")


async def _product(conn: Connection, org_id: UUID, mark: str, connection_id: UUID) -> None:
    product = new_id()
    others = await conn.fetchval("select count(*) from products where org_id = $1", org_id)
    await conn.execute(
        "insert into products (org_id, id, name) values ($1, $2, $3)",
        org_id,
        product,
        f"Glider {mark}" if others else "Glider",
    )
    await conn.execute(
        "insert into product_projects (org_id, product_id, connection_id, project_external_id)"
        " values ($1, $2, $3, 'p1')",
        org_id,
        product,
        connection_id,
    )


async def _jira(conn: Connection, org_id: UUID, connection: UUID, who: UUID, rows: int) -> None:
    n = "generate_series(0, $4::integer - 1) as g (n)"
    values = (org_id, connection, who, rows)
    await conn.execute(
        f"""
        insert into work_items (org_id, connection_id, raw_record_id, external_id, project_external_id, key, title, url,
               creator_identity_id, labels, components, fix_versions, affected_versions, fields, created_at, notes)
        select $1, $2, $2, 'i' || g.n, 'p1', 'GLD-' || g.n, 'Item ' || g.n, 'https://jira.example/GLD-' || g.n, $3,
               '[]', '[]', '[]', '[]', '{{}}', {_AT}, '[]' from {n}
        """,
        *values,
    )
    for ordinal, field in ((0, "status"), (1, "priority")):
        await conn.execute(
            f"""
            insert into work_item_transitions (org_id, connection_id, raw_record_id, work_item_external_id,
                   history_external_id, ordinal, field, from_text, to_text, actor_identity_id, occurred_at)
            select $1, $2, $2, 'i' || g.n, 'h', $5, $6, 'To do', 'Done', $3, {_AT} from {n}
            """,
            *values,
            ordinal,
            field,
        )
    await conn.execute(
        f"""
        insert into comments (org_id, connection_id, raw_record_id, subject_kind, subject_external_id, external_id,
               author_identity_id, body, inline, created_at)
        select $1, $2, $2, 'work_item', 'i' || g.n, 'c', $3, 'Looks fine', false, {_AT} from {n}
        """,
        *values,
    )
    await conn.execute(
        f"""
        insert into worklogs (org_id, connection_id, raw_record_id, work_item_external_id, external_id,
               author_identity_id, seconds, started_at)
        select $1, $2, $2, 'i' || g.n, 'w', $3, 3600, {_AT} from {n}
        """,
        *values,
    )


async def _gitlab(conn: Connection, org_id: UUID, connection: UUID, who: UUID, rows: int) -> None:
    n = "generate_series(0, $4::integer - 1) as g (n)"
    values = (org_id, connection, who, rows)
    await conn.execute(
        f"""
        insert into merge_requests (org_id, connection_id, raw_record_id, external_id, project_external_id, number,
               title, url, state, draft, author_identity_id, merged_by_identity_id, closed_by_identity_id,
               reviewer_identity_ids, assignee_identity_ids, labels, created_at, merged_at, closed_at, notes)
        select $1, $2, $2, 'm' || g.n, 'p1', g.n, 'Change ' || g.n, 'https://gitlab.example/glider/-/' || g.n, 'merged',
               false, $3, $3, $3, '[]', '[]', '[]', {_AT}, {_AT}, {_AT}, '[]' from {n}
        """,
        *values,
    )
    for kind in ("approved", "unapproved", "changes_requested", "ready"):
        await conn.execute(
            f"""
            insert into merge_request_events (org_id, connection_id, raw_record_id, merge_request_external_id,
                   external_id, kind, actor_identity_id, occurred_at)
            select $1, $2, $2, 'm' || g.n, $5, $5, $3, {_AT} from {n}
            """,
            *values,
            kind,
        )
    await conn.execute(
        f"""
        insert into comments (org_id, connection_id, raw_record_id, subject_kind, subject_external_id, external_id,
               author_identity_id, body, inline, created_at)
        select $1, $2, $2, 'merge_request', 'm' || g.n, 'c', $3, 'Looks fine', true, {_AT} from {n}
        """,
        *values,
    )
    await conn.execute(
        f"""
        insert into pipelines (org_id, connection_id, raw_record_id, external_id, project_external_id, ref, status,
               actor_identity_id, created_at)
        select $1, $2, $2, 'l' || g.n, 'p1', 'main', 'success', $3, {_AT} from {n}
        """,
        *values,
    )
    await conn.execute(
        f"""
        insert into deployments (org_id, connection_id, raw_record_id, external_id, project_external_id, environment,
               status, actor_identity_id, created_at)
        select $1, $2, $2, 'd' || g.n, 'p1', 'production', 'success', $3, {_AT} from {n}
        """,
        *values,
    )


async def _confluence(conn: Connection, org_id: UUID, connection: UUID, who: UUID, rows: int) -> None:
    n = "generate_series(0, $4::integer - 1) as g (n)"
    values = (org_id, connection, who, rows)
    await conn.execute(
        f"""
        insert into documents (org_id, connection_id, raw_record_id, external_id, project_external_id, kind, title, url,
               labels, created_at, notes)
        select $1, $2, $2, 'd' || g.n, 'p1', 'page', 'Page ' || g.n, 'https://confluence.example/' || g.n, '[]', {_AT},
               '[]' from generate_series(0, $3::integer - 1) as g (n)
        """,
        org_id,
        connection,
        rows,
    )
    for number in (1, 2):
        await conn.execute(
            f"""
            insert into document_versions (org_id, connection_id, raw_record_id, document_external_id, number,
                   author_identity_id, created_at)
            select $1, $2, $2, 'd' || g.n, $5, $3, {_AT} from {n}
            """,
            *values,
            number,
        )
    await conn.execute(
        f"""
        insert into comments (org_id, connection_id, raw_record_id, subject_kind, subject_external_id, external_id,
               author_identity_id, body, inline, created_at)
        select $1, $2, $2, 'document', 'd' || g.n, 'c', $3, 'Looks fine', false, {_AT} from {n}
        """,
        *values,
    )


async def _commits(conn: Connection, org_id: UUID, git: UUID, gitlab: UUID, who: UUID, mark: str, rows: int) -> None:
    other = new_id()
    await conn.execute(
        "insert into identities (org_id, id, source, external_id)"
        " values ($1, $2, 'git_commit_author', 'other ' || $3::text)",
        org_id,
        other,
        mark,
    )
    raw = await _raw_record(conn, org_id, git, mark)
    for author, word in ((who, "own"), (other, "shared")):
        await conn.execute(
            f"""
            insert into commits (org_id, connection_id, sha, raw_record_id, author_identity_id, committer_identity_id,
                   authored_at, committed_at, parent_count, summary)
            select $1, $2, encode(sha256(($5::text || $6::text || g.n)::bytea), 'hex'), $7, $3, $3, {_AT}, {_AT}, 1,
                   'Commit ' || g.n
              from generate_series(0, $4::integer - 1) as g (n)
            """,
            org_id,
            git,
            author,
            rows,
            mark,
            word,
            raw,
        )
    await conn.execute(
        "insert into commit_co_authors (org_id, connection_id, sha, identity_id)"
        " select $1, $2, sha, $3 from commits where org_id = $1 and connection_id = $2 and author_identity_id = $4",
        org_id,
        git,
        who,
        other,
    )
    await conn.execute(
        """
        insert into merge_request_commits (org_id, connection_id, raw_record_id, merge_request_external_id, sha)
        select $1, $2, $2, 'm0', sha from commits where org_id = $1 and connection_id = $3
        """,
        org_id,
        gitlab,
        git,
    )


async def _raw_record(conn: Connection, org_id: UUID, connection: UUID, mark: str) -> UUID:
    raw = new_id()
    await conn.execute(
        """
        insert into raw_records (org_id, id, connection_id, stream, external_id, content_hash, payload)
        values ($1, $2, $3, 'commits', $4::text, sha256($4::text::bytea), '{}')
        """,
        org_id,
        raw,
        connection,
        mark,
    )
    return raw
