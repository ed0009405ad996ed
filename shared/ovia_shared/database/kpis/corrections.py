"""What was learnt after a number was told: late facts, who is who otherwise, and rules that are others now."""

# ruff: noqa: S608 (every part comes from the catalogue, which is ours)
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database.facts.deriving import FAMILIES
from ovia_shared.database.kpis import statements
from ovia_shared.database.kpis.measuring import Question
from ovia_shared.database.kpis.restating import Definition, Told, by_people, counted, parameters
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Composite, Kpi, Rows
from ovia_shared.kpis.terms import Silent
from ovia_shared.models.kpi_change import (
    Correction,
    DefinitionChange,
    IdentityCorrections,
    LateData,
    LateItem,
)

# Of each list of what is behind a change.
MOST = 20

_WAS = """{name}_was as ({facts}),
{name}_is as ({facts_now}),
{name}_moved as (
    select entity_kind, connection_id, entity_id, 1 as sign, number::numeric as number, weight::numeric as weight,
           known_from as known from {name}_is where known_from > $4
    union all
    select entity_kind, connection_id, entity_id, -1, number::numeric, weight::numeric, known_to
      from {name}_was where known_to <= $7)"""
# Facts that came in place of others and count the same are no news.
_MOVED = """
    select entity_kind, connection_id, entity_id, sum(sign) as more, bool_or(sign > 0) as came,
           bool_or(sign < 0) as went, max(known) filter (where known <> all($8)) as known_at
      from {name}_moved group by 1, 2, 3
    having (sum(sign), sum(sign * coalesce(number, 0)), sum(sign * coalesce(weight, 0))) is distinct from (0, 0, 0)
       and bool_or(known <> all($8))"""
_SHOWN = """
select l.entity_kind, l.connection_id, l.entity_id, l.known_at, count(*) over () as every,
       case when l.came and l.went then 'corrected' when l.came then 'arrived' else 'withdrawn' end as how,
       case l.entity_kind when 'work_item' then w.key when 'merge_request' then mj.key || '!' || m.number
           when 'pipeline' then l.entity_id when 'deployment' then l.entity_id end as key,
       case l.entity_kind when 'work_item' then w.title when 'merge_request' then m.title when 'pipeline' then p.ref
           end as title,
       case l.entity_kind when 'work_item' then w.url when 'merge_request' then m.url when 'pipeline' then p.url
           end as url
  from late l
  left join work_items w on l.entity_kind = 'work_item' and w.org_id = $1 and w.connection_id = l.connection_id
                        and w.external_id = l.entity_id
  left join merge_requests m on l.entity_kind = 'merge_request' and m.org_id = $1
                            and m.connection_id = l.connection_id and m.external_id = l.entity_id
  left join projects mj on mj.org_id = $1 and mj.connection_id = m.connection_id
                       and mj.external_id = m.project_external_id
  left join pipelines p on l.entity_kind = 'pipeline' and p.org_id = $1 and p.connection_id = l.connection_id
                       and p.external_id = l.entity_id
 order by l.known_at desc, l.entity_kind, l.connection_id, l.entity_id
 limit $9
"""


async def late(conn: Connection, before: Question, now: Question, changes: list[Definition]) -> LateData:
    """The items whose facts in the window of both became others in between, but for changes of definitions."""
    names = {f"rows{number}": kpi for number, kpi in enumerate(counted(CATALOGUE[now.kpi]))}
    scope = before.basis.scope
    facts = {name: statements.facts_of(kpi, scope) for name, kpi in names.items()}
    both = ",\n".join(
        _WAS.format(name=name, facts=text, facts_now=text.replace("$4", "$7")) for name, text in facts.items()
    )
    every = " union all ".join(f"({_MOVED.format(name=name)})" for name in names)
    rows = await conn.fetch(
        f"""{statements.head(scope)},
        {both},
        late as (
            select entity_kind, connection_id, entity_id, bool_or(came) as came, bool_or(went) as went,
                   max(known_at) as known_at
              from ({every}) every group by 1, 2, 3)
        {_SHOWN}
        """,
        *parameters(before),
        now.facts_as_of,
        sorted({one.moment for one in changes}),
        MOST,
    )
    return LateData(rows[0]["every"] if rows else 0, to_models(LateItem, [_without_count(row) for row in rows]))


async def identities(conn: Connection, before: Question, now: Question, *, named: bool) -> IdentityCorrections:
    """The accounts that count otherwise in the window by who is who now. Decisions are listed only if `named`."""
    if not by_people(now):
        return IdentityCorrections()
    corrected = await _corrected(conn, before, now)
    then = msgspec.structs.replace(before, facts_as_of=now.facts_as_of)
    sure = msgspec.structs.replace(before.basis.settings, auto=now.basis.settings.auto)
    since = msgspec.structs.replace(
        then, people_as_of=now.people_as_of, basis=msgspec.structs.replace(before.basis, settings=sure)
    )
    was, is_now = [await _counting(conn, one, corrected) for one in (then, since)]
    moved = sorted(account for account in was.keys() | is_now.keys() if was.get(account) != is_now.get(account))
    events = await _events(conn, before, now, moved) if named and moved else []
    return IdentityCorrections(len(moved), events, await _memberships(conn, before, now, moved))


async def definitions(
    conn: Connection, before: Told, now: Question, changes: list[Definition]
) -> list[DefinitionChange]:
    """Which rules are others now: settings with who chose them, derivations, the KPI, what the scope is made up of."""
    kpi, asked = CATALOGUE[now.kpi], before.question
    how = {"version": "by a newer version", "settings": "with other settings"}
    found = [
        DefinitionChange(what=f"facts of {one.family}, derived {how[one.reason]}", at=one.moment) for one in changes
    ]
    rows = await conn.fetch(
        """
        select name as what, actor as by, known_from as at from organisation_settings
         where org_id = $1 and name = any($2) and known_from > $3 and known_from <= $4 order by known_from, name
        """,
        now.org_id,
        sorted(_settings(kpi, changes)),
        asked.facts_as_of,
        now.facts_as_of,
    )
    found += [DefinitionChange(what=f"setting {row['what']}", by=row["by"], at=row["at"]) for row in rows]
    if before.version != kpi.version:
        found.append(DefinitionChange(what=f"{kpi.name}, version {kpi.version} for {before.version}"))
    if asked.basis.scope != now.basis.scope and now.basis.scope.items is None:
        found.append(DefinitionChange(what=f"what the {now.basis.scope.kind} is made up of"))
    if asked.basis.zone != now.basis.zone:
        found.append(DefinitionChange(what=f"time zone, {now.basis.zone} for {asked.basis.zone}"))
    return found


def _settings(kpi: Kpi, changes: list[Definition]) -> set[str]:
    """The names of settings that can have made a difference."""
    reads = {family.name: family.reads for family in FAMILIES}
    found = {name for one in changes if one.reason == "settings" for name in reads.get(one.family, ())}
    if isinstance(kpi.source, Composite):
        found.add({"delivery_health": "health_weights", "release_risk": "risk_weights"}[kpi.source.rule])
    sources = [CATALOGUE[name].source for name in counted(kpi)]
    if any(isinstance(one, Rows) and isinstance(one.number, Silent) for one in sources):
        found.add("staleness")
    return found


async def _corrected(conn: Connection, before: Question, now: Question) -> list[UUID]:
    """Accounts of which somebody's belief changed in between: whose they are, or which team that person was in."""
    rows = await conn.fetch(
        """
        with changed as (
            select identity_id, person_id from mappings where org_id = $1 and known_from > $2 and known_from <= $3
            union
            select identity_id, person_id from mappings where org_id = $1 and known_to > $2 and known_to <= $3
               and known_to < 'infinity'
            union
            -- Those in use, or not, only because the organisation wants to be more or less sure.
            select identity_id, person_id from mappings
             where org_id = $1 and $4::double precision <> $5::double precision and status = 'auto'
               and known_from <= $3 and known_to > $2
               and confidence >= least($4, $5) and confidence < greatest($4, $5)),
        moved as (
            select person_id from team_memberships
             where org_id = $1 and (known_from > $2 and known_from <= $3 or known_to > $2 and known_to <= $3))
        select identity_id from changed
        union
        select m.identity_id from mappings m join moved s on s.person_id = m.person_id where m.org_id = $1
        """,
        now.org_id,
        before.people_as_of,
        now.people_as_of,
        before.basis.settings.auto,
        now.basis.settings.auto,
    )
    return [row["identity_id"] for row in rows]


async def _counting(conn: Connection, question: Question, accounts: list[UUID]) -> dict[UUID, list[Any]]:
    """What counts of each of these accounts."""
    found: dict[UUID, list[Any]] = {}
    if not accounts:
        return found
    for kpi in counted(CATALOGUE[question.kpi]):
        rows = await conn.fetch(
            f"""
            {statements.rows_of(kpi, question.basis.scope)}
            select actor_identity_id, md5(string_agg(id::text || coalesce(number::text, ''), ',' order by id)) as all
              from behind where actor_identity_id = any($7) group by 1
            """,
            *parameters(question),
            accounts,
        )
        for row in rows:
            found.setdefault(row["actor_identity_id"], []).append((kpi, row["all"]))
    return found


async def _events(conn: Connection, before: Question, now: Question, accounts: list[UUID]) -> list[Correction]:
    rows = await conn.fetch(
        """
        select e.id as event_id, e.identity_id, e.action, e.actor, e.occurred_at from identity_events e
         where e.org_id = $1 and e.identity_id = any($2)
           and exists (
               select from jsonb_array_elements(
                               coalesce(e.before->'mappings', '[]') || coalesce(e.after->'mappings', '[]')) as image
                 join mappings m on m.org_id = $1 and m.id = (image->>'id')::uuid
                where m.known_from > $3 and m.known_from <= $4 or m.known_to > $3 and m.known_to <= $4)
         order by e.id desc limit $5
        """,
        now.org_id,
        accounts,
        before.people_as_of,
        now.people_as_of,
        MOST,
    )
    return to_models(Correction, rows)


async def _memberships(conn: Connection, before: Question, now: Question, accounts: list[UUID]) -> int:
    counted_: int = await conn.fetchval(
        """
        select count(distinct (s.team_id, s.person_id, s.valid_from)) from team_memberships s
         where s.org_id = $1 and (s.known_from > $3 and s.known_from <= $4 or s.known_to > $3 and s.known_to <= $4)
           and s.person_id in (select m.person_id from mappings m where m.org_id = $1 and m.identity_id = any($2))
        """,
        now.org_id,
        accounts,
        before.people_as_of,
        now.people_as_of,
    )
    return counted_


def _without_count(row: Any) -> Any:
    return {name: value for name, value in row.items() if name != "every"}
