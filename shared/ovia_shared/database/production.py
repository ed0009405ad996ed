"""Deployments to production as facts tell of them, and corrections of what they caused.

A correction is never altered but for its end: another one takes its place, or it is taken back.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from ovia_shared.database import knowing, notices, organisation_settings
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.fact_settings import Production
from ovia_shared.models.production import (
    CausedIncidents,
    Correction,
    DeploymentFilter,
    DeploymentPosition,
    Incident,
    IncidentCandidate,
    IncidentKey,
    ProductionDeployment,
    SaidIncidents,
)

# As production_deployments makes them.
_ID = "md5(f.connection_id || ' ' || (f.attributes->>'source') || ' ' || f.entity_id)::uuid"
_BELIEVED = """
  from facts f
 where f.org_id = $1 and f.kind = 'deployment.finished' and f.known_to = 'infinity'
   and ($2::uuid is null or f.connection_id = $2) and ($3::text is null or f.project_external_id = $3)
   and ($4::boolean is null or (f.attributes->>'failed')::boolean = $4)
   and ($5::timestamptz is null or f.occurred_at >= $5) and ($6::timestamptz is null or f.occurred_at < $6)
   and ($7::jsonb is null or (f.connection_id, f.project_external_id) in (
           select (one->>'connection_id')::uuid, one->>'external_id' from jsonb_array_elements($7) one))
   and ($8::uuid[] is null or exists (
           select from team_memberships s
             join mappings m on m.org_id = $1 and m.person_id = s.person_id and m.known_to = 'infinity'
            where s.org_id = $1 and s.team_id = any($8) and s.known_to = 'infinity'
              and m.identity_id = f.actor_identity_id
              and (m.status = 'verified' or m.status = 'auto' and m.confidence >= $9::double precision)
              and s.valid_from <= f.occurred_at and (s.valid_to is null or s.valid_to > f.occurred_at)
              and m.valid_from <= f.occurred_at and (m.valid_to is null or m.valid_to > f.occurred_at)))
"""


async def find(
    conn: Connection, org_id: UUID, wanted: DeploymentFilter, after: DeploymentPosition | None, most: int
) -> list[ProductionDeployment]:
    """At most `most` deployments behind `after`, newest first."""
    rows = await conn.fetch(
        f"""
        with page as (
            select {_ID} as id, f.connection_id, f.entity_id, f.project_external_id, f.attributes, f.occurred_at,
                   f.actor_identity_id
            {_BELIEVED}
               and ($10::timestamptz is null or f.occurred_at <= $10 and (f.occurred_at, {_ID}) < ($10, $11::uuid))
             order by f.occurred_at desc, id desc limit $12
        )
        select g.id, g.connection_id, g.entity_id as external_id, g.project_external_id, p.key as project_key,
               g.attributes->>'source' as source, g.attributes->>'environment' as environment,
               g.occurred_at as deployed_at, g.actor_identity_id as deployed_by_identity_id,
               (g.attributes->>'failed')::boolean as failed, (g.attributes->>'rollback')::boolean as rollback,
               (g.attributes->>'fix')::boolean as fix, (g.attributes->>'recovered_at')::timestamptz as recovered_at,
               g.attributes->'incidents' as incidents, c.said_by as corrected_by
          from page g
          left join projects p on p.org_id = $1 and p.connection_id = g.connection_id
                              and p.external_id = g.project_external_id
          left join deployment_corrections c on c.org_id = $1 and c.deployment_id = g.id and c.known_to = 'infinity'
         order by g.occurred_at desc, g.id desc
        """,  # noqa: S608 (constants)
        *_given(org_id, wanted),
        None if after is None else after.deployed_at,
        None if after is None else after.id,
        most,
    )
    return to_models(ProductionDeployment, rows)


async def count(conn: Connection, org_id: UUID, wanted: DeploymentFilter) -> int:
    """How many deployments the filter lets through."""
    total: int = await conn.fetchval(f"select count(*) {_BELIEVED}", *_given(org_id, wanted))
    return total


async def lock(conn: Connection, org_id: UUID, deployment_id: UUID) -> None:
    """One at a time says what a deployment caused, until the end of the transaction."""
    await conn.execute(
        "select pg_advisory_xact_lock(hashtextextended('deployment ' || $1 || $2, 0))",
        str(org_id),
        str(deployment_id),
    )


async def incidents(conn: Connection, org_id: UUID, deployment_id: UUID) -> CausedIncidents | None:
    """What a deployment caused, as somebody said or else as derived; None if there is no such deployment."""
    row = await conn.fetchrow(
        """
        select coalesce(f.attributes->'incidents', '[]') as derived, c.id, c.said_by, c.known_from, c.reason,
               (select count(*) + count(*) filter (where k.known_to < 'infinity') from deployment_corrections k
                 where k.org_id = $1 and k.deployment_id = $2) as version
          from production_deployments p
          left join facts f on f.org_id = $1 and f.kind = 'deployment.finished' and f.known_to = 'infinity'
                           and f.connection_id = p.connection_id and f.entity_id = p.external_id
          left join deployment_corrections c on c.org_id = $1 and c.deployment_id = p.id and c.known_to = 'infinity'
         where p.org_id = $1 and p.id = $2 and p.at is not null
        """,
        org_id,
        deployment_id,
    )
    if row is None:
        return None
    if row["id"] is None:
        found = [Incident(UUID(one["connection_id"]), one["external_id"], one["key"]) for one in row["derived"]]
        return CausedIncidents(deployment_id, found, None, row["version"])
    said = to_models(Incident, await _said(conn, org_id, row["id"]))
    correction = Correction(row["id"], row["said_by"], row["known_from"], row["reason"])
    return CausedIncidents(deployment_id, said, correction, row["version"])


async def candidates(
    conn: Connection, org_id: UUID, key: str | None, around: datetime | None, most: int
) -> list[IncidentCandidate]:
    """Work items that may be an incident: those whose key begins so, the shortest first; without a key, the newest that
    are incidents by their type, created from a day before `around` to thirty days after it."""
    if key is not None:
        rows = await conn.fetch(
            """
            select connection_id, external_id, key, title, type, url, created_at from work_items
             where org_id = $1 and starts_with(upper(key), upper($2)) and removed_at is null
             order by length(key), key, connection_id limit $3
            """,
            org_id,
            key,
            most,
        )
    else:
        chosen = await organisation_settings.read(conn, org_id, "production", Production)
        rows = await conn.fetch(
            """
            select connection_id, external_id, key, title, type, url, created_at from work_items
             where org_id = $1 and lower(type) = any($2) and removed_at is null
               and ($3::timestamptz is null
                    or created_at between $3 - interval '1 day' and $3 + interval '30 days')
             order by created_at desc nulls last, connection_id, external_id limit $4
            """,
            org_id,
            [one.lower() for one in chosen.incident_types],
            around,
            most,
        )
    return to_models(IncidentCandidate, rows)


async def unknown(conn: Connection, org_id: UUID, wanted: Sequence[IncidentKey]) -> list[int]:
    """The places, from 0, of those among `wanted` that are no work items here."""
    rows = await conn.fetch(
        """
        select k.place - 1 as place
          from unnest($2::uuid[], $3::text[]) with ordinality k (connection_id, external_id, place)
         where not exists (select from work_items w
                            where w.org_id = $1 and w.connection_id = k.connection_id
                              and w.external_id = k.external_id and w.removed_at is null)
         order by 1
        """,
        org_id,
        [one.connection_id for one in wanted],
        [one.external_id for one in wanted],
    )
    return [row["place"] for row in rows]


async def say(conn: Connection, org_id: UUID, deployment_id: UUID, said: SaidIncidents, by: str) -> None:
    """From now on the deployment caused these and no others, whatever was said before."""
    at = await knowing.moment(conn)
    await conn.execute(
        """
        update deployment_corrections set known_to = $3, changed_at = now()
         where org_id = $1 and deployment_id = $2 and known_to = 'infinity'
        """,
        org_id,
        deployment_id,
        at,
    )
    correction_id = new_id()
    await conn.execute(
        """
        insert into deployment_corrections (org_id, id, deployment_id, reason, said_by, known_from)
        values ($1, $2, $3, $4, $5, $6)
        """,
        org_id, correction_id, deployment_id, said.reason or None, by, at,
    )  # fmt: skip
    await conn.execute(
        """
        insert into corrected_incidents (org_id, correction_id, connection_id, external_id)
        select distinct $1::uuid, $2::uuid, k.* from unnest($3::uuid[], $4::text[]) k
        """,
        org_id,
        correction_id,
        [one.connection_id for one in said.incidents],
        [one.external_id for one in said.incidents],
    )
    await _have_derived(conn, org_id)


async def take_back(conn: Connection, org_id: UUID, deployment_id: UUID, by: str) -> None:
    """What was said of the deployment no longer holds; what is derived does again."""
    await conn.execute(
        """
        update deployment_corrections set known_to = $3, withdrawn_by = $4, changed_at = now()
         where org_id = $1 and deployment_id = $2 and known_to = 'infinity'
        """,
        org_id,
        deployment_id,
        await knowing.moment(conn),
        by,
    )
    await _have_derived(conn, org_id)


async def _said(conn: Connection, org_id: UUID, correction_id: UUID) -> list[asyncpg.Record]:
    return await conn.fetch(
        """
        select i.connection_id, i.external_id, coalesce(w.key, i.external_id) as key
          from corrected_incidents i
          left join work_items w on w.org_id = $1 and w.connection_id = i.connection_id
                                and w.external_id = i.external_id
         where i.org_id = $1 and i.correction_id = $2
         order by 3, 1, 2
        """,
        org_id,
        correction_id,
    )


async def _have_derived(conn: Connection, org_id: UUID) -> None:
    await conn.execute("select pg_notify($1, $2)", notices.INGESTED, str(org_id))


def _given(org_id: UUID, wanted: DeploymentFilter) -> tuple[object, ...]:
    projects = None if wanted.projects is None else msgspec.to_builtins(wanted.projects)
    return (
        org_id, wanted.connection_id, wanted.project, wanted.failed, wanted.begins, wanted.ends,
        projects, wanted.teams, wanted.auto,
    )  # fmt: skip
