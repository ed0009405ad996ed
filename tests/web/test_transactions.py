"""One request is one transaction, of one organisation, stored before the answer leaves."""

import asyncio
from typing import Any

import pytest
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from ovia_shared.database.pool import Connection, Database, OpenTransaction
from ovia_shared.errors import Conflict, Unavailable
from ovia_shared.models.caller import Caller
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import PUBLIC, requires
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.web.conftest import Serve

Organisations = tuple[SampleOrganisation, SampleOrganisation]
Conn = NamedDependency[SkipValidation[Connection]]
Who = NamedDependency[SkipValidation[Caller]]


async def people(database: Database, organisation: SampleOrganisation) -> int:
    async with database.transaction(organisation.id) as conn:
        count: int = await conn.fetchval("select count(*) from people")
        return count


@get("/add", guards=[requires(Role.VIEWER)])
async def add(conn: Conn, caller: Who) -> str:
    await conn.execute(
        "insert into people (org_id, id, display_name) values ($1, gen_random_uuid(), 'Somebody')", caller.org_id
    )
    return "added"


@get("/forgetful")
async def forgetful(conn: Conn, caller: Who) -> list[str]:
    # The predicate everybody should write is missing, on purpose.
    return [str(row["org_id"]) for row in await conn.fetch("select * from people")]


async def test_a_query_that_forgets_its_predicate_shows_only_the_callers_rows(
    serve: Serve, organisations: Organisations
) -> None:
    async with serve(add, forgetful) as client:
        for organisation in organisations:
            for _ in range(3):
                assert (await client.get("/add", headers=organisation.authorization("viewer"))).status_code == 200
        for organisation in organisations:
            seen = (await client.get("/forgetful", headers=organisation.authorization("viewer"))).json()
            assert seen == [str(organisation.id)] * 3


async def test_a_connection_given_back_belongs_to_no_organisation(
    serve: Serve, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[OpenTransaction] = []

    async def after(self: OpenTransaction) -> None:
        await commit(self)
        ends.append(self)

    commit = OpenTransaction.commit
    monkeypatch.setattr(OpenTransaction, "commit", after)
    async with serve(add) as client:
        await client.get("/add", headers=organisations[0].authorization("viewer"))
        (ended,) = ends
        async with ended._pool.acquire() as conn:
            assert await conn.fetch("select * from people") == []


async def test_an_answer_that_is_a_fault_stores_nothing(
    serve: Serve, organisations: Organisations, database: Database
) -> None:
    @get("/refuse")
    async def refuse(conn: Conn, caller: Who) -> str:
        await add.fn(conn, caller)
        raise Conflict("on second thoughts, no")

    @get("/answer-409")
    async def answer(conn: Conn, caller: Who) -> Response[str]:
        await add.fn(conn, caller)
        return Response("no", status_code=409)

    @get("/break")
    async def break_down(conn: Conn, caller: Who) -> str:
        await add.fn(conn, caller)
        raise RuntimeError("the password is swordfish")

    async with serve(refuse, answer, break_down) as client:
        headers = organisations[0].authorization("viewer")
        answers = [await client.get(path, headers=headers) for path in ("/refuse", "/answer-409", "/break")]
    assert [answer.status_code for answer in answers] == [409, 409, 500]
    assert "swordfish" not in answers[2].text
    assert answers[2].json()["request_id"] == answers[2].headers["x-request-id"]
    assert await people(database, organisations[0]) == 0


async def test_a_change_is_stored_before_anybody_hears_of_it(
    serve: Serve, organisations: Organisations, database: Database
) -> None:
    async with serve(add) as client:
        assert (await client.get("/add", headers=organisations[0].authorization("viewer"))).text == "added"
        assert await people(database, organisations[0]) == 1


@pytest.mark.parametrize(("fault", "status"), [(Unavailable("the database does not answer"), 503), (OSError(), 503)])
async def test_a_change_that_could_not_be_stored_is_not_called_done(
    fault: Exception, status: int, serve: Serve, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose(self: OpenTransaction) -> None:
        raise fault if isinstance(fault, Unavailable) else ConnectionResetError

    async with serve(add) as client:
        monkeypatch.setattr(OpenTransaction, "commit", lose)
        answer = await client.get("/add", headers=organisations[0].authorization("viewer"))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert int(answer.headers["retry-after"]) >= 1
    assert "added" not in answer.text


async def test_a_request_that_takes_too_long_is_503_and_leaves_its_connection_usable(
    serve: Serve, organisations: Organisations, database: Database
) -> None:
    @get("/slow")
    async def slow(conn: Conn, caller: Who) -> str:
        await add.fn(conn, caller)
        await conn.execute("select pg_sleep(30)")
        return "never"

    headers = organisations[0].authorization("viewer")
    async with serve(slow, add, request_timeout=0.3) as client:
        answers = await asyncio.gather(*(client.get("/slow", headers=headers) for _ in range(3)))
        assert {answer.status_code for answer in answers} == {503}
        assert {"retry-after"} <= set(answers[0].headers)
        # The pool has three connections: each must have come back, its statement cancelled.
        assert {(await client.get("/add", headers=headers)).status_code for _ in range(3)} == {200}
    assert await people(database, organisations[0]) == 3


@pytest.mark.parametrize("needed", list(Role))
async def test_a_role_reaches_what_it_includes_and_no_further(
    needed: Role, serve: Serve, organisations: Organisations
) -> None:
    @get("/guarded", guards=[requires(needed)])
    async def guarded() -> str:
        return "in"

    async with serve(guarded) as client:
        answers = {role: await client.get("/guarded", headers=organisations[0].authorization(role)) for role in Role}
    order = list(Role)
    for role, answer in answers.items():
        if order.index(role) >= order.index(needed):
            assert answer.text == "in"
        else:
            assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


async def test_a_public_route_opens_no_transaction(serve: Serve, open_database: OpenDatabase) -> None:
    @get("/open", opt=dict(PUBLIC))
    async def opened(scope: Any) -> str:
        return str("conn" in scope["state"])

    async with serve(opened) as client:
        answer = await client.get("/open", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.text) == (200, "False")
