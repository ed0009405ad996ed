"""Reading real repositories of every kind, and saying what is wrong with the rest."""

import hashlib
import shutil
import time
from pathlib import Path

import pytest

from ovia_ingest.connectors.git import normalise, processes
from ovia_shared.errors import SourceError, SourceFault
from tests.ingest.git.conftest import git, opened, whole
from tests.ingest.histories import History


async def fault(opening: str | Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await opened(opening)
    return caught.value


async def test_every_commit_is_read_once_to_the_byte(sample: Path) -> None:
    repository = await opened(sample)
    tips = await repository.tips()
    read = [commit async for commit in repository.commits(tips, ())]
    assert {sha for sha, _ in read} == set(git(sample, "rev-list", "--all").split())
    assert len(read) == await repository.count(tips, ()) == 3000
    for sha, raw in read:
        assert hashlib.sha1(b"commit %d\0" % len(raw) + raw).hexdigest() == sha


async def test_a_walk_resumes_where_it_stopped(sample: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(sample, tmp_path / "copy")
    repository = await opened(copy)
    tips = await repository.tips()
    ids = [sha async for sha, _ in repository.commits(tips, ())]
    # What maintenance does behind our back must not change the order.
    git(copy, "commit-graph", "write", "--reachable")
    git(copy, "gc", "--quiet")
    for skip in (1, 1234, 2999, 3000, 9999):
        assert [sha async for sha, _ in repository.commits(reversed(tips), (), skip)] == ids[skip:]
    assert [sha async for chunk in repository.commit_ids(tips, ()) for sha in chunk] == ids


async def test_wrong_clocks_do_not_make_the_order_depend_on_maintenance(history: History) -> None:
    root = history.commit()
    for number, moment in enumerate((40_000_000_000, 17_179_869_190, 17_179_869_184, 1_600_000_000, 1, -5)):
        who = f"A <a@x> {moment} +0000"
        history.raw(f"author {who}\ncommitter {who}\n\nx".encode(), f"clock-{number}", [root])
    repository = await opened(history.path)
    tips = await repository.tips()
    ids = [sha async for sha, _ in repository.commits(tips, ())]
    git(history.path, "commit-graph", "write", "--reachable")
    assert [sha async for sha, _ in repository.commits(tips, ())] == ids


async def test_only_what_is_new_between_tips_is_read(history: History) -> None:
    old = history.commit()
    repository = await opened(history.path)
    new = [history.commit(), history.commit()]
    assert [sha async for sha, _ in repository.commits([new[-1]], [old])] == new[::-1]
    assert await repository.count([new[-1]], [old]) == 2
    assert await repository.count([old], [old]) == 0
    assert await repository.count([], [old]) == 0


async def test_tips_are_commits_behind_branches_tags_and_head(history: History) -> None:
    first, second, side = history.commit(), history.commit(), history.commit(branch="side", parents=[])
    git(history.path, "tag", "-a", "-m", "x", "inner", first)
    git(history.path, "tag", "-a", "-m", "x", "outer", "inner")
    git(history.path, "tag", "a-tree", f"{first}^{{tree}}")
    git(history.path, "tag", "-a", "-m", "x", "of-a-tree", f"{first}^{{tree}}")
    (history.path / "HEAD").write_text(f"{side}\n")
    history.delete("side")
    assert await (await opened(history.path)).tips() == sorted([first, second, side])


async def test_known_tells_which_commits_are_there(history: History) -> None:
    sha = history.commit()
    tree = git(history.path, "rev-parse", f"{sha}^{{tree}}")
    assert await (await opened(history.path)).known([sha, sha, tree, "f" * 40]) == {sha}


async def test_what_is_no_commit_id_never_reaches_git(history: History) -> None:
    repository = await opened(history.path)
    for text in ("--all", "main", "-" * 40, "A" * 40, "a" * 41, "a" * 40 + "\n"):
        with pytest.raises(ValueError, match="not a commit id"):
            await repository.count([text], ())


async def test_a_rewritten_or_deleted_branch_is_noticed(history: History) -> None:
    base, top = history.commit(), history.commit()
    repository = await opened(history.path)
    assert not await repository.unreachable([top], [top])
    assert not await repository.unreachable([base], [top])
    assert not await repository.unreachable([], [top])
    assert await repository.unreachable([top], [base])
    assert await repository.unreachable([top], [])
    assert await repository.unreachable([top, "f" * 40], [top])


async def test_replacements_and_grafts_do_not_hide_history(history: History) -> None:
    first, second = history.commit(), history.commit()
    git(history.path, "replace", "--graft", second)
    (history.path / "info").mkdir(exist_ok=True)
    (history.path / "info" / "grafts").write_text(f"{second}\n")
    assert {first, second} <= set(await whole(await opened(history.path)))


async def test_hostile_commits_are_all_read(history: History) -> None:
    signed = [
        b"Ann <a@x> -5 +0000",
        b"<> 99999999999999999999 +0000",
        b"\xff\xfe <\xe9> noon",
        b"nobody",
        b"A\0B <a@x> 5 +0",
    ]
    for who in [*signed, b"n" * 2**20 + b" <a@x> 5 +0000"]:
        history.raw(b"author " + who + b"\ncommitter " + who + b"\n\nx")
    read = await whole(await opened(history.path))
    assert len(read) == 6
    for sha, raw in read.items():
        assert normalise.normalise(normalise.payload(sha, raw)).commit.sha == sha


async def test_an_object_of_many_mebibytes_takes_no_longer_than_its_size(history: History) -> None:
    sha = history.raw(b"author A <a@x> 5 +0000\ncommitter A <a@x> 5 +0000\n\n" + b"m" * 2**25)
    started = time.perf_counter()
    assert len((await whole(await opened(history.path)))[sha]) > 2**25
    assert time.perf_counter() - started < 5


async def test_an_empty_repository_has_no_commits(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "empty")
    repository = await opened(tmp_path / "empty")
    assert (await repository.tips(), await whole(repository), repository.shallow) == ([], {}, False)


async def test_a_repository_with_long_ids_is_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "long")
    git(tmp_path / "long", "commit", "--quiet", "--allow-empty", "-m", "x")
    assert [len(sha) for sha in await whole(await opened(tmp_path / "long"))] == [64]


async def test_a_shallow_clone_says_so(tmp_path: Path, history: History) -> None:
    history.commit()
    history.commit()
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{history.path}", "clone")
    repository = await opened(tmp_path / "clone")
    assert repository.shallow
    assert len(await whole(repository)) == 1


@pytest.mark.parametrize("name", ["with  spaces", "-C", "--upload-pack=x", "a:b", "naïve", "quo'te\"d", "$(id)"])
async def test_a_directory_may_have_any_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    history = History(tmp_path / name)
    sha = history.commit()
    assert list(await whole(await opened(name))) == [sha]
    assert list(await whole(await opened(tmp_path / name))) == [sha]


async def test_clones_worktrees_and_submodules_are_repositories(tmp_path: Path, history: History) -> None:
    sha = history.commit()
    git(tmp_path, "clone", "--quiet", history.path, "clone")
    git(tmp_path / "clone", "worktree", "add", "--quiet", "--detach", tmp_path / "worktree")
    git(tmp_path / "clone", "submodule", "--quiet", "add", history.path, "part")
    (tmp_path / "link").symlink_to("clone")
    for place in ("clone", "clone/.git", "worktree", "clone/part", "link"):
        assert sha in await whole(await opened(tmp_path / place)), place


async def test_a_path_that_is_no_repository_is_said_to_be_none(tmp_path: Path, history: History) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to("loop")
    history.commit()
    git(tmp_path, "clone", "--quiet", history.path, "clone")
    (tmp_path / "clone" / "docs").mkdir()
    for place, reason in {
        "nowhere": "no such directory",
        "file": "a file, not a repository",
        "file/below": "a file, not a repository",
        "loop": "loop",
        ".": "not a git repository",
        "clone/docs": "not a git repository",
        "clone/.git/refs": "a directory within a repository|not a git repository",
    }.items():
        error = await fault(tmp_path / place)
        assert error.fault is SourceFault.FATAL
        assert any(words in error.message for words in reason.split("|")), (place, error.message)
        assert str(tmp_path) in error.message


async def test_a_repository_of_another_owner_is_read(
    tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = history.commit()
    git(tmp_path, "clone", "--quiet", history.path, "clone")
    git(tmp_path / "clone", "worktree", "add", "--quiet", "--detach", tmp_path / "worktree")
    monkeypatch.setitem(processes._FIXED, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for place in (history.path, tmp_path / "clone", tmp_path / "worktree"):
        assert list(await whole(await opened(place))) == [sha]


async def test_a_damaged_store_is_an_error_and_no_end(history: History) -> None:
    history.commit()
    lost = history.commit()
    history.commit()
    repository = await opened(history.path)
    (history.path / "objects" / lost[:2] / lost[2:]).unlink()
    with pytest.raises(SourceError, match="git fsck") as caught:
        await whole(repository)
    assert caught.value.fault is SourceFault.FATAL
