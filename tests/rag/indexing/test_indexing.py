"""What the sources say now is what the index holds, and no more is done for it than changed."""

import errno
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from ovia_rag.chunking import sources as cutting
from ovia_rag.indexing import kpis, words
from ovia_rag.indexing.organisation import index
from ovia_shared.database.ask import due, states
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.models.ask_index import Source
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.rag.indexing.conftest import Texts

Organisations = tuple[SampleOrganisation, SampleOrganisation]


async def account(texts: Texts) -> object:
    identity = uuid4()
    await texts.admin.execute(
        "insert into identities (org_id, id, source, external_id) values ($1, $2, 'jira', $2::uuid::text)",
        texts.org_id, identity,
    )  # fmt: skip
    return identity


async def test_everything_people_wrote_is_in_the_index_with_what_is_known_of_it(texts: Texts) -> None:
    author, reviewer, commenter = [await account(texts) for _ in range(3)]
    moment = datetime(2026, 10, 1, tzinfo=UTC)
    known = {"url": "https://x.example", "created_at": moment, "updated_at": moment}
    await texts.put(
        "documents", "1", title="Wax", body="# How\nWith a cloth.", version=3, author_identity_id=author, **known
    )
    await texts.put("work_items", "1", key="GLD-7", description="Wings break.", assignee_identity_id=author, **known)
    await texts.put("merge_requests", "1", number=5, description="Glue.", author_identity_id=author,
                    reviewer_identity_ids=[str(reviewer)], **known)  # fmt: skip
    for kind in ("document", "work_item", "merge_request"):
        await texts.put("comments", f"c-{kind}", subject_kind=kind, body=f"Of a {kind}.", author_identity_id=commenter)
    await texts.index()

    found = await texts.rows(
        """
        select source_kind, part, title_path, content, identity_ids, version, project_external_id, url
          from ask_chunks where source_kind <> 'kpi' order by source_kind, part
        """
    )
    url = "https://x.example"
    assert found == [
        ("document", "body", ["Wax", "How"], "# How\nWith a cloth.", [author], "3", "DOC", url),
        ("document", "comment", ["Wax"], "Of a document.", [commenter], "3", "DOC", url),
        ("merge_request", "body", ["!5 Change"], "Glue.", [author, reviewer], None, "gliders/web", url),
        ("merge_request", "comment", ["!5 Change"], "Of a merge_request.", [commenter], None, "gliders/web", url),
        ("work_item", "body", ["GLD-7 Item"], "Wings break.", [author], None, "GLD", url),
        ("work_item", "comment", ["GLD-7 Item"], "Of a work_item.", [commenter], None, "GLD", url),
    ]


async def test_what_has_no_body_is_found_by_its_title(texts: Texts) -> None:
    await texts.put("work_items", "1", title="Wings break", description=" \n")
    await texts.index()
    assert await texts.rows("select part, content, starts_at, ends_at from ask_chunks where source_kind <> 'kpi'") == [
        ("title", "Wings break", 0, 11)
    ]


@pytest.mark.parametrize("catalogue", [CATALOGUE])
async def test_every_kpi_is_described_in_it(texts: Texts, catalogue: object) -> None:
    await texts.index()
    described = await texts.rows("select distinct external_id from ask_chunks where source_kind = 'kpi'")
    assert {name for (name,) in described} == set(kpis.sources()) == set(CATALOGUE)


async def test_a_second_pass_changes_nothing(texts: Texts) -> None:
    await texts.put("documents", "1", body="Waxed.")
    await texts.index()
    before = await texts.state()
    assert texts.embedder is not None
    texts.embedder.asked.clear()
    done = await texts.index()
    assert not done.change
    assert texts.embedder.asked == []
    assert (await texts.state()).version == before.version


async def test_only_what_changed_is_embedded_again(texts: Texts) -> None:
    await texts.put("documents", "1", title="Wax", body="# A\nOne.\n# B\nTwo.")
    await texts.put("documents", "2", title="Glue", body="Three.")
    await texts.index()
    assert texts.embedder is not None
    texts.embedder.asked.clear()
    await texts.put("documents", "1", title="Wax", body="# New\nZero.\n# A\nOne.\n# B\nTwo!")
    await texts.index()
    assert texts.embedder.asked == ["Wax > New\n# New\nZero.", "Wax > B\n# B\nTwo!"]
    assert await texts.told() == ["# New\nZero.", "# A\nOne.", "# B\nTwo!", "Three."]


async def test_a_new_assignee_moves_no_words(texts: Texts) -> None:
    await texts.put("work_items", "1", description="Wings break.")
    await texts.index()
    before = await texts.rows("select id from ask_chunks where source_kind = 'work_item'")
    assignee = await account(texts)
    await texts.put("work_items", "1", description="Wings break.", assignee_identity_id=assignee)
    change = (await texts.index()).change
    assert (change.added, change.removed, change.moved) == (0, 0, 1)
    assert await texts.rows("select id from ask_chunks where source_kind = 'work_item'") == before
    assert await texts.rows("select identity_ids from ask_chunks where source_kind = 'work_item'") == [([assignee],)]


async def test_what_the_source_removed_is_removed(texts: Texts) -> None:
    for name in ("1", "2"):
        await texts.put("work_items", name, key=f"GLD-{name}", description=f"Body {name}.")
        await texts.put("comments", f"c{name}", subject_external_id=name, body=f"Remark {name}.")
    await texts.index()
    await texts.remove("work_items", "1")
    await texts.remove("comments", "c2")
    await texts.index()
    assert await texts.told() == ["Body 2."]
    assert await texts.rows("select lexeme from ask_terms where lexeme in ('remark', 'gld')") == [("gld",)]
    lost = "select count(*) from ask_embeddings e where not exists (select from ask_chunks c where c.id = e.chunk_id)"
    assert await texts.rows(lost) == [(0,)]


async def test_a_change_that_becomes_visible_late_is_not_missed(texts: Texts, database_dsn: str) -> None:
    await texts.put("documents", "1", body="First.")
    writer = texts.admin
    transaction = writer.transaction()
    await transaction.start()
    await writer.execute("update documents set body = 'Late.', changed_at = now()")
    await texts.index()
    assert await texts.told() == ["First."]
    await transaction.commit()
    await texts.index()
    assert await texts.told() == ["Late."]


async def test_a_pass_goes_on_where_the_one_before_ended(texts: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "PAGE_SOURCES", 2)
    for name in range(5):
        await texts.put("documents", str(name), body=f"Body {name}.")
    await words.notice(texts.database, texts.org_id, anew=False)

    class Killed(BaseException):
        pass

    def kill(_: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        await words.index_due(texts.database, texts.org_id, kill)
    assert await texts.told() == ["Body 0.", "Body 1."]
    await texts.index()
    assert await texts.told() == [f"Body {name}." for name in range(5)]


async def test_one_source_that_cannot_be_indexed_does_not_hold_up_the_others(
    texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:

    def cut(source: Source) -> object:
        if source.title == "Bad":
            raise RuntimeError("no rule for this")
        return cutting.chunks(source)

    monkeypatch.setattr(words, "chunks", cut)
    await texts.put("documents", "1", title="Bad", body="One.")
    await texts.put("documents", "2", title="Good", body="Two.")
    await texts.index()
    assert await texts.told() == ["Two."]
    assert await texts.rows("select external_id, failure from ask_due") == [("1", "no rule for this")]

    await texts.put("documents", "1", title="Better", body="One.")
    await texts.index()
    assert await texts.told() == ["One.", "Two."]
    assert await texts.rows("select external_id from ask_due") == []


async def test_trouble_of_the_machine_ends_the_pass_and_blames_no_source(
    texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_: Source) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    await texts.put("documents", "1", body="One.")
    with monkeypatch.context() as full:
        full.setattr(words, "chunks", cut)
        with pytest.raises(OSError, match="No space left"):
            await texts.index()
    assert "No space left" in str((await texts.state()).failure)
    assert await texts.rows("select count(*) from ask_due where failed_at is not null") == [(0,)]
    await texts.index()
    assert await texts.told() == ["One."]


async def test_what_failed_is_tried_again_after_an_hour(texts: Texts) -> None:
    await texts.put("documents", "1", body="One.")
    await words.notice(texts.database, texts.org_id, anew=False)

    # Without looking for changes: while anybody else on the server writes, what was just written is found once more.
    async def again(failed: str) -> list[str]:
        await texts.admin.execute(f"update ask_due set failed_at = now() - interval '{failed}', failure = 'full disk'")
        async with texts.database.transaction(texts.org_id) as conn:
            await due.try_failed_again(conn, texts.org_id)
        await words.index_due(texts.database, texts.org_id, lambda _: None)
        return await texts.told()

    assert await again("59 minutes") == []
    assert await again("61 minutes") == ["One."]


async def test_other_rules_of_cutting_cut_everything_anew(texts: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    await texts.put("documents", "1", title="Wax", body="One.")
    await texts.index()
    monkeypatch.setattr(words, "VERSION", cutting.VERSION + 1)
    monkeypatch.setattr(cutting, "_LONGEST_TITLE", 2)
    await texts.index()
    assert await texts.rows("select title_path from ask_chunks where source_kind = 'document'") == [(["Wa"],)]


async def test_two_do_not_index_an_organisation_at_once(texts: Texts) -> None:
    async with states.alone(texts.dsn, texts.org_id) as first:
        assert first
        assert await index(texts.database, texts.dsn, texts.org_id, texts.choose) is None
    await texts.index()


async def test_an_organisation_indexes_and_sees_nothing_of_another(
    texts: Texts, organisations: Organisations, open_database: OpenDatabase
) -> None:
    other = Texts(texts.admin, texts.database, texts.dsn, organisations[1].id)
    await texts.put("documents", "1", body="Ours.")
    await other.put("documents", "1", body="Theirs.")
    await texts.index()
    assert await other.told() == []
    await other.index()
    assert await texts.told() == ["Ours."]
    assert await other.told() == ["Theirs."]
    tables = ("ask_chunks", "ask_terms", "ask_postings", "ask_embeddings", "ask_embedding_indexes", "ask_index_states")
    for table in tables:
        assert {org for (org,) in await texts.rows(f"select org_id from {table}")} == {texts.org_id}


async def test_how_much_a_word_says_is_what_bm25_says(texts: Texts) -> None:
    await texts.put("documents", "1", title="", body="wax wax wings " + "the glider flies over meadows " * 5)
    await texts.index()
    ((impact, length),) = await texts.rows(
        "select p.impact, c.length from ask_postings p join ask_chunks c on c.id = p.chunk_id where lexeme = 'wax'"
    )
    mean = (await texts.state()).mean_length
    assert impact == pytest.approx(2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * length / mean)), rel=1e-6)


async def test_impacts_are_counted_anew_once_the_mean_length_is_another(
    texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "PAGE_RECOUNTED", 7)
    await texts.index()
    before = (await texts.state()).mean_length
    for name in range(40):
        await texts.put("documents", str(name), title="", body="meadow " * 140)
    await texts.index()
    state = await texts.state()
    assert state.mean_length == state.length / state.chunks > before * 1.2
    assert state.recounting is None
    wrong = """
        select count(*) from ask_postings p join ask_chunks c on c.id = p.chunk_id
          join lateral unnest(c.words) w on w.lexeme = p.lexeme
         where abs(p.impact - cardinality(w.positions) * 2.2
                   / (cardinality(w.positions) + 1.2 * (0.25 + 0.75 * c.length / $1::float8))) > 1e-6
    """
    assert await texts.rows(wrong, state.mean_length) == [(0,)]


async def test_words_of_a_language_are_stemmed_by_its_rules(texts: Texts) -> None:
    await texts.put("documents", "1", title="", body="Крылья планёров покрывают воском before landings")
    await texts.put("documents", "2", title="", body="Die Flügel der Segelflugzeuge werden vor dem Flug gewachst")
    await texts.put("documents", "3", title="", body="Пілоти перевіряють крила планерів перед кожним польотом")
    await texts.index()
    assert await texts.rows("select language from ask_chunks where source_kind = 'document' order by external_id") == [
        ("russian",), ("simple",), ("simple",),
    ]  # fmt: skip
    found = {lexeme for (lexeme,) in await texts.rows("select lexeme from ask_terms")}
    assert {"крыл", "воск", "land", "segelflugzeuge", "планерів"} <= found


async def test_lag_is_told_from_when_everything_was_in_it(texts: Texts) -> None:
    async with texts.database.transaction(texts.org_id) as conn:
        assert await states.lag_seconds(conn, texts.org_id) is None
    await texts.index()
    await texts.admin.execute("update ask_index_states set looked_at = now() - $1::interval", timedelta(minutes=5))
    async with texts.database.transaction(texts.org_id) as conn:
        lag = await states.lag_seconds(conn, texts.org_id)
    assert lag is not None
    assert 300 <= lag < 3600
