"""What providers of vectors and of text were used for by day, held to the organisation's budgets."""

from datetime import date
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.ask_settings import Spent


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a provider, as it may come to at most, or as it came to. `day` is of UTC."""

    org_id: UUID
    day: date
    provider: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost: float


async def reserve(conn: Connection, wanted: Request, *, tokens: int | None, cost: float | None) -> bool:
    """Puts the request down if the day's `tokens` and `cost` suffice for it; otherwise False, and nothing is changed.

    Until the end of the transaction nobody else reserves for this organisation, so that two cannot both take the last
    of a budget: it has to be a short one.
    """
    await conn.execute("select pg_advisory_xact_lock(hashtextextended('ask spending ' || $1, 0))", str(wanted.org_id))
    before = await spent(conn, wanted.org_id, wanted.day)
    if tokens is not None and before.tokens + wanted.prompt_tokens + wanted.completion_tokens > tokens:
        return False
    # A millionth of a cent is nothing to refuse for; a budget of 0 still refuses all that costs.
    if cost is not None and before.cost + wanted.cost > cost + 1e-8:
        return False
    await _add(conn, wanted, requests=1)
    return True


async def settle(conn: Connection, reserved: Request, actual: Request) -> None:
    """Puts what a request came to in the place of what was reserved for it."""
    difference = msgspec.structs.replace(
        actual,
        prompt_tokens=actual.prompt_tokens - reserved.prompt_tokens,
        completion_tokens=actual.completion_tokens - reserved.completion_tokens,
        cost=actual.cost - reserved.cost,
    )
    await _add(conn, difference, requests=0)


async def spent(conn: Connection, org_id: UUID, day: date) -> Spent:
    """All of one day, with what is reserved."""
    rows = await conn.fetch(
        """
        select coalesce(sum(requests), 0)::bigint as requests,
               coalesce(sum(prompt_tokens), 0)::bigint as prompt_tokens,
               coalesce(sum(completion_tokens), 0)::bigint as completion_tokens,
               coalesce(sum(cost), 0)::double precision as cost
          from ask_spending where org_id = $1 and day = $2
        """,
        org_id,
        day,
    )
    return to_models(Spent, rows)[0]


async def _add(conn: Connection, request: Request, *, requests: int) -> None:
    await conn.execute(
        """
        insert into ask_spending as s (org_id, day, provider, model, requests, prompt_tokens, completion_tokens, cost)
        values ($1, $2, $3, $4, $5, greatest($6, 0), greatest($7, 0), greatest($8::double precision::numeric, 0))
        on conflict (org_id, day, provider, model) do update
           set requests = s.requests + $5,
               prompt_tokens = greatest(s.prompt_tokens + $6, 0),
               completion_tokens = greatest(s.completion_tokens + $7, 0),
               cost = greatest(s.cost + $8::double precision::numeric, 0)
        """,
        request.org_id,
        request.day,
        request.provider,
        request.model,
        requests,
        request.prompt_tokens,
        request.completion_tokens,
        request.cost,
    )
