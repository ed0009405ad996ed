"""Programs in a row, their faults, and their end."""

import asyncio
import contextlib
import os
from pathlib import Path

import pytest

from ovia_backup.errors import CommandFailed
from ovia_backup.processes import pipeline, run
from ovia_backup.service import until


async def test_each_program_reads_what_the_one_before_wrote() -> None:
    assert await pipeline(["echo", "b\na"], ["sort"], ["tr", "a-z", "A-Z"]) == "A\nB\n"


async def test_the_fault_told_is_that_of_the_first_that_failed() -> None:
    with pytest.raises(CommandFailed, match=r"sh failed \(3\): no such database"):
        await pipeline(["sh", "-c", "echo no such database >&2; exit 3"], ["sh", "-c", "cat; exit 1"])


async def test_a_program_in_the_midst_that_fails_fails_the_row() -> None:
    with pytest.raises(CommandFailed, match="false failed"):
        await pipeline(["echo", "a"], ["false"], ["cat"])


async def test_one_that_stops_reading_does_not_hang_the_row() -> None:
    with pytest.raises(CommandFailed, match="yes failed"):
        await pipeline(["yes"], ["true"])


async def test_cancelling_ends_every_program(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    running = asyncio.create_task(run("sh", "-c", f"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600"))
    while not pid.exists():
        await asyncio.sleep(0.01)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize(
    "said",
    [
        "P00  ERROR: [095]: unable to load info file\nCryptoError: unable to flush",
        "FormatError: key/value found outside of section at line 1: noise\nP00  ERROR: [075]: no backup set found",
    ],
)
async def test_a_wrong_passphrase_is_called_so(said: str) -> None:
    with pytest.raises(CommandFailed, match=r"cannot be read with this pgbackrest_cipher_pass.* \(P00  ERROR: \[0"):
        await run("sh", "-c", f"echo '{said}' >&2; exit 95")


async def test_loops_end_together_with_the_fault_of_the_first() -> None:
    ended: list[str] = []
    waiting = asyncio.Event()

    async def faulty() -> None:
        await waiting.wait()
        raise RuntimeError("the loop broke")

    async def endless() -> None:
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("endless")

    with pytest.raises(RuntimeError, match="the loop broke"):
        await until(asyncio.Event(), faulty, endless)
    assert ended == ["endless"]
