"""The catalogue as SQL. Every statement has the same parameters, so a receipt needs no more than its text.

$1 organisation, $2 start and $3 end of the window, $4 as of when facts are believed, $5 as of when people are (mappings
and memberships), $6 the basis: scope, settings and time zone as JSON.
"""

# ruff: noqa: S608 (every part comes from the catalogue, which is ours)
from ovia_shared.database.kpis.terms import as_sql
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Aggregate, Beyond, Count, Rate, Ratio, Rows, Spread, Time
from ovia_shared.models.kpi import ResolvedScope

_PARAMETERS = """asked as (
    select $1::uuid, $2::timestamptz, $3::timestamptz, $4::timestamptz, $5::timestamptz, $6::jsonb)"""
# Of whom, and when, a fact is one of the scope's: each account in use, for as long as it and its person belong there.
_MEMBERS = """,
members as materialized (
    select m.identity_id, {since} as since, {until} as until
      from {people}
      join mappings m on m.org_id = $1 and m.person_id = {person}
     where {given} and m.known_from <= $5 and m.known_to > $5
       and (m.status = 'verified' or m.status = 'auto'
            and m.confidence >= ($6::jsonb #>> '{{settings,auto}}')::double precision))"""
_OF_TEAMS = _MEMBERS.format(
    people="team_memberships s",
    person="s.person_id",
    since="greatest(m.valid_from, s.valid_from)",
    until="least(m.valid_to, s.valid_to)",
    given="""s.org_id = $1 and s.known_from <= $5 and s.known_to > $5
       and s.team_id in (select one::uuid from jsonb_array_elements_text($6::jsonb #> '{scope,teams}') one)""",
)
_OF_PERSON = _MEMBERS.format(
    people="(select ($6::jsonb #>> '{scope,person}')::uuid as id) p",
    person="p.id",
    since="m.valid_from",
    until="m.valid_to",
    given="true",
)
_IN_PROJECTS = """
       and (f.connection_id, f.project_external_id) in (
           select (one->>'connection_id')::uuid, one->>'external_id'
             from jsonb_array_elements($6::jsonb #> '{scope,projects}') one)"""
_AMONG_ITEMS = """
       and (f.entity_kind, f.connection_id, f.entity_id) in (
           select one->>0, (one->>1)::uuid, one->>2 from jsonb_array_elements($6::jsonb #> '{scope,items}') one)"""
_OF_SPRINT = """
       and f.connection_id || ':' || (f.attributes->>'sprint') = $6::jsonb #>> '{scope,sprint}'"""
_BY_MEMBERS = """
       and exists (select from members p
                    where p.identity_id = f.actor_identity_id and p.since <= f.occurred_at
                      and (p.until is null or p.until > f.occurred_at))"""
_TIMES = {
    Time.WITHIN: "f.occurred_at >= {start} and f.occurred_at < $3",
    Time.STILL: "f.occurred_at >= {start} and f.occurred_at < $3 and f.until >= $3",
    Time.OPEN: "f.occurred_at < $3 and f.until >= $3",
}
_CLASSES = ("bug", "feature", "chore")


def value_of(kpi: str, scope: ResolvedScope) -> str:
    """Counts a KPI: columns `n`, `row_count`, `row_hash`, and its values by name. `scope` tells its conditions."""
    rows = _source(kpi)
    beyond = rows.aggregate.beyond if isinstance(rows.aggregate, Spread) else None
    reference = "" if beyond is None else f",\nreference as ({_reference(beyond, scope)})"
    return f"""{head(scope)}{reference},
behind as ({_rows(rows, scope)})
select {_values(rows.aggregate, scope)},
       {_HASHED}
  from behind"""


def rows_of(kpi: str, scope: ResolvedScope) -> str:
    """The facts behind it, as `behind` of a with clause: columns of `facts`, `number` and `weight`."""
    return f"{head(scope)},\nbehind as ({facts_of(kpi, scope)})"


def head(scope: ResolvedScope) -> str:
    """The beginning of a with clause that every statement of a scope has."""
    return f"with {_PARAMETERS}{_members(scope)}"


def facts_of(kpi: str, scope: ResolvedScope) -> str:
    """Selects the facts behind a KPI, once `head` was said."""
    return _rows(_source(kpi), scope)


_HASHED = """count(*) as row_count,
       coalesce(md5(string_agg(uuid_send(row_hash), ''::bytea order by row_hash)), md5(''))::uuid as row_hash"""


def _source(kpi: str) -> Rows:
    source = CATALOGUE[kpi].source
    assert isinstance(source, Rows), f"{kpi} is made of other KPIs"
    return source


def _members(scope: ResolvedScope) -> str:
    return _OF_TEAMS if scope.teams is not None else _OF_PERSON if scope.person is not None else ""


def _rows(source: Rows, scope: ResolvedScope, start: str = "$2") -> str:
    weight = source.aggregate.weight if isinstance(source.aggregate, Ratio) else None
    number = as_sql(source.number)
    conditions = "".join(f"\n       and {as_sql(one)} <> 0" for one in source.where)
    if isinstance(source.aggregate, Spread):
        conditions += f"\n       and {number} is not null"
    last = ", ".join(f"f.attributes->>'{name}'" for name in source.last_per)
    one_each = f"distinct on (f.connection_id, f.project_external_id, {last})" if last else ""
    order = (
        f"\n     order by f.connection_id, f.project_external_id, {last}, f.occurred_at desc, "
        "length(f.entity_id) desc, f.entity_id desc"
        if last
        else ""
    )
    return f"""
    select {one_each} f.*, {number} as number, {"1" if weight is None else as_sql(weight)} as weight
      from facts f
     where f.org_id = $1 and f.kind = '{source.kind}' and {_TIMES[source.time].format(start=start)}
       and f.known_from <= $4 and f.known_to > $4{of_scope(scope, source.kind)}{conditions}{order}"""


def of_scope(scope: ResolvedScope, kind: str) -> str:
    """The conditions of a scope on the facts `f`."""
    text = _IN_PROJECTS if scope.projects is not None else ""
    if scope.items is not None:
        text += _AMONG_ITEMS
    if scope.sprint is not None and kind == "sprint.item":
        text += _OF_SPRINT
    return text + (_BY_MEMBERS if scope.teams is not None or scope.person is not None else "")


def _values(aggregate: Aggregate, scope: ResolvedScope) -> str:
    columns: list[str] = []
    match aggregate:
        case Count(presence, by_class):
            columns = ["count(*) as n", f"{_counted(presence, scope)} as count"]
            if by_class:
                columns += [
                    _counted(presence, scope, f" filter (where attributes->>'class' = '{one}')") + f" as {one}"
                    for one in _CLASSES
                ]
        case Spread(shares, largest, beyond):
            columns = ["count(*) as n", *(f"{_percentile(share)} as p{share}" for share in shares)]
            if largest:
                columns.append("max(number) as max")
            for share in () if beyond is None else beyond.shares:
                columns.append(
                    f"case when count(*) > 0 and (select p{share} from reference) is not null then "
                    f"(count(*) filter (where number > (select p{share} from reference)))::double precision end "
                    f"as over_p{share}"
                )
        case Ratio(_, n_rows):
            # Sums of numeric: in whatever order the rows come, the same to the last digit.
            n = "count(*)" if n_rows else "coalesce(sum(weight), 0)::bigint"
            columns = [
                f"{n} as n",
                "sum(number::numeric)::double precision / nullif(sum(weight::numeric), 0)::double precision as share",
            ]
        case Rate(presence):
            counted = _counted(presence, scope)
            days = "(extract(epoch from $3::timestamptz - $2::timestamptz) / 86400)::double precision"
            dates = "count(distinct (occurred_at at time zone ($6::jsonb->>'zone'))::date)"
            columns = [
                "count(*) as n", f"{counted} / {days} as per_day", f"{counted} as count",
                f"case when {counted} is not null then {dates}::double precision end as days_with_one",
            ]  # fmt: skip
    return ",\n       ".join(columns)


def _counted(presence: str, scope: ResolvedScope, only: str = "") -> str:
    """How many; null where the scope has never had anything of the kind, 0 where it had."""
    return f"""case when count(*) > 0 or exists (
           select from facts f
            where f.org_id = $1 and f.kind = '{presence}' and f.occurred_at < $3
              and f.known_from <= $4 and f.known_to > $4{of_scope(scope, presence)})
       then (count(*){only})::double precision end"""


def _percentile(share: int) -> str:
    return f"percentile_cont({share / 100}) within group (order by number)"


def _reference(beyond: Beyond, scope: ResolvedScope) -> str:
    columns = ", ".join(f"{_percentile(share)} as p{share}" for share in beyond.shares)
    rows = _rows(_source(beyond.kpi), scope, f"($3::timestamptz - interval '{beyond.days} days')")
    return f"select {columns} from ({rows}) behind"
