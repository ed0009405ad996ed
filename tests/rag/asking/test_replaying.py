"""Answers made again after later data came in: as of their moment, and row by row where sources keep no versions."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec

from ovia_shared.models.ask_settings import AskSettings, ModelChoice, ModelProvider
from tests.kpis.conftest import Books, day
from tests.rag.asking.conftest import MARCH, ask
from tests.rag.providers.fake_model import MODEL, FakeModel

QUESTION = f"How many merge requests were merged {MARCH}?"
BEGUN = day(0)
WORDED = "In those three weeks of March, 3 merge requests were merged."


async def _replayed(client: httpx.AsyncClient, answer: Any) -> Any:
    again = await client.post(f"/ask/{answer['id']}/replay")
    assert again.status_code == 200, again.text
    return again.json()


async def _choose(books: Books, fake: FakeModel) -> None:
    """A model plans and words answers from now on."""
    chosen = AskSettings(model=ModelChoice(provider=ModelProvider.OPENAI, model=MODEL, base_url=fake.base_url))
    await books.admin.execute(
        """
        insert into organisation_settings (org_id, id, name, value, known_from, actor)
        values ($1, gen_random_uuid(), 'ask', $2, clock_timestamp(), 'test')
        """,
        books.org_id, msgspec.to_builtins(chosen),
    )  # fmt: skip

    def says(body: dict[str, Any]) -> str:
        if "You turn a question" in json.dumps(body):
            return json.dumps({"intent": "metric", "kpis": ["throughput.merge_requests"]})
        return json.dumps({"sentences": [{"text": WORDED, "citations": [1]}]})

    fake.says = says


async def _item(
    books: Books, key: str, assignee: UUID | None, created: datetime = BEGUN, kind: str = "Story"
) -> None:  # fmt: skip
    await books.admin.execute(
        """
        insert into work_items (org_id, connection_id, raw_record_id, external_id, project_external_id, key, title,
                                type, status, status_category, assignee_identity_id, labels, components, fix_versions,
                                affected_versions, fields, notes, created_at, updated_at)
        values ($1, $2, gen_random_uuid(), $3, '1', $3, 'Trace ' || $3, $6, 'Doing', 'in_progress', $4, '[]', '[]',
                '[]', '[]', '{}', '[]', $5, $5)
        """,
        books.org_id, books.connection_id, key, assignee, created, kind,
    )  # fmt: skip


async def _project(books: Books, lead: UUID) -> None:
    await books.admin.execute(
        """
        insert into projects (org_id, connection_id, raw_record_id, external_id, kind, key, name, archived,
                              lead_identity_id)
        values ($1, $2, gen_random_uuid(), '1', 'project', 'GLD', 'Glider', false, $3)
        """,
        books.org_id, books.connection_id, lead,
    )  # fmt: skip


async def _change(books: Books, key: str, **values: Any) -> None:
    for name, value in values.items():
        await books.admin.execute(f"update work_items set {name} = $1 where key = $2", value, key)


async def test_an_answer_that_a_model_worded_is_the_same_on_the_same_data_and_keeps_its_wording(
    merged: Books, viewer: httpx.AsyncClient, fake_model: FakeModel
) -> None:
    await _choose(merged, fake_model)
    answer = await ask(viewer, QUESTION)
    assert [one["text"] for one in answer["statements"]] == [WORDED], answer["notes"]
    assert answer["stated"][0]["text"].endswith("from 2026-03-02 to 2026-03-22: 3.")
    assert (await viewer.get(f"/ask/{answer['id']}")).json() == answer
    asked = len(fake_model.asked)
    await merged.fact("merge_request.merged", day(5), attributes={"class": "bug"})
    again = await _replayed(viewer, answer)
    assert (again["same"], again["changes"]) == (True, [])
    assert again["statements"] == answer["statements"]
    assert len(fake_model.asked) == asked, "what is made again must not depend on what a model says today"
    await merged.admin.execute("delete from facts where kind = 'merge_request.merged' and occurred_at = $1", day(0))
    again = await _replayed(viewer, answer)
    assert again["same"] is False
    assert again["statements"][0]["text"].endswith("from 2026-03-02 to 2026-03-22: 2.")
    assert not [one for one in again["changes"] if WORDED in one]


async def test_an_answer_without_a_model_keeps_nothing_beside_its_statements(
    merged: Books, viewer: httpx.AsyncClient
) -> None:
    answer = await ask(viewer, QUESTION)
    assert answer["stated"] == []
    assert await merged.admin.fetchval("select stated from ask_answers") is None


async def test_what_somebody_works_on_is_answered_again_by_the_accounts_of_then_and_says_which_row_changed(
    books: Books, viewer: httpx.AsyncClient
) -> None:
    account = await books.account("ann")
    ann = await books.person("Annegret Seidel", account)
    await _item(books, "GLD-1", account)
    await _item(books, "GLD-2", account)
    await books.known()
    answer = await ask(viewer, "What is Annegret Seidel working on?")
    assert len(answer["statements"]) == 2
    # The account is somebody else's by now, and more was given to it.
    await books.person("Somebody Else", account)
    await _item(books, "GLD-3", account, created=datetime.fromisoformat(answer["as_of"]) + timedelta(seconds=1))
    again = await _replayed(viewer, answer)
    assert (again["same"], again["changes"], again["statements"]) == (True, [], answer["statements"])
    await _change(books, "GLD-1", status="Testing")
    await _change(books, "GLD-2", status_category="done")
    again = await _replayed(viewer, answer)
    assert again["same"] is False
    rows = {one["title"]: one["number"] for one in answer["citations"]}
    first, second = rows["GLD-1 Trace GLD-1"], rows["GLD-2 Trace GLD-2"]
    assert f"the row [{first}] “GLD-1 Trace GLD-1” is another: state was Doing, is Testing" in again["changes"]
    assert f"the row [{second}] “GLD-2 Trace GLD-2” is no longer there" in again["changes"]
    assert str(ann) in json.dumps(answer)


async def test_who_answers_for_an_item_or_a_project_is_who_it_was_then(books: Books, viewer: httpx.AsyncClient) -> None:
    account = await books.account("ann")
    await books.person("Annegret Seidel", account)
    other = await books.account("bo")
    await books.person("Bo Ekholm", other)
    await _project(books, account)
    await _item(books, "GLD-1", account)
    await books.known()
    of_item = await ask(viewer, "Who owns GLD-1?")
    of_project = await ask(viewer, "Who is responsible for project Glider?")
    assert "Annegret Seidel" in of_item["statements"][0]["text"]
    assert of_project["statements"][0]["text"] == "Glider (GLD): Annegret Seidel leads it."
    await books.person("Somebody Else", account)
    for answer in (of_item, of_project):
        again = await _replayed(viewer, answer)
        assert (again["same"], again["changes"]) == (True, []), again
    await _change(books, "GLD-1", assignee_identity_id=other)
    await books.admin.execute("update projects set lead_identity_id = $1", other)
    again = await _replayed(viewer, of_item)
    assert [one for one in again["changes"] if "is another: person was Annegret Seidel, is Bo Ekholm" in one], again
    again = await _replayed(viewer, of_project)
    assert [one for one in again["changes"] if "person was Annegret Seidel, is Bo Ekholm" in one], again


async def test_incidents_that_began_or_ended_since_then_do_not_change_what_was_open(
    books: Books, viewer: httpx.AsyncClient
) -> None:
    account = await books.account("ann")
    await books.person("Annegret Seidel", account)
    await _item(books, "OPS-1", account, kind="Incident")
    await books.known()
    answer = await ask(viewer, "Are there any open incidents?")
    assert [one for one in answer["statements"] if "OPS-1" in one["text"]], answer
    later = datetime.fromisoformat(answer["as_of"]) + timedelta(seconds=1)
    await books.person("Somebody Else", account)
    await _item(books, "OPS-2", account, created=later, kind="Incident")
    await _change(books, "OPS-1", status_category="done", resolved_at=later)
    again = await _replayed(viewer, answer)
    assert (again["same"], again["changes"], again["statements"]) == (True, [], answer["statements"])
    await _change(books, "OPS-1", status="Closed")
    again = await _replayed(viewer, answer)
    assert [one for one in again["changes"] if "is another: status was Doing, is Closed" in one], again


async def test_teams_and_accounts_of_somebody_are_those_that_were_believed_then(
    books: Books, viewer: httpx.AsyncClient
) -> None:
    account = await books.account("ann")
    person = await books.person("Annegret Seidel", account)
    team = await books.team("Wings", person)
    await books.known()
    who = await ask(viewer, "Who is Annegret Seidel?")
    members = await ask(viewer, "Who is in team Wings?")
    assert members["statements"][0]["text"] == "Wings: 1 members."
    await books.join(await books.team("Tails"), person)
    await books.join(team, await books.person("Bo Ekholm", await books.account("bo")))
    await books.map(await books.account("ann2"), person)
    await books.admin.execute(
        "update team_memberships set known_to = clock_timestamp() where person_id = $1 and team_id = $2", person, team
    )
    for answer in (who, members):
        again = await _replayed(viewer, answer)
        assert (again["same"], again["changes"], again["statements"]) == (True, [], answer["statements"])


async def test_a_merge_request_that_was_merged_since_was_still_worked_on(
    books: Books, viewer: httpx.AsyncClient
) -> None:
    account = await books.account("ann")
    await books.person("Annegret Seidel", account)
    number = uuid4().int % 1000
    await books.admin.execute(
        """
        insert into merge_requests (org_id, connection_id, raw_record_id, external_id, project_external_id, number,
                                    title, state, draft, author_identity_id, reviewer_identity_ids,
                                    assignee_identity_ids, labels, notes, created_at, updated_at)
        values ($1, $2, gen_random_uuid(), '7', '1', $4, 'Trim the rudder', 'open', false, $3, '[]', '[]', '[]', '[]',
                $5, $5)
        """,
        books.org_id, books.connection_id, account, number, day(0),
    )  # fmt: skip
    await books.known()
    answer = await ask(viewer, "What is Annegret Seidel working on?")
    assert "Trim the rudder" in answer["statements"][0]["text"]
    later = datetime.fromisoformat(answer["as_of"]) + timedelta(seconds=1)
    await books.admin.execute("update merge_requests set state = 'merged', merged_at = $1", later)
    again = await _replayed(viewer, answer)
    assert (again["same"], again["changes"], again["statements"]) == (True, [], answer["statements"])
