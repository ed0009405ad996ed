"""`ovia admin …` beside a running stack: in a container of its own, that ends with the command."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ovia_stack import building, secret_files

UID = 10001
# What the command is handed, by the names under which it looks for it.
HELD = {"owner_database_url": "ovia_database_url", "credentials_keys": "ovia_credentials_keys"}


def run(arguments: Sequence[str], settings: Mapping[str, str]) -> int:
    """Runs the command as the schema's owner and returns its exit code. What it prints is logged nowhere."""
    image = next(image for image in building.IMAGES if image.name == "migrate")
    host = settings.get("OVIA_DATABASE_HOST", "postgres:5432")
    held = secret_files.contents(HELD, host)
    root = os.geteuid() == 0
    user = f"{UID}:{UID}" if root else f"{os.geteuid()}:{os.getegid()}"
    with tempfile.TemporaryDirectory(prefix="ovia-admin-") as name:
        directory = Path(name)
        for secret, target in HELD.items():
            file = directory / target
            file.touch(mode=0o600)
            file.write_text(held[secret])
            if root:
                os.chown(file, UID, UID)
        if root:
            os.chown(directory, UID, UID)
        command = [
            "docker", "run", "--rm", "--interactive", *(["--tty"] if sys.stdin.isatty() else []),
            "--log-driver", "none", "--network", "ovia_data", "--user", user, "--read-only", "--cap-drop", "ALL",
            "--tmpfs", "/tmp",  # noqa: S108 (a path inside the container)
            "--mount", f"type=bind,source={directory},target=/run/secrets,readonly",
            building.reference(image, settings), "ovia", "admin", *arguments,
        ]  # fmt: skip
        return subprocess.run(command, check=False).returncode
