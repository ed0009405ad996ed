import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ovia_local.errors import StackError
from ovia_local.processes import Processes, Program

WAITS = "print('begun', flush=True)\nimport time\ntime.sleep(60)"
IGNORES = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WAITS}"


def program(directory: Path, name: str, script: str) -> Program:
    return Program(name, [sys.executable, "-c", script], dict(os.environ), directory / f"{name}.log")


async def begun(*programs: Program) -> None:
    """Wait until each has said so in its log."""
    async with asyncio.timeout(60):
        for each in programs:
            while "begun" not in each.log.read_text():
                await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    """Whether it ends within the moments that a signal takes."""
    deadline = time.monotonic() + 60
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


async def test_a_program_that_ends_by_itself_is_named_with_its_last_words(tmp_path: Path) -> None:
    processes = Processes()
    await processes.start(program(tmp_path, "lasts", WAITS))
    await processes.start(program(tmp_path, "fails", "print('no disk left'); raise SystemExit(3)"))
    with pytest.raises(StackError, match=r"(?s)fails ended by itself \(exit code 3\).*no disk left"):
        await processes.ended()
    await processes.stop()


async def test_a_killed_program_is_said_to_have_been_killed(tmp_path: Path) -> None:
    processes = Processes()
    await processes.start(program(tmp_path, "victim", "import os; os.kill(os.getpid(), 9)"))
    with pytest.raises(StackError, match=r"victim ended by itself \(killed by SIGKILL\)"):
        await processes.ended()
    await processes.stop()


async def test_what_does_not_stop_in_time_is_ended_by_force(tmp_path: Path) -> None:
    processes = Processes(patience=0.3)
    deaf, polite = program(tmp_path, "deaf", IGNORES), program(tmp_path, "polite", WAITS)
    await processes.start(deaf)
    await processes.start(polite)
    await begun(deaf, polite)
    began = time.monotonic()
    await processes.stop()
    assert 0.3 <= time.monotonic() - began < 5


async def test_the_children_of_a_program_go_with_it(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {IGNORES!r}])\n"
        "print('child', child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    processes = Processes()
    parent = program(tmp_path, "parent", script)
    await processes.start(parent)
    await begun(parent)
    child = int(parent.log.read_text().split("child ")[1].split()[0])
    assert alive(child)
    await processes.stop()
    assert gone(child)


async def test_a_program_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    missing = Program("service", [str(tmp_path / "missing")], {}, tmp_path / "service.log")
    with pytest.raises(StackError, match=r"service could not be started: .*missing is missing; run `make setup`"):
        await Processes().start(missing)


async def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    for run in ("first", "second"):
        processes = Processes()
        await processes.start(program(tmp_path, "service", f"print('{run}')"))
        with pytest.raises(StackError):
            await processes.ended()
        await processes.stop()
    assert (tmp_path / "service.log").read_text() == "second\n"
    assert (tmp_path / "service.log.1").read_text() == "first\n"


def test_programs_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    supervisor = f"""
import asyncio, os, signal, sys
from pathlib import Path
from ovia_local.processes import Processes, Program
async def main():
    script = {WAITS!r}
    await Processes().start(Program("orphan", [sys.executable, "-c", script], dict(os.environ), Path(sys.argv[1])))
    while "begun" not in Path(sys.argv[1]).read_text():
        await asyncio.sleep(0.02)
    pid = next(int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()
               and f"\\nPPid:\\t{{os.getpid()}}\\n" in (p / "status").read_text())
    print(pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    killed = subprocess.run(
        [sys.executable, "-c", supervisor, str(tmp_path / "orphan.log")],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=30,
    )
    assert killed.returncode == -signal.SIGKILL
    assert gone(int(killed.stdout))
