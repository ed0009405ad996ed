"""A large organisation, generated in bulk on the server: accounts, people, and a mapping for most accounts."""

from uuid import UUID

from ovia_shared.database.pool import Connection

# One account in so many is left without a mapping, beyond those that have one.
ORPHAN_STEP = 20

_NAMES = """
create temporary table sample on commit drop as
select n,
       (array['Ada','Bo','Chloé','Dmitri','Esra','Fatima','Goran','Hana','Ivo','Jun','Kofi','Lærke','María','Nils',
              'Olu','Priya','Quentin','Rosa','Søren','Tomáš'])[1 + n % 20] as given,
       (array['Abbott','Bąk','Castro','Dubois','Eriksen','Fischer','García','Haas','Ito','Jansen','Kowalski','Lind',
              'Moreau','Novák','Okafor','Petrov','Quispe','Rossi','Şahin','Tran','Ueda','Vega','Weiß','Xu','Yilmaz',
              'Zhang'])[1 + (n / 20) % 26] || (n / 520)::text as family
  from generate_series(1, $1::integer) as n
"""


async def fill(conn: Connection, org_id: UUID, mappings: int) -> None:
    """Adds `mappings` mapped accounts, a twentieth as many orphans, and a third as many people. Needs a superuser.

    Statuses are 86 % auto, 8 % verified, 5 % conflict and 1 % ignored; sources are the two of git.
    """
    total = mappings + mappings // ORPHAN_STEP
    await conn.execute(_NAMES, total)
    await conn.execute(
        """
        insert into people (org_id, id, display_name, primary_email)
        select $1, gen_random_uuid(), given || ' ' || family, lower(family) || '@sample.example'
          from sample where n % 3 = 1 and n <= $2
        """,
        org_id,
        mappings,
    )
    await conn.execute(
        """
        insert into identities (org_id, id, source, external_id, username, email, display_name, service_account)
        select $1, gen_random_uuid(), case when n % 4 = 0 then 'git_commit_committer' else 'git_commit_author' end,
               md5(n::text), case when n % 2 = 0 then lower(family) end,
               lower(family) || n || '@sample.example', given || ' ' || family, n % 50 = 0
          from sample
        """,
        org_id,
    )
    await conn.execute(
        """
        with person as (
            select id, row_number() over (order by id) - 1 as place from people where org_id = $1
        ), identity as (
            select id, row_number() over (order by id) as place from identities where org_id = $1
        )
        insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version,
                              verified_by, verified_at, created_at)
        select $1, gen_random_uuid(), identity.id, person.id, kind.status,
               case kind.status when 'verified' then 1.0 when 'conflict' then 0.40 + identity.place % 3500 / 10000.0
                    else 0.80 + identity.place % 2000 / 10000.0 end,
               '[{"rule": "same_email", "evidence": "both write from one mailbox", "weight": 4.6, "contribution": 4.6},
                 {"rule": "same_full_name", "evidence": "both are called alike", "weight": 2.2, "contribution": 2.2}]',
               'sample-1', case kind.status when 'verified' then 'bench' end,
               case kind.status when 'verified' then now() end, now() - identity.place * interval '1 minute'
          from identity
          join person on person.place = identity.place % (select count(*) from people where org_id = $1)
         cross join lateral (select case when identity.place % 100 < 86 then 'auto' when identity.place % 100 < 94
                                    then 'verified' when identity.place % 100 < 99 then 'conflict'
                                    else 'ignored' end as status) as kind
         where identity.place <= $2
        """,
        org_id,
        mappings,
    )
    await conn.execute("select compact_mapping_counts($1)", org_id)
    await conn.execute("drop table sample")


async def analyse(conn: Connection) -> None:
    """Fresh statistics and visibility maps, as autovacuum would leave them. Outside a transaction."""
    for table in (
        "people",
        "identities",
        "identity_words",
        "person_words",
        "mappings",
        "mapping_counts",
        "unmapped_identities",
    ):
        await conn.execute(f"vacuum (analyze) {table}")
