"""The images of the database and of its backups, built as they are on a stand-in for their public base."""

import os
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BASE = "ovia-stand-in/postgres"
POSTGRES, BACKUP = "ovia-backup-tests/postgres", "ovia-backup-tests/backup"


def build() -> None:
    """Makes the stand-in, unless it is there, and both images. Raises `CalledProcessError`, their output shown."""
    if subprocess.run(["docker", "image", "inspect", BASE], capture_output=True, check=False).returncode != 0:
        subprocess.run([str(CHECKOUT / "tests/stack/images/postgres/build"), BASE], check=True)
    for tag, dockerfile in ((POSTGRES, "infra/postgres/Dockerfile"), (BACKUP, "infra/backup/Dockerfile")):
        subprocess.run(
            ["docker", "build", "--file", str(CHECKOUT / dockerfile), "--tag", tag,
             "--build-arg", f"POSTGRES_IMAGE={BASE}", str(CHECKOUT)],
            env={**os.environ, "DOCKER_BUILDKIT": "1"}, check=True, capture_output=True,
        )  # fmt: skip
