"""What is missing before numbers say what they should, for people to look at."""

from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database import organisation_settings
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.data_quality import DerivationQuality, Gap, Item, LoneProject, Named, UnmappedStatus
from ovia_shared.models.fact_settings import Workflow

SHOWN = 100


async def unmapped_statuses(conn: Connection, org_id: UUID) -> Gap[UnmappedStatus]:
    """Statuses that items are in now and that neither their source nor the setting gives a category, fullest first."""
    workflow = await organisation_settings.read(conn, org_id, "workflow", Workflow)
    return await _gap(
        conn,
        """
        select w.connection_id, w.project_external_id, p.key as project, w.status, count(*)::integer as items
          from work_items w
          left join projects p on p.org_id = $1 and p.connection_id = w.connection_id
                              and p.external_id = w.project_external_id
         where w.org_id = $1 and w.removed_at is null and w.status_category is null and w.status is not null
           and w.status not in ('opened', 'closed')
           and $2::jsonb->coalesce(p.key, '')->>w.status is null and $2::jsonb->'*'->>w.status is null
         group by w.connection_id, w.project_external_id, p.key, w.status
        """,
        "items desc, project, status, connection_id",
        UnmappedStatus,
        "say what they mean: PUT /team/settings/workflow, after POST /team/settings/workflow/preview",
        org_id,
        msgspec.to_builtins(workflow.categories),
    )


async def products_without_projects(conn: Connection, org_id: UUID) -> Gap[Named]:
    """Products whose numbers are those of nothing."""
    return await _gap(
        conn,
        """
        select id, name from products p
         where org_id = $1 and deleted_at is null
           and not exists (select from product_projects j where j.org_id = $1 and j.product_id = p.id)
        """,
        "name, id",
        Named,
        "give them projects: PUT /team/products/{id}; or delete them: DELETE /team/products/{id}",
        org_id,
    )


async def projects_without_product(conn: Connection, org_id: UUID) -> Gap[LoneProject]:
    """Projects that count for the organisation, and for no product."""
    return await _gap(
        conn,
        """
        select p.connection_id, p.external_id, p.key, p.name from projects p
          join connections c on c.org_id = $1 and c.id = p.connection_id and c.status <> 'deleting'
         where p.org_id = $1 and p.removed_at is null and not p.archived
           and not exists (
               select from product_projects j
                 join products q on q.org_id = $1 and q.id = j.product_id and q.deleted_at is null
                where j.org_id = $1 and j.connection_id = p.connection_id
                  and j.project_external_id = p.external_id)
        """,
        "key, connection_id, external_id",
        LoneProject,
        "put them into a product: PUT /team/products/{id} or POST /team/products",
        org_id,
    )


async def teams_without_members(conn: Connection, org_id: UUID) -> Gap[Named]:
    """Teams of whom nobody is a member now, neither directly nor of a team below."""
    return await _gap(
        conn,
        """
        select t.id, t.name from teams t
         where t.org_id = $1 and t.deleted_at is null
           and not exists (
               with recursive below as (
                   select t.id
                   union
                   select b.id from below a join teams b on b.org_id = $1 and b.parent_id = a.id
                                                        and b.deleted_at is null)
               select from below b
                 join team_memberships s on s.org_id = $1 and s.team_id = b.id
                where s.known_to = 'infinity' and s.valid_from <= now()
                  and (s.valid_to is null or s.valid_to > now()))
        """,
        "name, id",
        Named,
        "say who belongs to them: POST /team/teams/{id}/members",
        org_id,
    )


async def derivations(conn: Connection, org_id: UUID, families: list[str]) -> list[DerivationQuality]:
    """How far each family follows, those that fail or are furthest behind first."""
    rows = await conn.fetch(
        """
        select f.family,
               case when d.version > 0
                   then extract(epoch from clock_timestamp() - d.seen_until)::double precision end as lag_seconds,
               case when d.version > 0
                   then extract(epoch from d.finished_at - d.started_at)::double precision end as seconds,
               d.error, d.error_at,
               case when d.error is not null
                   then 'mend what the error says, then run `ovia-metrics derive`, or wait for the next try'
                   when d.version is null or d.seen_until < now() - interval '5 minutes'
                   then 'see whether the metrics service runs: GET /health; or run `ovia-metrics derive`'
                   end as what_to_do
          from unnest($2::text[]) f (family)
          left join derivations d on d.org_id = $1 and d.name = f.family
         order by d.error is null, d.seen_until nulls first, f.family
        """,
        org_id,
        families,
    )
    return to_models(DerivationQuality, rows)


async def _gap(
    conn: Connection, found: str, order: str, kind: type[Item], what_to_do: str, *values: Any
) -> Gap[Item]:  # fmt: skip
    rows = await conn.fetch(
        f"select found.*, count(*) over () as total from ({found}) found order by {order} limit {SHOWN}",  # noqa: S608
        *values,
    )
    data: list[Any] = msgspec.convert([dict(row) for row in rows], list[kind])  # type: ignore[valid-type]
    return Gap(total=rows[0]["total"] if rows else 0, data=data, what_to_do=what_to_do if rows else None)
