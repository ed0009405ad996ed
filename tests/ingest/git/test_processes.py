"""git as a child process: it runs nothing it should not, and never outlives its reader."""

import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ovia_ingest.connectors.git import processes
from ovia_ingest.connectors.git.repository import Repository
from ovia_shared.errors import SourceError, SourceFault
from tests.ingest.git.conftest import children, git, opened, whole
from tests.ingest.histories import History


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_partial_clone_runs_nothing_its_configuration_names(tmp_path: Path, history: History) -> None:
    sha = history.commit()
    touched = tmp_path / "touched"
    for key, value in {
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::touch {touched}",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": f"touch {touched}; git-upload-pack",
        "protocol.ext.allow": "always",
        "core.fsmonitor": f"touch {touched}",
        "core.pager": f"touch {touched}",
        "core.sshCommand": f"touch {touched}",
    }.items():
        git(history.path, "config", key, value)
    repository = await opened(history.path)
    assert await repository.known([sha, "f" * 40]) == {sha}
    assert await repository.unreachable(["f" * 40], [sha])
    assert list(await whole(repository)) == [sha]
    assert not touched.exists()


async def test_settings_of_the_machine_change_nothing(
    tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = history.commit()
    (tmp_path / ".gitconfig").write_text("[core]\n\tbare = maybe\n[safe]\n\tbareRepository = explicit\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_CONFIG_GLOBAL"):
        monkeypatch.setenv(name, str(tmp_path / ".gitconfig"))
    assert list(await whole(await opened(history.path))) == [sha]


async def test_a_machine_without_git_says_so(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SourceError, match="git is not installed"):
        await opened(history.path)


async def test_leaving_early_or_being_cancelled_leaves_no_process(sample: Path) -> None:
    repository = await opened(sample)
    tips = await repository.tips()
    before = open_files()
    for _ in range(3):
        async with contextlib.aclosing(repository.commits(tips, ())) as commits:
            await anext(commits)
        assert children() == []
        task = asyncio.ensure_future(anext(aiter(_endless(repository, tips))))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert children() == []
    await asyncio.sleep(0)
    assert open_files() <= before + 1


async def test_being_cancelled_at_any_step_closes_each_pipe_once(sample: Path) -> None:
    faults: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    repository = await opened(sample)
    tips = await repository.tips()
    before = open_files()
    for steps in range(60):
        task = asyncio.ensure_future(anext(aiter(_endless(repository, tips))))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert children() == []
    await asyncio.sleep(0)
    assert faults == []
    assert open_files() <= before + 1


async def _endless(repository: Repository, tips: list[str]) -> AsyncIterator[None]:
    async with contextlib.aclosing(repository.commits(tips, ())) as commits:
        async for _ in commits:
            await asyncio.sleep(60)
    yield


async def test_git_killed_from_outside_can_be_tried_again(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # With a small pipe git cannot be done before it is killed.
    monkeypatch.setattr(processes, "PIPE_BYTES", 4096)
    monkeypatch.setattr(processes, "READ_BYTES", 4096)
    repository = await opened(sample)
    tips = await repository.tips()
    async with contextlib.aclosing(repository.commits(tips, ())) as commits:
        await anext(commits)
        for child in children():
            os.kill(child, signal.SIGKILL)
        with pytest.raises(SourceError) as caught:
            assert [sha async for sha, _ in commits] == []
    assert caught.value.fault is SourceFault.RETRIABLE


async def test_memory_does_not_grow_with_history(sample: Path) -> None:
    repository = await opened(sample)
    tips = await repository.tips()
    await whole(repository)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(5):
        assert [raw async for _, raw in repository.commits(tips, ()) if not raw] == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
