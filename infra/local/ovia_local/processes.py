"""Child processes that run until they are told to stop: started together, watched, and stopped in time."""

import asyncio
import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovia_local.errors import StackError, with_log
from ovia_local.files import fresh_log
from ovia_local.installation import ADMIN_PATH


@dataclass(frozen=True, eq=False)
class Program:
    """What to run, under which name, and where its output goes."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path


class Processes:
    """Programs that live and die together: the stack cannot do without any of them."""

    def __init__(self, patience: float = 10.0) -> None:
        self._patience = patience
        self._running: dict[Program, asyncio.subprocess.Process] = {}

    async def start(self, program: Program) -> None:
        """Start one more. Its log begins anew; the one of the run before stays beside it.

        Raises:
            StackError: the program is not there or may not be run.
        """
        if not os.access(program.command[0], os.X_OK):
            raise StackError(f"{program.name} could not be started: {program.command[0]} is missing; run `make setup`.")
        try:
            with fresh_log(program.log) as log:
                # A session of its own keeps Ctrl-C at the terminal from reaching it before we decide the
                # order.
                self._running[program] = await asyncio.create_subprocess_exec(
                    *tied_to_us(program.command),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=dict(program.environment),
                    start_new_session=True,
                )
        except OSError as error:
            raise StackError(f"{program.name} could not be started: {error.strerror or error}.") from None

    async def ended(self) -> None:
        """Wait for the first of them to end by itself, which is a fault.

        Raises:
            StackError: always; the message names the program, how it ended and the last lines of its log.
        """
        waits = {asyncio.create_task(process.wait()): program for program, process in self._running.items()}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        first = done.pop()
        program = waits[first]
        raise StackError(with_log(f"{program.name} ended by itself ({in_words(first.result())}).", program.log))

    async def stop(self) -> None:
        """Ask all of them to stop, and end by force what has not stopped in time."""
        await asyncio.gather(*(stop(process, self._patience) for process in self._running.values()))
        self._running.clear()


async def stop(process: asyncio.subprocess.Process, patience: float) -> None:
    """Stop one child that leads a session of its own, and whatever it started."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience)
    # Its own children are in its process group still, should it have died without stopping them.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def tied_to_us(command: Sequence[str]) -> list[str]:
    """The same command, stopped by the kernel should this process be killed before it can do so itself."""
    setpriv = shutil.which("setpriv", path=ADMIN_PATH)
    # The kernel watches the thread that forked, which has to be one that lives as long as the process.
    if setpriv is None or threading.current_thread() is not threading.main_thread():
        return list(command)
    return [setpriv, "--pdeathsig=TERM", "--", *command]


def in_words(code: int) -> str:
    """An exit code the way people speak of it."""
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"
