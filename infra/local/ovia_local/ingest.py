"""Running the ingest beside the stack: the repositories first, then the sources, then the sources again and again."""

import asyncio
import os
from collections.abc import Awaitable, Mapping, Sequence

from rich.console import Console

from ovia_local import programs, sources
from ovia_local.database import Access
from ovia_local.files import fresh_log
from ovia_local.processes import in_words, tied_to_us
from ovia_local.state import State

PATIENCE_SECONDS = 15.0
EVERY_SECONDS = 300.0


class Ingest:
    """`ovia-ingest` for the organisation of this installation."""

    def __init__(self, state: State, access: Access, sample: int | None) -> None:
        self._state = state
        self._organisation = ["--organisation", str(access.org_id)]
        self._sample = sample

    async def repositories(self, repositories: Sequence[str], console: Console) -> None:
        """Reads them with the terminal handed over, so that progress is seen. A failure ends nothing else."""
        code = await self._run(["git", *self._organisation, "--", *repositories], {})
        if code != 0:
            console.print(
                f"Not every repository could be read ({in_words(code)}); what was read is kept, and everything else "
                "runs. To try again: make run REPOS='path-or-url …'",
                style="yellow",
            )

    async def sources(self, console: Console) -> None:
        """Reads what is due in the sources, those connected over HTTP too, with the terminal handed over."""
        code = await self._run(*self._reading())
        if code != 0:
            console.print(
                f"Not everything could be read ({in_words(code)}); what was read is kept, and what failed is tried "
                "again by itself. /sync says what it was.",
                style="yellow",
            )

    async def keep_reading(self) -> None:
        """Reads what is due every few minutes, until cancelled; what it says goes to a log."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            arguments, own = self._reading()
            with fresh_log(self._state.log("ingest")) as log:
                await self._run(arguments, own, output=log.fileno())

    def _reading(self) -> tuple[list[str], dict[str, str]]:
        if self._sample is None:
            return ["run", *self._organisation], {}
        return ["run", *self._organisation, "--sample"], sources.sample_environment(self._sample)

    async def _run(self, arguments: Sequence[str], own: Mapping[str, str], output: int | None = None) -> int:
        settings = {
            "OVIA_SECRETS_DIR": str(self._state.secrets_of("ingest")),
            "OVIA_GIT_CACHE": str(self._state.git_cache),
            **own,
        }
        if output is None:
            # Somebody is looking: sentences are for them, lines of JSON for the log of the runs after this one.
            settings.setdefault("OVIA_LOG_LEVEL", os.environ.get("OVIA_LOG_LEVEL") or "error")
        process = await asyncio.create_subprocess_exec(
            *tied_to_us([programs.executable("ovia-ingest"), *arguments]),
            env=programs.environment(settings),
            stdout=output,
            stderr=output,
        )
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await _ends_in_time(process)


async def _ends_in_time(process: asyncio.subprocess.Process) -> None:
    # It finishes the batch under way first, so that nothing is read twice.
    ending: Awaitable[int] = process.wait()
    try:
        await asyncio.wait_for(ending, PATIENCE_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
