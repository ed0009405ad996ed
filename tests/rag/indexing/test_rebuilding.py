"""However it came about, the index of the same texts is the same."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import SampleOrganisation
from tests.rag.indexing.conftest import Texts

TABLES = ("documents", "work_items", "merge_requests")
SUBJECTS = {"documents": "document", "work_items": "work_item", "merge_requests": "merge_request"}
BODIES = {"documents": "body", "work_items": "description", "merge_requests": "description"}


class Edit(NamedTuple):
    """Somebody wrote, changed or removed something; `text` None removes it."""

    table: str
    item: str
    comment: bool
    title: str
    text: str | None


PARAGRAPHS = st.sampled_from(
    ["# Wings\n", "Waxed before flights.\n", "Крылья покрывают воском.\n", "```\nmake fly\n```\n", "| a | b |\n", "!\n",
     "The glider flies over meadows and lakes. " * 30, "Der Flügel wird lackiert und dann getrocknet.\n", "\n"]
)  # fmt: skip
EDITS = st.builds(
    Edit,
    table=st.sampled_from(TABLES),
    item=st.sampled_from(["1", "2"]),
    comment=st.booleans(),
    title=st.sampled_from(["Wings", "Крыло", ""]),
    text=st.none() | st.lists(PARAGRAPHS, max_size=6).map("".join),
)


async def write(texts: Texts, edit: Edit) -> None:
    if edit.comment:
        if edit.text is None:
            await texts.remove("comments", f"c{edit.item}", subject_kind=SUBJECTS[edit.table])
        else:
            await texts.put(
                "comments", f"c{edit.item}", subject_kind=SUBJECTS[edit.table], subject_external_id=edit.item,
                body=edit.text,
            )  # fmt: skip
    elif edit.text is None:
        await texts.remove(edit.table, edit.item)
    else:
        await texts.put(edit.table, edit.item, title=edit.title, **{BODIES[edit.table]: edit.text})


async def held(texts: Texts) -> dict[str, list[tuple[Any, ...]]]:
    """All of an index but for what is given out by chance: ids and moments."""
    place = "c.source_kind, c.external_id, c.part, c.part_external_id, c.ordinal"
    return {
        "chunks": await texts.rows(
            f"""
            select {place}, c.title_path, c.content, c.starts_at, c.ends_at, c.language, c.words::text, c.length,
                   c.project_external_id, c.identity_ids, c.version
              from ask_chunks c order by {place}
            """
        ),
        "postings": await texts.rows(
            f"""
            select {place}, p.lexeme, p.impact from ask_postings p left join ask_chunks c on c.id = p.chunk_id
             order by {place}, p.lexeme
            """
        ),
        "terms": await texts.rows("select lexeme, chunks from ask_terms order by lexeme"),
        "totals": await texts.rows("select chunks, length, mean_length from ask_index_states"),
        "vectors": await texts.rows(
            f"""
            select {place}, e.embedding::text from ask_embeddings e left join ask_chunks c on c.id = e.chunk_id
             order by {place}
            """
        ),
    }


async def forget(texts: Texts) -> None:
    for table in ("ask_embeddings", "ask_embedding_indexes", "ask_postings", "ask_terms", "ask_chunks", "ask_due",
                  "ask_index_states", "comments", *TABLES):  # fmt: skip
        await texts.admin.execute(f"delete from {table}")


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(passes=st.lists(st.lists(EDITS, max_size=4), min_size=1, max_size=4))
@pytest.mark.parametrize("catalogue", [{}])
async def test_page_by_page_and_from_nothing_the_index_is_the_same(
    texts: Texts, organisations: tuple[SampleOrganisation, SampleOrganisation], passes: Sequence[Sequence[Edit]],
    catalogue: object,
) -> None:  # fmt: skip
    at_once = Texts(texts.admin, texts.database, texts.dsn, organisations[1].id)
    await forget(texts)
    for edits in passes:
        for edit in edits:
            await write(texts, edit)
            await write(at_once, edit)
        await texts.index()
    grown = await held(texts)
    # Each lexeme of each chunk is counted, and nothing else is, whatever its impact.
    assert [(*row[:6],) for row in grown["postings"]] == await texts.rows(
        """
        select c.source_kind, c.external_id, c.part, c.part_external_id, c.ordinal, w.lexeme
          from ask_chunks c, unnest(c.words) w order by 1, 2, 3, 4, 5, 6
        """
    )
    await at_once.index(anew=True)
    made = await held(at_once)
    for part in ("chunks", "terms", "vectors"):
        assert grown[part] == made[part]

    await texts.index(anew=True)
    assert await held(texts) == made
