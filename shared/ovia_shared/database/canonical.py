"""Canonical rows: stored in bulk, marked removed when the source no longer has them, and looked up by later stages."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database import canonical_tables
from ovia_shared.database.canonical_tables import Row, Table, columns_of, table_of
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.canonical.projects import FieldDefinition, StatusDefinition


class Made(msgspec.Struct, frozen=True):
    """The rows made from one raw record. `owned` names, for each table of parts, the parent this record speaks for."""

    raw_record_id: UUID
    rows: tuple[Row, ...]
    owned: tuple[tuple[type[Row], tuple[str, ...]], ...] = ()


class ScopedProject(msgspec.Struct, frozen=True):
    """A project as planning needs it."""

    external_id: str
    kind: str
    key: str


async def store(
    conn: Connection,
    org_id: UUID,
    connection_id: UUID,
    made: Sequence[Made],
    account_ids: Mapping[str, UUID],
    *,
    revive: bool = True,
) -> None:
    """Upserts the rows of a page, then marks the parts their records no longer have as removed.

    `account_ids` gives the identity of every account that rows name. A key that comes twice is stored as it came last.
    A removed record that comes again is there again; with `revive` false it is only understood anew and stays removed.
    """
    latest: dict[type[Row], dict[Any, tuple[UUID, Row]]] = {}
    for record in made:
        for row in record.rows:
            kind = type(row)
            latest.setdefault(kind, {})[canonical_tables.key_of(kind)(row)] = (record.raw_record_id, row)
    new: set[str] = set()
    for table in canonical_tables.TABLES:
        found = latest.get(table.row)
        if found:
            # In one order by everybody, so that concurrent readers cannot deadlock.
            rows = [found[key] for key in sorted(found)]
            new |= await _upsert(conn, org_id, connection_id, table, rows, account_ids, revive or bool(table.parents))
        if table.parents:
            await _drop_parts(conn, org_id, connection_id, table, made, new, found or {})


async def _upsert(
    conn: Connection,
    org_id: UUID,
    connection_id: UUID,
    table: Table,
    rows: Sequence[tuple[UUID, Row]],
    account_ids: Mapping[str, UUID],
    revive: bool,
) -> set[str]:
    """Returns the external ids of rows that were not there before, where rows stand for records."""
    structs = [row for _, row in rows]
    arrays = [column.read(structs, account_ids) for column in columns_of(table)]
    statement = canonical_tables.upsert_statement(table, revive)
    written = await conn.fetch(statement, org_id, connection_id, [raw_id for raw_id, _ in rows], *arrays)
    return {external_id for external_id, is_new in written if is_new}


async def _drop_parts(
    conn: Connection,
    org_id: UUID,
    connection_id: UUID,
    table: Table,
    made: Sequence[Made],
    new: Collection[str],
    stay: Collection[tuple[Any, ...]],
) -> None:
    owners: dict[tuple[str, ...], list[str]] = {}
    for record in made:
        for part, parent in record.owned:
            # What has just been stored for the first time has no older parts.
            if part is table.row and parent[-1] not in new:
                owners.setdefault(parent[:-1], []).append(parent[-1])
    for kind, parents in owners.items():
        await conn.execute(
            canonical_tables.tombstone_statement(table),
            org_id,
            connection_id,
            parents,
            *kind,
            *([key[place] for key in stay] for place in range(len(table.key))),
        )


async def refresh_statistics(conn: Connection, kinds: Iterable[type[Row]]) -> None:
    """Has the server look at the tables of these rows, and at those every stream writes to, so that it plans well."""
    names = {table_of(kind).name for kind in kinds} | {"raw_records", "identities"}
    await conn.execute("select refresh_statistics($1)", sorted(names))


async def compare(
    conn: Connection,
    org_id: UUID,
    connection_id: UUID,
    row: type[Row],
    present: Sequence[str],
    *,
    project: str | None = None,
    only: tuple[str, str] | None = None,
) -> tuple[list[str], list[str]]:
    """(ours that the source did not list, the source's that we do not have), by external id.

    `project` narrows to rows of that project, `only` to rows with a value in a column; a row of ours that is elsewhere
    counts as one we do not have, so that a record that moved without another sign is read again.
    """
    table = table_of(row)
    values: list[Any] = [org_id, connection_id, list(present)]
    narrowed = ""
    for column, value in (("project_external_id", project), only or ("", None)):
        if value is not None:
            values.append(value)
            narrowed += f" and t.{column} = ${len(values)}"
    missing = await conn.fetch(
        f"""
        select t.external_id from {table.name} t
         where t.org_id = $1 and t.connection_id = $2 and t.removed_at is null{narrowed}
           and not exists (select from unnest($3::text[]) s (id) where s.id = t.external_id)
         order by 1
        """,  # noqa: S608 (names of our own structs)
        *values,
    )
    unknown = await conn.fetch(
        f"""
        select s.id from unnest($3::text[]) s (id)
         where not exists (
               select from {table.name} t
                where t.org_id = $1 and t.connection_id = $2 and t.external_id = s.id and t.removed_at is null
                      {narrowed})
         order by 1
        """,  # noqa: S608 (names of our own structs)
        *values,
    )
    return [line[0] for line in missing], [line[0] for line in unknown]


async def restricted_otherwise(
    conn: Connection, org_id: UUID, connection_id: UUID, row: type[Row], told: Mapping[str, bool]
) -> list[str]:
    """Which of these rows are kept as restricted where the source tells otherwise, or the other way round."""
    found = await conn.fetch(
        f"""
        select t.external_id from {table_of(row).name} t
          join unnest($3::text[], $4::boolean[]) s (id, restricted) on s.id = t.external_id
         where t.org_id = $1 and t.connection_id = $2 and t.removed_at is null and t.restricted <> s.restricted
         order by 1
        """,  # noqa: S608 (names of our own structs)
        org_id,
        connection_id,
        list(told),
        list(told.values()),
    )
    return [line[0] for line in found]


async def mark_removed(conn: Connection, org_id: UUID, connection_id: UUID, row: type[Row], gone: Sequence[str]) -> int:
    """Marks rows the source no longer has; returns how many."""
    outcome = await conn.execute(
        f"""
        update {table_of(row).name} set removed_at = now(), changed_at = now()
         where org_id = $1 and connection_id = $2 and external_id = any ($3) and removed_at is null
        """,  # noqa: S608 (names of our own structs)
        org_id,
        connection_id,
        list(gone),
    )
    return int(outcome.rsplit(" ", 1)[1])


async def mark_access_lost(conn: Connection, org_id: UUID, connection_id: UUID, gone: Sequence[str]) -> int:
    """Notes that projects are no longer shown to us; what is in them stays as it is. Returns how many are new to it."""
    outcome = await conn.execute(
        """
        update projects set access_lost_at = now(), changed_at = now()
         where org_id = $1 and connection_id = $2 and external_id = any ($3) and access_lost_at is null
        """,
        org_id,
        connection_id,
        list(gone),
    )
    return int(outcome.rsplit(" ", 1)[1])


async def projects(conn: Connection, org_id: UUID, connection_id: UUID) -> list[ScopedProject]:
    """The projects and spaces that are read: those the source still shows."""
    rows = await conn.fetch(
        """
        select external_id, kind, key from projects
         where org_id = $1 and connection_id = $2 and removed_at is null and access_lost_at is null
         order by key
        """,
        org_id,
        connection_id,
    )
    return to_models(ScopedProject, rows)


async def project_key(conn: Connection, org_id: UUID, connection_id: UUID, external_id: str) -> str | None:
    """What people call the project by; None if it is not known."""
    key: str | None = await conn.fetchval(
        "select key from projects where org_id = $1 and connection_id = $2 and external_id = $3",
        org_id,
        connection_id,
        external_id,
    )
    return key


async def fields(conn: Connection, org_id: UUID, connection_id: UUID) -> list[FieldDefinition]:
    """The fields a connection defines."""
    rows = await conn.fetch(
        """
        select external_id, name, custom, type, role from field_definitions
         where org_id = $1 and connection_id = $2 and removed_at is null order by external_id
        """,
        org_id,
        connection_id,
    )
    return to_models(FieldDefinition, rows)


async def statuses(conn: Connection, org_id: UUID, connection_id: UUID) -> list[StatusDefinition]:
    """The statuses a connection defines."""
    rows = await conn.fetch(
        """
        select external_id, name, category, scope from status_definitions
         where org_id = $1 and connection_id = $2 and removed_at is null order by external_id
        """,
        org_id,
        connection_id,
    )
    return to_models(StatusDefinition, rows)
