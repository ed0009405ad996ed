"""Which struct goes to which canonical table, and the statements that follow from it."""

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from ovia_shared.models.canonical.delivery import Deployment, Environment, Job, Pipeline, Release
from ovia_shared.models.canonical.documents import Document, DocumentVersion
from ovia_shared.models.canonical.merge_requests import MergeRequest, MergeRequestCommit, MergeRequestEvent
from ovia_shared.models.canonical.projects import FieldDefinition, Project, StatusDefinition
from ovia_shared.models.canonical.references import Reference
from ovia_shared.models.canonical.work_items import (
    Comment,
    Sprint,
    SprintMembership,
    WorkItem,
    WorkItemKey,
    WorkItemLink,
    WorkItemTransition,
    Worklog,
)

Row = msgspec.Struct

# A column that names the account of a field, or the accounts of a list.
_ONE, _MANY = "_account", "_accounts"
_TYPES = {
    str: "text",
    int: "bigint",
    float: "double precision",
    bool: "boolean",
    datetime: "timestamptz",
    tuple: "jsonb",
    dict: "jsonb",
}


class Table(msgspec.Struct, frozen=True):
    """A canonical table: its name, the struct of its rows, and its key (behind organisation and connection).

    `parents` are the key fields that name the record a row belongs to: when that record comes again without the row,
    the row is marked removed. Empty for rows that stand for themselves.
    """

    name: str
    row: type[Row]
    key: tuple[str, ...]
    parents: tuple[str, ...] = ()

    @property
    def stands_alone(self) -> bool:
        """Whether its rows stand for records, which others may be parts of."""
        return self.key == ("external_id",)


_WORK_ITEM = ("work_item_external_id",)
_SUBJECT = ("subject_kind", "subject_external_id")
_MERGE_REQUEST = ("merge_request_external_id",)

# Those that others are parts of come first: `canonical.store` has to know them by then.
TABLES = (
    Table("projects", Project, ("external_id",)),
    Table("field_definitions", FieldDefinition, ("external_id",)),
    Table("status_definitions", StatusDefinition, ("external_id",)),
    Table("work_items", WorkItem, ("external_id",)),
    Table("sprints", Sprint, ("external_id",)),
    Table("merge_requests", MergeRequest, ("external_id",)),
    Table("pipelines", Pipeline, ("external_id",)),
    Table("jobs", Job, ("external_id",)),
    Table("environments", Environment, ("external_id",)),
    Table("deployments", Deployment, ("external_id",)),
    Table("releases", Release, ("external_id",)),
    Table("documents", Document, ("external_id",)),
    Table("work_item_keys", WorkItemKey, ("key",)),
    Table(
        "work_item_transitions", WorkItemTransition, (*_WORK_ITEM, "history_external_id", "ordinal"), parents=_WORK_ITEM
    ),
    Table("work_item_links", WorkItemLink, (*_WORK_ITEM, "external_id", "inward"), parents=_WORK_ITEM),
    Table("comments", Comment, (*_SUBJECT, "external_id"), parents=_SUBJECT),
    Table("worklogs", Worklog, (*_WORK_ITEM, "external_id"), parents=_WORK_ITEM),
    Table("sprint_memberships", SprintMembership, (*_WORK_ITEM, "sprint_external_id", "ordinal"), parents=_WORK_ITEM),
    Table("merge_request_commits", MergeRequestCommit, (*_MERGE_REQUEST, "sha"), parents=_MERGE_REQUEST),
    Table("merge_request_events", MergeRequestEvent, (*_MERGE_REQUEST, "external_id"), parents=_MERGE_REQUEST),
    Table("document_versions", DocumentVersion, ("document_external_id", "number"), parents=("document_external_id",)),
    Table("source_references", Reference, (*_SUBJECT, "target_kind", "target", "found_in"), parents=_SUBJECT),
)

_BY_ROW = {table.row: table for table in TABLES}


def table_of(row: type[Row]) -> Table:
    """The table that rows of this struct go to."""
    return _BY_ROW[row]


@lru_cache(maxsize=64)
def key_of(row: type[Row]) -> Callable[[Row], Any]:
    """Reads the key off a row of this struct: a value, or a tuple of them."""
    return attrgetter(*table_of(row).key)


class Column(msgspec.Struct, frozen=True):
    """A column, its type in SQL, and how its values are read off structs, given the ids of accounts."""

    name: str
    type: str
    read: Callable[[Sequence[Any], Mapping[str, Any]], list[Any]]


@lru_cache(maxsize=64)
def columns_of(table: Table) -> tuple[Column, ...]:
    """The table's own columns, in the order of the struct's fields."""
    hints = typing.get_type_hints(table.row)
    return tuple(_column(field, hints[field]) for field in table.row.__struct_fields__)


def _column(field: str, hint: Any) -> Column:
    value = attrgetter(field)
    if field.endswith(_MANY):
        name = field.removesuffix(_MANY) + "_identity_ids"
        return Column(name, "jsonb", lambda rows, ids: [_json([str(ids[one]) for one in value(row)]) for row in rows])
    if field.endswith(_ONE):
        name = field.removesuffix(_ONE) + "_identity_id"
        return Column(name, "uuid", lambda rows, ids: [ids.get(value(row)) for row in rows])
    kind = _TYPES[_plain(hint)]
    if kind == "jsonb":
        return Column(field, kind, lambda rows, _: [_json(value(row)) for row in rows])
    return Column(field, kind, lambda rows, _: list(map(value, rows)))


def _json(value: Any) -> str:
    # As text: the driver takes a list of lists for an array of two dimensions.
    return msgspec.json.encode(value).decode() if value else _EMPTY[type(value)]


_EMPTY: dict[Any, str] = {tuple: "[]", list: "[]", dict: "{}"}


def _plain(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        (hint,) = (one for one in typing.get_args(hint) if one is not type(None))
    return typing.get_origin(hint) or hint


@lru_cache(maxsize=128)
def upsert_statement(table: Table, revive: bool) -> str:
    """Stores rows given as one array a column: $1 organisation, $2 connection, $3 raw record ids, then the columns.

    Where rows stand for records it returns those written, each with whether it is new. With `revive` a removed row is
    there again. A row that says what is stored already is left alone but for its raw record, so `changed_at` moves only
    when something did.
    """
    columns = columns_of(table)
    names = [column.name for column in columns]
    arrays = ", ".join(
        f"${number}::{'text' if column.type == 'jsonb' else column.type}[]" for number, column in enumerate(columns, 4)
    )
    values = ", ".join(f"u.{column.name}{'::jsonb' if column.type == 'jsonb' else ''}" for column in columns)
    content = [name for name in names if name not in table.key] or names
    if not revive:
        # Nor does it say anew that a project is shown.
        content = [name for name in content if name != "access_lost_at"]
    mine = ", ".join(f"t.{name}" for name in content)
    theirs = ", ".join(f"excluded.{name}" for name in content)
    removed = "null::timestamptz" if revive else "t.removed_at"
    changed = f"(({mine}, t.removed_at) is distinct from ({theirs}, {removed}))"
    return f"""
        insert into {table.name} as t (org_id, connection_id, raw_record_id, {", ".join(names)})
        select $1, $2, u.raw_record_id, {values}
          from unnest($3::uuid[], {arrays}) as u (raw_record_id, {", ".join(names)})
            on conflict (org_id, connection_id, {", ".join(table.key)}) do update
           set raw_record_id = excluded.raw_record_id, removed_at = {removed},
               changed_at = case when {changed} then now() else t.changed_at end,
               {", ".join(f"{name} = excluded.{name}" for name in content)}
         where t.raw_record_id <> excluded.raw_record_id or {changed}
        {"returning t.external_id, xmax = 0" if table.stands_alone else ""}
        """  # noqa: S608 (names of our own structs)


@lru_cache(maxsize=64)
def tombstone_statement(table: Table) -> str:
    """Marks rows their record no longer has: $1, $2 as above, $3 parents, $4 their kind, then the keys that stay.

    $4 is there only for tables whose parents have kinds; the keys come as one array a column. The parents are one
    array: the plan is then an index scan whatever the server knows of the table.
    """
    *kinds, parent = table.parents
    of_kind = "".join(f" and t.{kind} = $4" for kind in kinds)
    types = {column.name: column.type for column in columns_of(table)}
    arrays = ", ".join(f"${number}::{types[name]}[]" for number, name in enumerate(table.key, 4 + len(kinds)))
    same = " and ".join(f"k.{name} = t.{name}" for name in table.key)
    return f"""
        update {table.name} t set removed_at = now(), changed_at = now()
         where t.org_id = $1 and t.connection_id = $2 and t.{parent} = any ($3::text[]){of_kind}
           and t.removed_at is null
           and not exists (select from unnest({arrays}) k ({", ".join(table.key)}) where {same})
        """  # noqa: S608 (names of our own structs)
