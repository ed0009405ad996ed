"""What a source shows to some people only is told by Ask to nobody but those whom the organisation lets see it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from ovia_rag.indexing.organisation import index
from ovia_rag.providers.embedded import Embedded
from ovia_rag.providers.embedding import Embedder
from ovia_shared.database import organisation_settings
from ovia_shared.models.ask_settings import AskSettings, RestrictedTexts
from tests.api.conftest import Organisations, Service
from tests.conftest import OpenDatabase, RoleDsn
from tests.kpis.conftest import Books, day
from tests.rag.asking.conftest import MARCH, ask
from tests.rag.indexing.conftest import Texts, admin

__all__ = ["admin"]

QUESTION = "Who pays for the broken winch?"
SECRET = "The broken winch is paid by the insurance of Petra Vogel."
OPEN = "The broken winch is looked after by the workshop crew."


class Wiki(Texts):
    """Texts whose restrictions change as ingest changes them, and the setting of who sees them."""

    async def restrict(self, table: str, external_id: str, restricted: bool = True) -> None:
        async with self.admin.transaction():
            await self.admin.execute("select set_config('ovia.org_id', $1, true)", str(self.org_id))
            await self.admin.execute(
                f"update {table} set restricted = $2, changed_at = clock_timestamp() where external_id = $1",
                external_id,
                restricted,
            )

    async def indexed(self) -> None:
        """The service indexes too, one at a time."""
        while await index(self.database, self.dsn, self.org_id, self.embedded) is None:
            await asyncio.sleep(0.05)

    async def embedded(self, *_: object) -> Embedder:
        return Embedded()

    async def let(self, whom: RestrictedTexts) -> None:
        async with self.admin.transaction():
            await self.admin.execute("select set_config('ovia.org_id', $1, true)", str(self.org_id))
            chosen = AskSettings(restricted_texts=whom)
            await organisation_settings.write(self.admin, self.org_id, "ask", chosen, "Ada")


@pytest.fixture
async def wiki(
    admin: asyncpg.Connection, open_database: OpenDatabase, role_dsn: RoleDsn, organisations: Organisations
) -> Wiki:
    wiki = Wiki(admin, await open_database("ovia_rag"), role_dsn("ovia_rag"), organisations[0].id)
    await wiki.put("documents", "1", title="Winch: costs", body=SECRET)
    await wiki.put("documents", "2", title="Winch: care", body=OPEN)
    for number in range(3, 15):
        await wiki.put("documents", str(number), title=f"Page {number}", body=f"The tower keeps list {number}.")
    return wiki


@pytest.fixture
async def manager(rag: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with rag.client(**organisations[0].authorization("manager")) as client:
        yield client


def told(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False)


async def test_a_restricted_page_is_told_to_nobody_until_the_organisation_lets_a_role_see_it(
    wiki: Wiki, viewer: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    await wiki.put("documents", "1", title="Winch: costs", body=SECRET, restricted=True)
    await wiki.indexed()
    for client in (viewer, manager):
        answer = await ask(client, QUESTION)
        assert "Winch: care" in told(answer)
        assert "Petra" not in told(answer)
        assert "costs" not in told(answer)
    await wiki.let(RestrictedTexts.MANAGER)
    assert SECRET in told(await ask(manager, QUESTION))
    assert "Petra" not in told(await ask(viewer, QUESTION))
    await wiki.let(RestrictedTexts.ADMIN)
    assert "Petra" not in told(await ask(manager, QUESTION))


async def test_events_leave_restricted_texts_out_too(
    wiki: Wiki, viewer: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    await wiki.put("documents", "1", title="Winch: costs", body=SECRET, restricted=True)
    await wiki.indexed()
    await wiki.let(RestrictedTexts.MANAGER)
    heard = []
    for client in (viewer, manager):
        sent = await client.post("/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"})
        heard.append(sent.text)
    assert ["Petra" in one for one in heard] == [False, True]
    assert ["Winch: costs" in one for one in heard] == [False, True]


async def test_what_is_restricted_later_is_out_of_sight_at_once_with_every_answer_that_cited_it(
    wiki: Wiki, viewer: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    await wiki.let(RestrictedTexts.MANAGER)
    await wiki.indexed()
    answer = await ask(viewer, QUESTION)
    assert SECRET in told(answer)
    path = f"/ask/{answer['id']}"
    assert (await viewer.get(path)).status_code == 200
    await wiki.restrict("documents", "1")
    # Nothing was indexed since.
    again = await ask(viewer, QUESTION)
    assert "Petra" not in told(again)
    for refused in (
        await viewer.get(path),
        await viewer.post(f"{path}/replay"),
        await viewer.post(f"{path}/feedback", json={"helpful": True}),
    ):
        assert refused.status_code == 403
        assert "restricts" in refused.json()["detail"]
        assert "Petra" not in refused.text
    history = (await viewer.get("/ask/history")).json()["data"]
    assert {one["id"]: one["withheld"] for one in history} == {again["id"]: False, answer["id"]: True}
    assert "Petra" not in told(history)
    assert SECRET in (await manager.get(path)).text
    everybody = (await manager.get("/ask/history", params={"everybody": True})).json()["data"]
    assert [one["withheld"] for one in everybody] == [False, False]
    await wiki.indexed()
    assert "Petra" not in told(await ask(viewer, QUESTION))


async def test_what_is_no_longer_restricted_comes_back_with_its_answers(
    wiki: Wiki, viewer: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    await wiki.put("documents", "1", title="Winch: costs", body=SECRET, restricted=True)
    await wiki.let(RestrictedTexts.MANAGER)
    await wiki.indexed()
    answer = await ask(manager, QUESTION)
    assert SECRET in told(answer)
    await wiki.let(RestrictedTexts.NOBODY)
    assert (await manager.get(f"/ask/{answer['id']}")).status_code == 403
    await wiki.restrict("documents", "1", restricted=False)
    assert (await manager.get(f"/ask/{answer['id']}")).json() == answer
    await wiki.indexed()
    assert SECRET in told(await ask(viewer, QUESTION))


async def test_an_answer_from_a_restricted_page_stays_withheld_when_the_page_is_gone(
    wiki: Wiki, manager: httpx.AsyncClient
) -> None:
    await wiki.put("documents", "1", title="Winch: costs", body=SECRET, restricted=True)
    await wiki.let(RestrictedTexts.MANAGER)
    await wiki.indexed()
    answer = await ask(manager, QUESTION)
    await wiki.admin.execute("delete from documents where external_id = '1'")
    await wiki.let(RestrictedTexts.NOBODY)
    assert (await manager.get(f"/ask/{answer['id']}")).status_code == 403


@pytest.mark.parametrize("whole", [True, False])
async def test_an_item_of_a_security_level_or_a_comment_for_a_few_is_left_out(
    wiki: Wiki, viewer: httpx.AsyncClient, manager: httpx.AsyncClient, whole: bool
) -> None:
    """A restricted item takes its comments with it; a restricted comment leaves the item and the others."""
    for page in ("1", "2"):
        await wiki.remove("documents", page)
    title = "Who pays for the broken winch"
    await wiki.put("work_items", "1", key="GLD-7", title=title, description="It stands there.", restricted=whole)
    await wiki.put("comments", "11", body=SECRET, restricted=not whole)
    await wiki.put("comments", "12", body="The broken winch was bought with a loan.")
    await wiki.let(RestrictedTexts.MANAGER)
    await wiki.indexed()
    answers = [told(await ask(client, QUESTION)) for client in (viewer, manager)]
    assert ["Petra" in one for one in answers] == [False, True]
    assert ["GLD-7" in one for one in answers] == [not whole, True]
    assert ["with a loan" in one for one in answers] == [not whole, True]


async def test_restricted_rows_are_counted_and_not_shown(
    books: Books, wiki: Wiki, viewer: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    wiki.connection_id = books.connection_id
    for number in (10, 11):
        await books.fact("work_item.created", day(1), entity=str(number))
        await books.fact("work_item.in_progress", day(3), entity=str(number), lasting=True)
        await wiki.put("work_items", str(number), key=f"GLD-{number}", title=f"Spar {number}", restricted=number == 10)
    await books.known()
    await wiki.let(RestrictedTexts.MANAGER)
    question = f"Which work is in progress {MARCH}?"
    seen, all_of_it = await ask(viewer, question), await ask(manager, question)
    assert ("Spar 11" in told(seen), "Spar 10" in told(seen), "GLD-10" in told(seen)) == (True, False, False)
    assert "Spar 10" in told(all_of_it)
    assert seen["statements"][0]["text"] == all_of_it["statements"][0]["text"]
    assert any("restricted at their source" in one for one in seen["notes"])
    assert not any("restricted at their source" in one for one in all_of_it["notes"])
    await wiki.let(RestrictedTexts.NOBODY)
    assert (await manager.get(f"/ask/{all_of_it['id']}")).status_code == 403


async def test_incidents_and_what_somebody_works_on_leave_restricted_items_out(
    books: Books, wiki: Wiki, manager: httpx.AsyncClient
) -> None:
    ann = await books.account("ann")
    await books.person("Annegret Seidel", ann)
    for number in (10, 11):
        await wiki.put(
            "work_items", str(number), key=f"GLD-{number}", title=f"Spar {number}", type="Incident", status="Doing",
            status_category="in_progress", assignee_identity_id=ann, created_at=day(number), restricted=number == 10,
        )  # fmt: skip
    await books.known()
    asked = ("Which incidents are open?", "What does Annegret Seidel work on?", "Who is assigned to GLD-10?")
    hidden = [told(await ask(manager, one)) for one in asked]
    assert not any("Spar 10" in one for one in hidden)
    assert ["Spar 11" in one for one in hidden] == [True, True, False]
    assert "Open incidents, Fernweh Gliders" in hidden[0]
    assert '"rows": 2' in hidden[0]
    await wiki.let(RestrictedTexts.MANAGER)
    assert ["Spar 10" in told(await ask(manager, one)) for one in asked] == [True, True, True]


async def test_the_role_that_sees_them_is_one_of_the_roles_there_are() -> None:
    assert {one.value for one in RestrictedTexts} == {"nobody", "admin", "manager", "analyst", "viewer"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"restricted_texts": "everybody"}, AskSettings)
