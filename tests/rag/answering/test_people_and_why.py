"""Answers about people, and about why a number changed."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from ovia_shared.models.ask import Intent, Language, MetricAsk, Outcome, PersonAsk, PersonQuestion
from ovia_shared.models.kpi import Scope, ScopeKind
from tests.kpis.conftest import ORGANISATION, Books, day, days
from tests.rag.answering.conftest import Ask, cited, plan_of


async def _ann(books: Books) -> tuple[UUID, UUID, UUID]:
    """Ann with her account and her team."""
    account = await books.account("ann")
    person = await books.person("Ann Lee", account)
    return person, account, await books.team("Wings", person, await books.person("Bo Ek"))


async def _item(books: Books, key: str, title: str, assignee: UUID | None, category: str = "in_progress") -> None:
    await books.admin.execute(
        """
        insert into work_items (org_id, connection_id, raw_record_id, external_id, project_external_id, key, title,
                                status, status_category, assignee_identity_id, labels, components, fix_versions,
                                affected_versions, fields, notes, updated_at)
        values ($1, $2, gen_random_uuid(), $3, '1', $3, $4, 'In Progress', $5, $6, '[]', '[]', '[]', '[]', '{}', '[]',
                now())
        """,
        books.org_id, books.connection_id, key, title, category, assignee,
    )  # fmt: skip


async def _project(books: Books, lead: UUID | None = None) -> None:
    await books.admin.execute(
        """
        insert into projects (org_id, connection_id, raw_record_id, external_id, kind, key, name, archived,
                              lead_identity_id)
        values ($1, $2, gen_random_uuid(), '1', 'project', 'GLD', 'Glider', false, $3)
        """,
        books.org_id, books.connection_id, lead,
    )  # fmt: skip


def _about(question: PersonQuestion, language: Language = Language.ENGLISH, **about: object):  # type: ignore[no-untyped-def]
    return plan_of(Intent.PERSON, language, people=[PersonAsk(question=question, **about)])  # type: ignore[arg-type]


async def test_somebody_is_told_with_accounts_and_teams(books: Books, ask: Ask) -> None:
    person, _, _ = await _ann(books)
    answer = await ask(_about(PersonQuestion.WHO_IS, person=person))
    texts = [one.text for one in answer.statements]
    assert texts[1] == "Ann Lee is in Wings since 2020-01-01."
    assert texts[0].startswith("Ann Lee: with the organisation")
    assert cited(answer)[0].row is not None
    russian = await ask(_about(PersonQuestion.WHO_IS, Language.RUSSIAN, person=person))
    assert russian.statements[1].text == "Ann Lee в команде Wings с 2020-01-01."


async def test_what_somebody_works_on_is_what_is_in_progress_and_theirs(books: Books, ask: Ask) -> None:
    person, account, _ = await _ann(books)
    assert (await ask(_about(PersonQuestion.WORKS_ON, person=person))).statements[0].text == (
        "Ann Lee: nothing is in progress, and no merge request is open."
    )
    await _item(books, "GLD-1", "Show flight traces", account)
    await _item(books, "GLD-2", "Done long ago", account, "done")
    await _item(books, "GLD-3", "Somebody else's", None)
    answer = await ask(_about(PersonQuestion.WORKS_ON, person=person))
    assert [one.text for one in answer.statements] == ["Ann Lee works on GLD-1 “Show flight traces” (In Progress)."]


async def test_who_answers_for_an_item_is_its_assignee(books: Books, ask: Ask) -> None:
    _, account, _ = await _ann(books)
    await _item(books, "GLD-1", "Show flight traces", account)
    await _item(books, "GLD-3", "Nobody's", None)
    answer = await ask(_about(PersonQuestion.OWNER_OF, item="gld-1"))
    assert answer.statements[0].text == "GLD-1 “Show flight traces”: Ann Lee is the assignee."
    assert (await ask(_about(PersonQuestion.OWNER_OF, item="GLD-3"))).statements[0].text == (
        "GLD-3 “Nobody's”: nobody is assigned."
    )
    missing = await ask(_about(PersonQuestion.OWNER_OF, item="GLD-99"))
    assert (missing.outcome, "GLD-99" in " ".join(missing.looked_at)) == (Outcome.REFUSED, True)


async def test_who_answers_for_a_project_is_who_leads_it_and_who_worked_there_lately(books: Books, ask: Ask) -> None:
    _, account, _ = await _ann(books)
    await _project(books, account)
    scope = Scope(ScopeKind.PROJECT, f"{books.connection_id}:1")
    answer = await ask(_about(PersonQuestion.OWNER_OF, scope=scope))
    assert [one.text for one in answer.statements] == ["Glider (GLD): Ann Lee leads it."]


async def test_the_members_of_a_team_are_those_of_now(books: Books, ask: Ask) -> None:
    _, _, team = await _ann(books)
    left = await books.person("Cy Old")
    await books.join(team, left, until=datetime(2021, 1, 1, tzinfo=UTC))
    answer = await ask(_about(PersonQuestion.MEMBERS_OF, scope=Scope(ScopeKind.TEAM, str(team))))
    assert [one.text for one in answer.statements] == [
        "Wings: 2 members.", "Ann Lee is in Wings since 2020-01-01.", "Bo Ek is in Wings since 2020-01-01.",
    ]  # fmt: skip


async def test_why_tells_both_numbers_and_what_made_the_difference(books: Books, ask: Ask) -> None:
    product = uuid4()
    await _project(books)
    await books.admin.execute(
        "insert into products (org_id, id, name) values ($1, $2, 'Glider')", books.org_id, product
    )
    await books.admin.execute(
        """
        insert into product_projects (org_id, product_id, connection_id, project_external_id) values ($1, $2, $3, '1')
        """,
        books.org_id, product, books.connection_id,
    )  # fmt: skip
    for at, project in ((1, "1"), (8, "1"), (9, "1"), (10, "2")):
        await books.fact("merge_request.merged", day(at), project=project, attributes={"class": "bug"})
    await books.known()
    metric = MetricAsk(kpi="throughput.merge_requests", scope=ORGANISATION, window=days(7, 14))
    answer = await ask(plan_of(Intent.WHY, metrics=[metric]))
    assert [one.text for one in answer.statements] == [
        "Merge requests merged, Fernweh Gliders: 1 from 2026-03-02 to 2026-03-08, 3 from 2026-03-09 to 2026-03-15; "
        "the difference is +2.",
        "Glider: 2, before 1; that is +1 of the difference.",
        "other: 1, before 0; that is +1 of the difference.",
    ]
    assert {one.kind for one in cited(answer, 1)} == {"row", "receipt"}
    russian = await ask(plan_of(Intent.WHY, Language.RUSSIAN, metrics=[metric]))
    assert russian.statements[2].text == "прочее: 1, раньше 0; это +1 от разницы."
