"""`ovia-local run` as a person starts it."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx

from ovia_local.programs import executable

START_SECONDS = 120
STOP_SECONDS = 40


class Run:
    """One `ovia-local run`, with everything it printed so far."""

    def __init__(self, state: Path, port: int, *repositories: str, sample: bool = False) -> None:
        self.port = port
        self._output = state.parent / f"{state.name}-output"
        environment = {**os.environ, "OVIA_LOCAL_STATE": str(state), "OVIA_REPOS": "", "COLUMNS": "120"}
        environment["OVIA_SAMPLE"] = "true" if sample else "false"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [executable("ovia-local"), "run", "--port", str(port), *repositories],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def printed(self) -> str:
        return self._output.read_text()

    def ready(self, seconds: float = START_SECONDS) -> "Run":
        """Waits until it says how to try it."""
        deadline = time.monotonic() + seconds
        while "curl" not in self.printed:
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.05)
        return self

    @property
    def token(self) -> str:
        found = re.search(r"^Token: (ovia_\w+)$", self.printed, re.MULTILINE)
        assert found, self.printed
        return found.group(1)

    def get(self, path: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, trust_env=False)

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(STOP_SECONDS)
