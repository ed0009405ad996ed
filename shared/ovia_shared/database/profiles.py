"""What an identity card says: accounts, months of activity, and products."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ovia_shared.database.activity import ACCOUNTS
from ovia_shared.database.activity_branches import BRANCHES, Branch
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.activity import MonthOfActivity, ProfileAccount, ProfileProduct


async def accounts(conn: Connection, org_id: UUID, person_id: UUID) -> list[ProfileAccount]:
    """The accounts in use, by source."""
    rows = await conn.fetch(
        """
        select i.id as identity_id, i.source, i.username, i.email, i.display_name, m.status
          from mappings m join identities i on i.org_id = m.org_id and i.id = m.identity_id
         where m.org_id = $1 and m.person_id = $2 and m.known_to = 'infinity' and m.valid_to is null
           and m.status in ('auto', 'verified')
         order by i.source, i.username, i.id
        """,
        org_id,
        person_id,
    )
    return to_models(ProfileAccount, rows)


async def months(
    conn: Connection, org_id: UUID, person_id: UUID
) -> tuple[list[MonthOfActivity], datetime | None, datetime | None]:
    """How much was done in each source in each of the last twelve months; the first and the last time ever."""
    found = " union all ".join(_events(branch, "a.source") for branch in BRANCHES)
    rows = await conn.fetch(
        f"""
        with {ACCOUNTS}, monthly as (
            select source, date_trunc('month', at at time zone 'UTC') as month, count(*) as events,
                   min(at) as first, max(at) as last
              from ({found}) as found group by 1, 2)
        select source, to_char(month, 'YYYY-MM') as month, events,
               min(first) over () as first, max(last) over () as last,
               month > (now() at time zone 'UTC') - interval '1 year' as shown
          from monthly order by monthly.month desc, source
        """,  # noqa: S608 (fixed fragments)
        org_id,
        person_id,
    )
    shown = [dict(row) for row in rows if row["shown"]]
    listed = [MonthOfActivity(row["source"], row["month"], row["events"]) for row in shown]
    return listed, rows[0]["first"] if rows else None, rows[0]["last"] if rows else None


async def products(conn: Connection, org_id: UUID, person_id: UUID) -> list[ProfileProduct]:
    """The products with projects in which the person did something in the last twelve months, by name."""
    kinds = {"'work_item'": "work_items", "'merge_request'": "merge_requests", "'document'": "documents"}
    found = " union all ".join(_in_projects(branch, kinds) for branch in BRANCHES if _has_project(branch))
    rows = await conn.fetch(
        f"""
        with {ACCOUNTS}, acted as (
            select connection_id, project_id, count(*) as events from ({found}) as found group by 1, 2)
        select d.id, d.name, sum(a.events)::bigint as events
          from products d
          join product_projects j on j.org_id = d.org_id and j.product_id = d.id
          join acted a on a.connection_id = j.connection_id and a.project_id = j.project_external_id
         where d.org_id = $1 and d.deleted_at is null
         group by d.id, d.name order by d.name collate "C", d.id
        """,  # noqa: S608 (fixed fragments)
        org_id,
        person_id,
    )
    return to_models(ProfileProduct, rows)


def _events(branch: Branch, *columns: str, join: str = "", also: str = "") -> str:
    conditions: list[Any] = [
        "t.org_id = $1",
        f"{branch.who} = a.identity_id",
        f"{branch.at} >= a.valid_from",
        f"{branch.at} < a.valid_to",
        f"{branch.removed} is null",
        *([branch.also] if branch.also else []),
        *([also] if also else []),
    ]
    return f"""
        select {", ".join([f"{branch.at} as at", *columns])}
          from accounts a cross join {branch.table} {join} where {" and ".join(conditions)}
        """  # noqa: S608 (fixed fragments)


def _has_project(branch: Branch) -> bool:
    return "commit" not in branch.subject


def _in_projects(branch: Branch, tables: dict[str, str]) -> str:
    year = f"{branch.at} > now() - interval '1 year'"
    if branch.project != "null":
        return _events(branch, "t.connection_id", f"{branch.project} as project_id", also=year)
    kind, subject = branch.subject.split(", ", 1)
    if branch.table == f"{tables.get(kind)} t":
        return _events(branch, "t.connection_id", "t.project_external_id as project_id", also=year)
    # A comment says itself what it stands under.
    parents = tables if kind not in tables else {kind: tables[kind]}
    return " union all ".join(
        _events(
            branch,
            "t.connection_id",
            "s.project_external_id as project_id",
            join=f"join {table} s on s.org_id = t.org_id and s.connection_id = t.connection_id"
            f" and s.external_id = {subject} and s.org_id = $1 and {kind} = {name}",
            also=year,
        )
        for name, table in parents.items()
    )
