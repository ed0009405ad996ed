"""Terms of the catalogue as SQL over one fact `f`; parameters as in `statements`."""

from ovia_shared.kpis.terms import (
    Age,
    Attribute,
    Either,
    Flag,
    Has,
    Mapped,
    Minus,
    Not,
    One,
    Plus,
    Silent,
    Term,
    Value,
)

_SECONDS = {"hours": 3600, "days": 86400}
_SILENT = """exists (
           select from jsonb_array_elements(f.attributes->'quiet') gap
            where (gap->>0)::timestamptz
                      < $3 - ($6::jsonb #>> '{settings,staleness,days}')::double precision * interval '1 day'
              and (gap->>1 is null or (gap->>1)::timestamptz >= $3))::integer"""
_MAPPED = """exists (
           select from mappings m
            where m.org_id = $1 and m.identity_id = f.actor_identity_id and m.known_from <= $5 and m.known_to > $5
              and m.valid_from < $3 and (m.valid_to is null or m.valid_to >= $3) and {how})::integer"""
_HOW = {
    "in_use": "(m.status = 'verified' or m.status = 'auto' and m.confidence >= "
    "($6::jsonb #>> '{settings,auto}')::double precision)",
    "verified": "m.status = 'verified'",
    "conflict": "m.status = 'conflict'",
}


def as_sql(term: Term) -> str:
    """An expression. Names come from the catalogue, which is ours: nothing here is anybody's input."""
    match term:
        case Value():
            return "f.value"
        case Attribute(name):
            return f"(f.attributes->>'{name}')::double precision"
        case Flag(name):
            return f"coalesce((f.attributes->>'{name}')::boolean::integer, 0)"
        case Has(name):
            return f"(f.attributes->>'{name}' is not null)::integer"
        case One():
            return "1"
        case Age(unit, since):
            begun = "f.occurred_at" if since is None else f"(f.attributes->>'{since}')::timestamptz"
            return f"(extract(epoch from $3 - {begun}) / {_SECONDS[unit]})::double precision"
        case Silent():
            return _SILENT
        case Mapped(how):
            return _MAPPED.format(how=_HOW[how])
        case _:
            return _combined(term)


def _combined(term: Term) -> str:
    match term:
        case Minus(left, right):
            return f"({as_sql(left)} - {as_sql(right)})"
        case Plus(left, right):
            return f"({as_sql(left)} + {as_sql(right)})"
        case Either(left, right):
            return f"({as_sql(left)} <> 0 or {as_sql(right)} <> 0)::integer"
        case Not(flag):
            return f"({as_sql(flag)} = 0)::integer"
    raise AssertionError(term)
