"""The texts to be indexed, from canonical rows. What was removed, or is not there, is not among them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.models.ask import SourceKind
from ovia_shared.models.ask_index import Part, PartKind, Source, SourceKey

_WHOLE = {
    SourceKind.DOCUMENT: """
        select t.connection_id, t.external_id, t.title, t.title as written, t.project_external_id, t.url,
               t.version::text as version, t.body as text,
               array[t.last_author_identity_id, t.author_identity_id] as identity_ids,
               t.created_at, t.updated_at, t.restricted
          from wanted join documents t using (org_id, connection_id, external_id)
         where t.removed_at is null
    """,
    SourceKind.WORK_ITEM: """
        select t.connection_id, t.external_id, t.key || ' ' || t.title as title, t.title as written,
               t.project_external_id, t.url,
               null as version, t.description as text,
               array[t.assignee_identity_id, t.reporter_identity_id, t.creator_identity_id] as identity_ids,
               t.created_at, t.updated_at, t.restricted
          from wanted join work_items t using (org_id, connection_id, external_id)
         where t.removed_at is null
    """,
    SourceKind.MERGE_REQUEST: """
        select t.connection_id, t.external_id, '!' || t.number || ' ' || t.title as title,
               t.title as written, t.project_external_id, t.url,
               null as version, t.description as text,
               array[t.author_identity_id, t.merged_by_identity_id]
               || array(select jsonb_array_elements_text(t.reviewer_identity_ids)::uuid)
               || array(select jsonb_array_elements_text(t.assignee_identity_ids)::uuid) as identity_ids,
               t.created_at, t.updated_at, false as restricted
          from wanted join merge_requests t using (org_id, connection_id, external_id)
         where t.removed_at is null
    """,
}
_WANTED = """
    with wanted as (
        select $1::uuid as org_id, k.* from unnest($2::uuid[], $3::text[]) k (connection_id, external_id)
    )
"""


async def read(conn: Connection, org_id: UUID, keys: Sequence[SourceKey]) -> list[Source]:
    """Documents, work items and merge requests with what was written below them, oldest comment first."""
    found: list[Source] = []
    for kind, whole in _WHOLE.items():
        wanted = [key for key in keys if key.kind is kind]
        if wanted:
            found += await _read(conn, org_id, kind, whole, wanted)
    return found


async def _read(
    conn: Connection, org_id: UUID, kind: SourceKind, whole: str, keys: Sequence[SourceKey]
) -> list[Source]:
    asked = (org_id, [key.connection_id for key in keys], [key.external_id for key in keys])
    comments: dict[tuple[UUID, str], list[Part]] = {}
    for row in await conn.fetch(
        f"""
        {_WANTED}
        select c.connection_id, c.subject_external_id, c.external_id, c.body, c.author_identity_id, c.created_at,
               coalesce(c.updated_at, c.created_at) as updated_at, c.restricted
          from wanted
          join comments c on c.org_id = wanted.org_id and c.connection_id = wanted.connection_id
                         and c.subject_kind = $4 and c.subject_external_id = wanted.external_id
         where c.removed_at is null
         order by c.created_at, c.external_id
        """,  # noqa: S608 (constants)
        *asked,
        kind,
    ):
        part = Part(
            kind=PartKind.COMMENT, external_id=row["external_id"], text=row["body"],
            identity_ids=_named([row["author_identity_id"]]), created_at=row["created_at"],
            updated_at=row["updated_at"], restricted=row["restricted"],
        )  # fmt: skip
        comments.setdefault((row["connection_id"], row["subject_external_id"]), []).append(part)
    return [
        _source(kind, row, comments.get((row["connection_id"], row["external_id"]), []))
        for row in await conn.fetch(_WANTED + whole, *asked)
    ]


def _source(kind: SourceKind, row: Any, comments: list[Part]) -> Source:
    written = {
        "identity_ids": _named(row["identity_ids"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "restricted": row["restricted"],
    }
    if row["restricted"]:
        comments = [msgspec.structs.replace(one, restricted=True) for one in comments]
    has_body = bool(row["text"] and row["text"].strip())
    kind_of_first, text = (PartKind.BODY, row["text"]) if has_body else (PartKind.TITLE, row["written"])
    return Source(
        key=SourceKey(kind, row["connection_id"], row["external_id"]), title=row["title"],
        project_external_id=row["project_external_id"], url=row["url"], version=row["version"],
        parts=[Part(kind=kind_of_first, text=text, **written), *comments],
    )  # fmt: skip


def _named(identity_ids: Sequence[UUID | None]) -> list[UUID]:
    return list(dict.fromkeys(one for one in identity_ids if one is not None))
