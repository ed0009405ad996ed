from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from tests.conftest import SampleOrganisation
from tests.ingest.conftest import Ingest
from tests.ingest.histories import History

Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
Organisations = tuple[SampleOrganisation, SampleOrganisation]


async def test_a_history_becomes_commits_identities_people_and_an_audit_trail(
    ingest: Ingest, history: History, rows: Rows, organisations: Organisations
) -> None:
    history.commit(
        "Ann Lee <ann@example.org>",
        "Bo Ek <bo@example.org>",
        "first\n\nCo-authored-by: Cy Dahl <cy@example.org>",
    )
    history.commit("annie <ann@example.org>", message="second")
    done = await ingest.git(history.path)
    assert done.code == 0, done.err
    (shown,) = await rows("select count(*) as n, count(distinct org_id) as orgs, min(summary) as first from commits")
    assert tuple(shown.values()) == (2, 1, "first")
    (person,) = await rows("select * from people where display_name = 'Ann Lee'")
    assert person["org_id"] == organisations[0].id
    accounts = await rows(
        "select i.source, i.display_name, m.status, m.rule_trace from mappings m"
        " join identities i on i.id = m.identity_id where m.person_id = $1 order by 1, 2",
        person["id"],
    )
    assert [(row["source"], row["display_name"]) for row in accounts] == [
        ("git_commit_author", "Ann Lee"),
        ("git_commit_author", "annie"),
        ("git_commit_committer", "annie"),
    ]
    assert all("ann@example.org" in row["rule_trace"] for row in accounts)
    assert len(await rows("select from people")) == 3
    assert len(await rows("select from commit_co_authors")) == 1
    events = await rows("select mapping_id from identity_events where action = 'link' and actor = 'ovia matching'")
    assert {row["mapping_id"] for row in events} == {row["id"] for row in await rows("select id from mappings")}


async def test_a_second_run_reads_only_new_commits(ingest: Ingest, history: History, rows: Rows) -> None:
    for number in range(5):
        history.commit(message=f"change {number}")
    await ingest.git(history.path)
    await ingest.git(history.path)
    history.commit(message="one more")
    history.commit(message="on a branch", branch="topic", parents=history.tip())
    await ingest.git(history.path)
    runs = await rows("select records_read, raw_added, status from sync_runs order by started_at")
    assert [tuple(run.values()) for run in runs] == [
        (5, 5, "succeeded"),
        (0, 0, "succeeded"),
        (2, 2, "succeeded"),
    ]


async def test_rewritten_history_is_marked_removed_and_comes_back_with_its_branch(
    ingest: Ingest, history: History, rows: Rows
) -> None:
    kept = history.commit(message="kept")
    lost = history.commit(message="lost")
    await ingest.git(history.path)
    history.move("main", kept)
    new = history.commit(message="instead")
    await ingest.git(history.path)
    removed = "select sha from commits where removed_at is not null"
    assert [row["sha"] for row in await rows(removed)] == [lost]
    assert {row["sha"] for row in await rows("select sha from commits")} == {kept, lost, new}
    history.move("main", lost)
    await ingest.git(history.path)
    assert [row["sha"] for row in await rows(removed)] == [new]


async def test_a_deleted_branch_marks_its_commits_removed(ingest: Ingest, history: History, rows: Rows) -> None:
    history.commit(message="base")
    topic = history.commit(message="topic", branch="topic", parents=history.tip())
    await ingest.git(history.path)
    history.delete("topic")
    await ingest.git(history.path)
    assert [row["sha"] for row in await rows("select sha from commits where removed_at is not null")] == [topic]


async def test_odd_commits_are_stored_as_they_are_with_a_note(ingest: Ingest, history: History, rows: Rows) -> None:
    when = b" 1600000000 +0000\n"
    odd = {
        "before 1970": b"author A B <a@b.example> -86400 +0000\ncommitter A B <a@b.example>" + when + b"\nx\n",
        "after 2100": b"author A B <a@b.example> 5000000000 +0000\ncommitter A B <a@b.example>" + when + b"\nx\n",
        "beyond calendars": b"author A B <a@b.example> 99999999999999999999 +0000\ncommitter A B <a@b.example>"
        + when
        + b"\nx\n",
        "nobody": b"author  <>" + when + b"committer  <>" + when + b"\nx\n",
        "latin-1": b"author Ren\xe9 Fran\xe7ois <rene@b.example>"
        + when
        + b"committer A B <a@b.example>"
        + when
        + b"\n\xff\xfe\n",
        "declared": b"author \xcf\xeb\xff \xcb\xe8 <olya@b.example>"
        + when
        + b"committer A B <a@b.example>"
        + when
        + b"encoding windows-1251\n\nx\n",
        "huge name": b"author "
        + b"N" * 1_048_576
        + b" <n@b.example>"
        + when
        + b"committer A B <a@b.example>"
        + when
        + b"\nx\n",
    }
    shas = {label: history.raw(text) for label, text in odd.items()}
    done = await ingest.git(history.path)
    assert (done.code, "Traceback" in done.err + done.out) == (0, False), done.err
    stored = {row["sha"]: row for row in await rows(
        "select c.sha, c.authored_at, c.notes, i.display_name, i.email, i.attributes from commits c"
        " join identities i on i.org_id = c.org_id and i.id = c.author_identity_id"
    )}  # fmt: skip
    assert stored.keys() == set(shas.values())
    of = {label: stored[sha] for label, sha in shas.items()}
    assert of["before 1970"]["authored_at"].isoformat() == "1969-12-31T00:00:00+00:00"
    assert of["after 2100"]["authored_at"].year == 2128
    assert of["beyond calendars"]["authored_at"] is None
    assert "99999999999999999999" in of["beyond calendars"]["notes"][0]
    assert (of["nobody"]["display_name"], of["nobody"]["email"]) == (None, None)
    assert of["latin-1"]["display_name"] == "René François"
    assert "latin-1" in of["latin-1"]["notes"][0]
    assert of["declared"]["display_name"] == "Пля Ли"
    assert of["huge name"]["display_name"] == "N" * 1000
    assert "1048576" in of["huge name"]["attributes"]
    (raw,) = await rows(
        "select length(payload::text) as size from raw_records where external_id = $1", shas["huge name"]
    )
    assert raw["size"] > 1_048_576
    assert await rows("select from dead_letters") == []


async def test_what_is_no_commit_becomes_a_dead_letter_and_stops_nothing(
    ingest: Ingest, history: History, rows: Rows
) -> None:
    history.commit(message="before")
    broken = history.raw(b"encoding utf-8\n\nnobody at all\n")
    history.commit(message="after")
    done = await ingest.git(history.path)
    assert done.code == 0, done.err
    (letter,) = await rows("select external_id, reason, convert_from(payload, 'UTF8') as payload from dead_letters")
    assert (letter["external_id"], "author" in letter["reason"]) == (broken, True)
    assert "nobody at all" in letter["payload"]
    assert len(await rows("select from commits")) == 2
    assert len(await rows("select from raw_records")) == 3


async def test_a_path_that_is_no_repository_is_named_and_the_others_are_read(
    ingest: Ingest, history: History, rows: Rows, tmp_path: Path
) -> None:
    history.commit()
    (tmp_path / "plain").mkdir()
    done = await ingest.git(tmp_path / "plain", tmp_path / "missing", history.path)
    assert done.code == 1
    assert "Traceback" not in done.err + done.out
    assert f"{tmp_path / 'plain'}" in done.err
    assert f"{tmp_path / 'missing'}" in done.err
    assert len(await rows("select from commits")) == 1


async def test_an_empty_repository_is_read_without_complaint(ingest: Ingest, history: History, rows: Rows) -> None:
    done = await ingest.git(history.path)
    assert done.code == 0, done.err
    assert [row["status"] for row in await rows("select status from sync_runs")] == ["succeeded"]


async def test_with_two_organisations_one_must_be_named(ingest: Ingest, history: History, rows: Rows) -> None:
    history.commit()
    done = await ingest.git(history.path, organisation=False)
    assert done.code == 1
    assert "--organisation" in done.err
    assert await rows("select from raw_records") == []


async def test_a_missing_setting_is_named(ingest: Ingest, history: History) -> None:
    done = await ingest.git(history.path, OVIA_DATABASE_URL="", OVIA_LEASE_SECONDS="soon")
    assert done.code != 0
    assert "OVIA_LEASE_SECONDS" in done.err
    assert "Traceback" not in done.err


async def test_a_database_that_is_away_is_a_sentence(ingest: Ingest, history: History) -> None:
    history.commit()
    done = await ingest.git(history.path, OVIA_DATABASE_URL="postgresql://ovia_ingest:x@127.0.0.1:1/ovia")
    assert done.code == 1
    assert "database" in done.err
    assert "Traceback" not in done.err + done.out


async def test_bots_are_marked_and_become_nobody(ingest: Ingest, history: History, rows: Rows) -> None:
    history.commit("dependabot[bot] <49+dependabot[bot]@users.noreply.github.com>", "GitHub <noreply@github.com>")
    await ingest.git(history.path)
    assert {row["service_account"] for row in await rows("select service_account from identities")} == {True}
    assert await rows("select from people") == []


async def test_paths_with_spaces_dashes_and_quotes_are_paths(ingest: Ingest, rows: Rows, tmp_path: Path) -> None:
    odd = History(tmp_path / "it's a; $(shop) --upload-pack=x")
    odd.commit()
    done = await ingest.git(odd.path)
    assert done.code == 0, done.err
    assert len(await rows("select from commits")) == 1
