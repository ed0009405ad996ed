"""One throw-away PostgreSQL server for a whole test run, however many workers pytest-xdist divides it among.

`OVIA_TEST_POSTGRES_VERSION` chooses the embedded version (18 unless set). `OVIA_TEST_DATABASE_URL`, a
superuser's connection string, uses a server of your own instead.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ovia_local.errors import StackError
from ovia_local.postgres import DEFAULT_VERSION, EmbeddedPostgres

# Nothing of a test run has to survive a power failure, and waiting for the disk is most of a small
# transaction.
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_connections": "200",
}
CLUSTER_DSN = pytest.StashKey[str]()
WORKER_INPUT = "cluster_dsn"


def pytest_configure(config: pytest.Config) -> None:
    handed_down: dict[str, Any] | None = getattr(config, "workerinput", None)
    if handed_down is not None:
        config.stash[CLUSTER_DSN] = handed_down[WORKER_INPUT]
        return
    if config.option.collectonly:
        return
    given = os.environ.get("OVIA_TEST_DATABASE_URL")
    config.stash[CLUSTER_DSN] = given or start_server(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[WORKER_INPUT] = node.config.stash.get(CLUSTER_DSN, "")


@pytest.fixture(scope="session")
def cluster_dsn(pytestconfig: pytest.Config) -> str:
    """The superuser's connection string of this run's server."""
    return pytestconfig.stash[CLUSTER_DSN]


def start_server(config: pytest.Config) -> str:
    """Start a server that stops, and whose files vanish, at the end of the run; its superuser's DSN."""
    version = os.environ.get("OVIA_TEST_POSTGRES_VERSION", str(DEFAULT_VERSION))
    if not version.isdigit():
        raise pytest.UsageError(f"OVIA_TEST_POSTGRES_VERSION must be a major version such as 18, not {version!r}.")
    directory = Path(tempfile.mkdtemp(prefix="ovia-tests-"))
    if os.geteuid() == 0:
        directory.chmod(0o711)  # The server's account passes through.
    config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
    server = EmbeddedPostgres(directory / "postgres", int(version), FORGETFUL)
    try:
        server.start()
    except StackError as problem:
        raise pytest.UsageError(str(problem)) from None
    config.add_cleanup(server.stop)
    return server.admin_dsn()
