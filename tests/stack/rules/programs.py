"""The monitoring programs the tests run: those that tests/stack/fetch_packages.sh unpacked, else those installed."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

CHECKOUT = Path(__file__).resolve().parents[3]
UNPACKED = CHECKOUT / ".ovia" / "tools" / "monitoring" / "usr" / "bin"
# Long beyond what a busy machine needs; a program that ended is noticed at once.
STARTS_WITHIN_SECONDS = 60


def program(name: str) -> str:
    """Where it is. Fails the test, saying what to do, where it is not."""
    found = shutil.which(name, path=os.pathsep.join([str(UNPACKED), os.environ.get("PATH", os.defpath)]))
    assert found, f"{name} is not here; run tests/stack/fetch_packages.sh, which needs no root"
    return found


def succeeds(*command: str | Path) -> str:
    """What the command says. Fails the test with it if the command fails."""
    done = subprocess.run(
        [program(str(command[0])), *map(str, command[1:])], capture_output=True, text=True, check=False, timeout=60
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


@contextlib.contextmanager
def running(directory: Path, ready: str, *command: str | Path, **environment: str) -> Iterator[None]:
    """Runs a program, from when the address `ready` answers until the end of the block."""
    log = directory / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command), stdout=output, stderr=output, env={"HOME": str(directory), **environment}
        )
    try:
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not _answers(ready):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _answers(address: str) -> bool:
    try:
        # A certificate of an authority made for the test is nobody's to trust.
        return httpx.get(address, verify=False).status_code == 200
    except httpx.TransportError:
        return False
