"""The images of the database and of its backups, built as they are on a stand-in for their public base."""

import os
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BASE, PYTHON, S3 = "ovia-stand-in/postgres", "ovia-stand-in/python", "ovia-stand-in/s3"
POSTGRES, BACKUP = "ovia-backup-tests/postgres", "ovia-backup-tests/backup"


def build() -> None:
    """Makes the stand-in, unless it is there, and both images. Raises `CalledProcessError` or `AssertionError`."""
    _stand_in("postgres", BASE)
    _build(POSTGRES, "infra/postgres/Dockerfile", "POSTGRES_IMAGE", BASE)
    _build(BACKUP, "infra/backup/Dockerfile", "POSTGRES_IMAGE", BASE)


def build_s3() -> None:
    """Makes the stand-in for a service that speaks S3."""
    _stand_in("python", PYTHON)
    _build(S3, "tests/stack/images/s3/Dockerfile", "PYTHON_IMAGE", PYTHON)


def _stand_in(name: str, tag: str) -> None:
    if subprocess.run(["docker", "image", "inspect", tag], capture_output=True, check=False).returncode != 0:
        subprocess.run([str(CHECKOUT / "tests/stack/images" / name / "build"), tag], check=True)


def _build(tag: str, dockerfile: str, argument: str, base: str) -> None:
    done = subprocess.run(
        ["docker", "build", "--file", str(CHECKOUT / dockerfile), "--tag", tag,
         "--build-arg", f"{argument}={base}", str(CHECKOUT)],
        env={**os.environ, "DOCKER_BUILDKIT": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-5000:]
