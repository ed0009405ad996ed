"""Programs that are run: their output, their faults, and their end when we are told to stop."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Sequence
from typing import IO

from ovia_backup.errors import CommandFailed

SHOWN = 1500  # characters of a failed program's output


async def run(*command: str) -> str:
    """Runs a program; what it wrote to standard output. Raises `CommandFailed`."""
    return await pipeline(command)


async def pipeline(*commands: Sequence[str]) -> str:
    """Runs programs, each reading what the one before writes; what the last one wrote. Raises `CommandFailed`.

    The fault told is that of the first program that failed: those after it only noticed. Cancelled, it ends them all.
    """
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as written:
        running: list[asyncio.subprocess.Process] = []
        reading = os.open(os.devnull, os.O_RDONLY)
        try:
            for position, command in enumerate(commands):
                last = position == len(commands) - 1
                following, writing = (None, os.dup(written.fileno())) if last else os.pipe()
                try:
                    running.append(
                        await asyncio.create_subprocess_exec(*command, stdin=reading, stdout=writing, stderr=said)
                    )
                finally:
                    os.close(writing)
                    os.close(reading)
                    reading = following if following is not None else os.open(os.devnull, os.O_RDONLY)
            codes = [await process.wait() for process in running]
        finally:
            os.close(reading)
            await _end(running)
        output = _text(written)
        for command, code in zip(commands, codes, strict=True):
            if code != 0:
                raise CommandFailed(_called(command), code, (_text(said) + output)[-SHOWN:])
        return output


async def _end(running: Sequence[asyncio.subprocess.Process]) -> None:
    for process in running:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
    for process in running:
        await process.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _called(command: Sequence[str]) -> str:
    """A program and what it was asked to do, without its options."""
    return " ".join([command[0], *[word for word in command[1:2] if not word.startswith("-")]])
