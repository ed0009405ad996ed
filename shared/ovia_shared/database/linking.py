"""What matching reads: accounts that wait, accounts they may belong with, and what people decided."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import load_temporary, to_models
from ovia_shared.models.identity import Account

_ACCOUNT = """i.id, i.source, i.username, i.email, i.display_name,
       coalesce(i.attributes -> 'previous_names', '[]') as previous_names"""
_IN_USE = """
    left join mappings m on m.org_id = i.org_id and m.identity_id = i.id and m.known_to = 'infinity'
              and m.valid_to is null and m.status in ('auto', 'verified')"""
# bigint is signed, the hash is not.
_SIGN = 1 << 64


async def lock(conn: Connection, org_id: UUID) -> None:
    """One matching pass at a time in an organisation, until the end of the transaction."""
    # A pass sorts and joins whole tables now and then; there is one of it, unlike requests.
    await conn.execute("set local work_mem = '128MB'")
    await conn.execute("select pg_advisory_xact_lock(hashtextextended('linking ' || $1, 0))", str(org_id))


async def count_waiting(conn: Connection, org_id: UUID) -> tuple[int, int]:
    """How many accounts are to be matched, and about how many there are."""
    waiting: int = await conn.fetchval("select count(*) from matching_queue where org_id = $1", org_id)
    known: int = await conn.fetchval(
        "select coalesce(sum(considered), 0) from linking_runs where org_id = $1 and not complete", org_id
    )
    return waiting, known


async def more_accounts_than(conn: Connection, org_id: UUID, limit: int) -> bool:
    """Whether there are more human accounts than that, without counting them all."""
    found: int = await conn.fetchval(
        "select count(*) from (select from identities where org_id = $1 and not service_account limit $2 + 1) some_of",
        org_id,
        limit,
    )
    return found > limit


async def waiting(conn: Connection, org_id: UUID) -> list[UUID]:
    """Every account that is new or changed since it was last matched."""
    rows = await conn.fetch("select identity_id from matching_queue where org_id = $1 order by identity_id", org_id)
    return [row["identity_id"] for row in rows]


async def to_decide(conn: Connection, org_id: UUID, among: Sequence[UUID] | None) -> set[UUID]:
    """Which accounts the engine may decide about: no service accounts, and nothing a person has decided or that is in
    use. A conflict that the engine opened may be decided anew, one that a person opened may not. None means all."""
    rows = await conn.fetch(
        f"""
        select i.id from identities i
         where i.org_id = $1 and not i.service_account {_among(among)}
           and not exists (
               select from mappings m
                where m.org_id = $1 and m.identity_id = i.id and m.known_to = 'infinity' and m.valid_to is null
                  and (m.status in ('auto', 'verified', 'ignored')
                       or (m.status = 'conflict' and m.engine_version = 'contested')))
        """,  # noqa: S608 (constants)
        *_values(org_id, among),
    )
    return {row["id"] for row in rows}


async def accounts(conn: Connection, org_id: UUID, among: Sequence[UUID] | None) -> list[Account]:
    """Human accounts with the person whose mapping is in use, and with none. None means all; those ignored, and
    those contested by somebody, are left out."""
    rows = await conn.fetch(
        f"""
        select {_ACCOUNT}, m.person_id, coalesce(m.status = 'verified', false) as verified
          from identities i {_IN_USE}
         where i.org_id = $1 and not i.service_account {_among(among)}
           and not exists (
               select from mappings g
                where g.org_id = $1 and g.identity_id = i.id and g.known_to = 'infinity' and g.valid_to is null
                  and (g.status = 'ignored' or (g.status = 'conflict' and g.engine_version = 'contested')))
        """,  # noqa: S608 (constants)
        *_values(org_id, among),
    )
    return to_models(Account, rows)


async def sharing(conn: Connection, org_id: UUID, keys: Mapping[int, int]) -> set[UUID]:
    """Accounts that have one of these keys, where no more have it than the number given for the key."""
    rows = await conn.fetch(
        """
        select distinct k.identity_id
          from unnest($2::bigint[], $3::integer[]) wanted (key, at_most)
          cross join lateral (
              select array_agg(found.identity_id) as ids from (
                  select identity_id from identity_keys
                   where org_id = $1 and key = wanted.key limit wanted.at_most + 1) found
          ) block
          cross join lateral unnest(block.ids) k (identity_id)
         where cardinality(block.ids) <= wanted.at_most
        """,
        org_id,
        [_signed(key) for key in keys],
        list(keys.values()),
    )
    return {row["identity_id"] for row in rows}


async def of_same_people(conn: Connection, org_id: UUID, ids: Collection[UUID], at_most: int) -> set[UUID]:
    """The other accounts in use of the people behind these accounts; `at_most` of each person."""
    rows = await conn.fetch(
        """
        with persons as (
            select distinct person_id from mappings
             where org_id = $1 and identity_id = any($2) and known_to = 'infinity' and valid_to is null
               and status in ('auto', 'verified'))
        select m.identity_id
          from persons p
          cross join lateral (
              select identity_id from mappings
               where org_id = $1 and person_id = p.person_id and known_to = 'infinity' and valid_to is null
                 and status in ('auto', 'verified')
               order by identity_id limit $3) m
        """,
        org_id,
        list(ids),
        at_most,
    )
    return {row["identity_id"] for row in rows}


async def key_counts(conn: Connection, org_id: UUID, keys: Collection[int], at_most: int) -> dict[int, int]:
    """How many accounts have each key, counted up to `at_most`."""
    rows = await conn.fetch(
        """
        select wanted as key, counted.n
          from unnest($2::bigint[]) wanted
          cross join lateral (
              select count(*) as n from (
                  select from identity_keys where org_id = $1 and key = wanted limit $3) of_it) counted
         where counted.n > 1
        """,
        org_id,
        [_signed(key) for key in keys],
        at_most,
    )
    return {row["key"] % _SIGN: row["n"] for row in rows}


async def rejected(conn: Connection, org_id: UUID) -> frozenset[tuple[UUID, UUID]]:
    """(identity, person) pairs that a reviewer refused."""
    rows = await conn.fetch(
        """
        select identity_id, person_id from mappings
         where org_id = $1 and status = 'rejected' and known_to = 'infinity' and person_id is not null
        """,
        org_id,
    )
    return frozenset((row["identity_id"], row["person_id"]) for row in rows)


async def store_keys(conn: Connection, org_id: UUID, keys: Iterable[tuple[UUID, int]]) -> None:
    """Stores what accounts are found by, beside what they were found by before: a former login is evidence too."""
    columns = "key bigint, identity_id uuid"
    rows = ((_signed(key), identity) for identity, key in keys)
    await load_temporary(conn, "new_keys", columns, rows, ("key", "identity_id"))
    # In the order of the index: a first run adds millions, and in any other order each would touch a page of its own.
    await conn.execute(
        """
        insert into identity_keys (org_id, key, identity_id)
        select distinct $1::uuid, key, identity_id from new_keys order by 2, 3 on conflict do nothing
        """,
        org_id,
    )
    await conn.execute("drop table new_keys")


async def mark_matched(conn: Connection, org_id: UUID, ids: Sequence[UUID]) -> None:
    """These accounts no longer wait."""
    await conn.execute("delete from matching_queue where org_id = $1 and identity_id = any($2)", org_id, ids)


async def last_run(conn: Connection, org_id: UUID) -> tuple[float, float, int] | None:
    """Of the last pass: when it began (seconds since 1970), how many seconds it took, and how many accounts it
    considered."""
    row = await conn.fetchrow(
        """
        select extract(epoch from started_at)::double precision as began, seconds, considered
          from linking_runs where org_id = $1 order by id desc limit 1
        """,
        org_id,
    )
    return None if row is None else (row["began"], row["seconds"], row["considered"])


async def record_run(conn: Connection, org_id: UUID, **told: Any) -> None:
    """Keeps what a pass did, for people and for monitoring."""
    await conn.execute(
        """
        insert into linking_runs (org_id, id, seconds, considered, people, linked, conflicts, orphans, engine_version,
                                  complete)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        org_id,
        new_id(),
        told["seconds"],
        told["considered"],
        told["people"],
        told["linked"],
        told["conflicts"],
        told["orphans"],
        told["engine_version"],
        told["complete"],
    )


def _among(ids: Sequence[UUID] | None) -> str:
    # Not `$2 is null or …`: the one plan for both would read everything.
    return "" if ids is None else "and i.id = any($2)"


def _values(org_id: UUID, ids: Sequence[UUID] | None) -> tuple[Any, ...]:
    return (org_id,) if ids is None else (org_id, list(ids))


def _signed(key: int) -> int:
    return key - _SIGN if key >= _SIGN >> 1 else key
