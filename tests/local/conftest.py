"""Places and stand-ins the tests of the local stack share."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def state_directory() -> Iterator[Path]:
    """A directory the database's account can reach as well; pytest's own is closed to it when root runs the tests."""
    directory = Path(tempfile.mkdtemp(prefix="ovia-local-"))
    if os.geteuid() == 0:
        directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)
