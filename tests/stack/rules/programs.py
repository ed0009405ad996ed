"""The monitoring programs the tests run: those that tests/stack/fetch_packages.sh unpacked, else those installed."""

import os
import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
UNPACKED = CHECKOUT / ".ovia" / "tools" / "monitoring" / "usr" / "bin"


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
