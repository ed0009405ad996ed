"""What passages may come from."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from ovia_rag.retrieval.finding import Finder
from ovia_shared.database.ask import search
from ovia_shared.errors import InvalidInput
from ovia_shared.models.ask import Filters, SourceKind
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.product import ProjectKey
from tests.rag.filling import SOURCE, WRITTEN, Piece
from tests.rag.retrieval.conftest import NOW, HashedWords, Library

TEXT = "The rudder of glider {} was repaired."


async def _people(library: Library) -> dict[str, UUID]:
    """Ann, of the wings team below the sheds team; Ben, of the sheds team until October; an account each, and another
    of Ann's that somebody refused."""
    ids = {name: uuid4() for name in ("ann", "ben", "ann_account", "ben_account", "refused", "sheds", "wings")}
    for account in ("ann_account", "ben_account", "refused"):
        await library.admin.execute(
            "insert into identities (org_id, id, source, external_id) values ($1, $2, 'jira', $3)",
            library.org_id, ids[account], account,
        )  # fmt: skip
    for name in ("ann", "ben"):
        await library.admin.execute(
            "insert into people (org_id, id, display_name) values ($1, $2, $3)", library.org_id, ids[name], name
        )
    for account, person, status in (
        ("ann_account", "ann", "auto"),
        ("ben_account", "ben", "auto"),
        ("refused", "ann", "rejected"),
    ):
        await library.admin.execute(
            """
            insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version,
                                  known_from)
            values ($1, gen_random_uuid(), $2, $3, $4, 1, '[]', 'test', '2020-01-01')
            """,
            library.org_id, ids[account], ids[person], status,
        )  # fmt: skip
    await library.admin.execute(
        "insert into teams (org_id, id, name, parent_id) values ($1, $2, 'Sheds', null), ($1, $3, 'Wings', $2)",
        library.org_id, ids["sheds"], ids["wings"],
    )  # fmt: skip
    for team, person, until in (("wings", "ann", None), ("sheds", "ben", NOW - timedelta(days=10))):
        await library.admin.execute(
            """
            insert into team_memberships (org_id, id, team_id, person_id, valid_from, valid_to, known_from)
            values ($1, gen_random_uuid(), $2, $3, '2020-01-01', $4, '2020-01-01')
            """,
            library.org_id, ids[team], ids[person], until,
        )  # fmt: skip
    return ids


async def test_kinds_projects_and_dates_narrow_and_all_must_hold(library: Library) -> None:
    await library.fill(
        Piece(id="page", text=TEXT.format("one"), kind=SourceKind.DOCUMENT, project="SPACE"),
        Piece(id="task", text=TEXT.format("two"), kind=SourceKind.WORK_ITEM, project="GLD"),
        Piece(id="late", text=TEXT.format("three"), kind=SourceKind.WORK_ITEM, project="GLD", updated_at=NOW),
        Piece(id="undated", text=TEXT.format("four"), kind=SourceKind.KPI, project="", updated_at=None),
    )
    project = [ProjectKey(SOURCE, "GLD")]
    assert set(await library.ids("rudder repaired")) == {"page", "task", "late", "undated"}
    assert await library.ids("rudder", Filters(kinds=[SourceKind.DOCUMENT])) == ["page"]
    assert set(await library.ids("rudder", Filters(projects=project))) == {"task", "late"}
    assert await library.ids("rudder", Filters(projects=[ProjectKey(uuid4(), "GLD")])) == []
    assert await library.ids("rudder", Filters(projects=project, since=NOW)) == ["late"]
    assert set(await library.ids("rudder", Filters(until=NOW))) == {"page", "task"}
    assert await library.ids("rudder", Filters(since=WRITTEN, until=WRITTEN)) == []
    assert await library.ids("rudder", Filters(kinds=[SourceKind.DOCUMENT], projects=project)) == []


async def test_systems_and_connections_narrow_to_what_was_read_there(library: Library) -> None:
    other = uuid4()
    await library.admin.executemany(
        "insert into connections (org_id, id, kind, name, base_url) values ($1, $2, $3, $3, $3)",
        [(library.org_id, SOURCE, "jira"), (library.org_id, other, "gitlab")],
    )
    await library.fill(
        Piece(id="here", text=TEXT.format("one")),
        Piece(id="there", text=TEXT.format("two")),
        Piece(id="ours", text=TEXT.format("three"), kind=SourceKind.KPI),
    )
    await library.admin.execute("update ask_chunks set connection_id = $1 where external_id = 'there'", other)
    await library.admin.execute(
        "update ask_chunks set connection_id = $1 where external_id = 'ours'", UUID(int=0)
    )  # fmt: skip
    assert set(await library.ids("rudder")) == {"here", "there", "ours"}
    assert await library.ids("rudder", Filters(systems=[ConnectionKind.JIRA])) == ["here"]
    assert await library.ids("rudder", Filters(connections=[other])) == ["there"]
    both = [ConnectionKind.JIRA, ConnectionKind.GITLAB]
    assert set(await library.ids("rudder", Filters(systems=both))) == {"here", "there"}
    assert await library.ids("rudder", Filters(systems=both, connections=[SOURCE])) == ["here"]
    assert await library.ids("rudder", Filters(systems=[ConnectionKind.JIRA], connections=[other])) == []
    assert await library.ids("rudder", Filters(systems=[ConnectionKind.CONFLUENCE])) == []


@pytest.mark.parametrize("name", ["product", "team", "person", "connections"])
async def test_what_a_filter_names_and_there_is_not_is_refused(library: Library, name: str) -> None:
    await library.fill(Piece(id="page", text=TEXT.format("one")))
    unknown = uuid4()
    given = [unknown] if name == "connections" else unknown
    with pytest.raises(InvalidInput, match=str(unknown)) as caught:
        await library.ids("rudder", Filters(**{name: given}))  # type: ignore[arg-type]
    assert caught.value.field == f"filters.{name}"


async def test_a_product_is_the_projects_it_has(library: Library) -> None:
    product = uuid4()
    await library.admin.execute(
        "insert into products (org_id, id, name) values ($1, $2, 'Gliders')", library.org_id, product
    )
    await library.admin.execute("set session_replication_role = replica")  # the project itself does not matter here
    await library.admin.execute(
        """
        insert into product_projects (org_id, product_id, connection_id, project_external_id)
        values ($1, $2, $3, 'GLD')
        """,
        library.org_id, product, SOURCE,
    )  # fmt: skip
    await library.admin.execute("set session_replication_role = origin")
    await library.fill(
        Piece(id="in", text=TEXT.format("one"), project="GLD"), Piece(id="out", text=TEXT.format("two"), project="TUG")
    )
    assert await library.ids("rudder", Filters(product=product)) == ["in"]


async def test_people_and_teams_are_the_accounts_they_have_at_that_moment(library: Library) -> None:
    ids = await _people(library)
    await library.fill(
        Piece(id="ann", text=TEXT.format("one"), identities=[ids["ann_account"]]),
        Piece(id="ben", text=TEXT.format("two"), identities=[ids["ben_account"]]),
        Piece(id="both", text=TEXT.format("three"), identities=[ids["ann_account"], ids["ben_account"]]),
        Piece(id="refused", text=TEXT.format("four"), identities=[ids["refused"]]),
        Piece(id="nobody", text=TEXT.format("five")),
    )
    assert set(await library.ids("rudder", Filters(person=ids["ann"]))) == {"ann", "both"}
    assert set(await library.ids("rudder", Filters(person=ids["ben"]))) == {"ben", "both"}
    assert set(await library.ids("rudder", Filters(team=ids["wings"]))) == {"ann", "both"}
    assert set(await library.ids("rudder", Filters(team=ids["sheds"]))) == {"ann", "both"}, "Ben has left it"
    assert await library.ids("rudder", Filters(team=ids["wings"], person=ids["ben"])) == ["both"]


async def test_who_is_in_a_chunk_follows_when_it_changes_or_goes(library: Library) -> None:
    ids = await _people(library)
    await library.fill(Piece(id="page", text=TEXT.format("one"), identities=[ids["ann_account"]]))
    await library.admin.execute("update ask_chunks set identity_ids = $1", [ids["ben_account"]])
    assert await library.ids("rudder", Filters(person=ids["ann"])) == []
    assert await library.ids("rudder", Filters(person=ids["ben"])) == ["page"]
    await library.admin.execute("delete from ask_chunks")
    assert await library.admin.fetchval("select count(*) from ask_chunk_identities") == 0


async def test_filters_hold_for_vectors_too_whether_few_or_many_chunks_are_left(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = HashedWords(same=[("aileron", "rudder")])
    await library.fill(
        *(Piece(id=f"p{n}", text=TEXT.format(n), project="GLD" if n % 2 else "TUG") for n in range(40)),
        embedder=embedder,
    )
    odd = {f"p{n}" for n in range(1, 40, 2)}
    for most in (search.MOST_COMPARED, 5):
        monkeypatch.setattr(search, "MOST_COMPARED", most)
        filters = Filters(projects=[ProjectKey(SOURCE, "GLD")])
        for question in ("aileron", "rudder repaired"):
            found = await library.find(question, filters, finder=Finder(embedder), limit=40)
            assert {one.external_id for one in found.passages} <= odd
            assert found.candidates == len(odd)


async def test_the_same_is_found_whether_the_filter_is_asked_of_chunks_together_or_one_by_one(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    await library.fill(
        *(Piece(id=f"p{n}", text=TEXT.format(n), updated_at=NOW if n % 4 else WRITTEN) for n in range(40)),
    )
    late = Filters(since=NOW)
    few = await library.ids("rudder repaired", late)
    assert len(few) == 20
    monkeypatch.setattr(search, "MOST_COMPARED", 5)
    # Of the first four or twenty-four too few pass, of a thousand all there are, of forty more than twenty.
    for seeds, together in ((1000, 4), (20, 24), (1000, 1000), (20, 40)):
        monkeypatch.setattr(search, "MOST_SEEDS", seeds)
        monkeypatch.setattr(search, "MOST_TOGETHER", together)
        assert await library.ids("rudder repaired", late) == few, (seeds, together)
