"""The generator the other tests and measurements stand on."""

from pathlib import Path

from ovia_ingest.connectors.git.normalise import normalise, payload
from tests.ingest.git.conftest import git, opened, whole
from tests.repositories import make_repository


def test_the_same_arguments_give_the_same_commits(tmp_path: Path) -> None:
    one, two, other = (
        git(make_repository(tmp_path / name, 200, people=20, seed=seed), "for-each-ref")
        for name, seed in (("one", 1), ("two", 1), ("other", 2))
    )
    assert one == two != other


async def test_a_generated_crowd_looks_like_a_real_one(sample: Path) -> None:
    rows = [normalise(payload(sha, raw)) for sha, raw in (await whole(await opened(sample))).items()]
    people = [who for row in rows for who in row.identities]
    assert len(rows) == 3000
    assert any(row.commit.parent_count == 2 for row in rows)
    assert any(who.role == "co_author" for who in people)
    assert any(who.email is None for who in people)
    assert any(not (who.display_name or "").isascii() for who in people)
    assert any("[bot]" in (who.display_name or "") for who in people)
    assert 60 < len({who.external_id for who in people}) < 400
    assert not any(row.commit.notes for row in rows)
