"""From one release to the next with data and traffic: nobody notices, and nothing is lost.

The release before is the newest tag that is not this commit. Where there is none yet, or the checkout has no tags, the
next release is rehearsed instead: this commit with one more migration and another version.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from ovia_stack import building
from tests.stack import standins
from tests.stack.stack import Stack, until
from tests.stack.test_4_under_load import under_load

REHEARSED = """\
-- A release that is rehearsed: it grows the schema while the version before goes on working.
-- depends: {last}
alter table people add column rehearsed_at timestamptz;
"""


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=standins.CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


@pytest.fixture(scope="module")
def next_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of this commit, as it is, with a migration that the running version does not know."""
    directory = tmp_path_factory.mktemp("next") / "ovia"
    kept = shutil.ignore_patterns(".git", ".venv", ".ovia", "test-results", ".mypy_cache", ".ruff_cache", "__pycache__")
    shutil.copytree(standins.CHECKOUT, directory, ignore=kept)
    last = max(path.stem for path in (directory / "migrations").glob("[0-9]*.sql"))
    (directory / "migrations" / "9000_rehearsal.sql").write_text(REHEARSED.format(last=last))
    return directory


def people(stack: Stack) -> int:
    asked = "select count(*) from people"
    return int(stack.execute("postgres", "psql", "--dbname=ovia", "--no-align", "--tuples-only", f"--command={asked}"))


def test_the_next_release_takes_over_under_load_and_loses_nothing(steady: Stack, next_release: Path) -> None:
    settings = {**standins.SETTINGS, "OVIA_VERSION": "next"}
    for image in building.IMAGES:
        building.build(image, settings, next_release, quiet=True)
    # A service that was updated by force is replaced once more by the deployment after it: that one is not measured.
    steady.deploy()
    before = people(steady)
    kept = {service: steady.tasks(service)[0]["Id"] for service in ("postgres", "caddy")}

    def upgrade() -> None:
        steady.deploy("next")

    traffic = under_load(steady, "upgrade to the next release", upgrade)
    assert traffic.failed == 0, traffic.told()
    # What the release does not change goes on running: the database, the gateway.
    assert kept == {service: steady.tasks(service)[0]["Id"] for service in kept}
    until(lambda: all("next" in task["Config"]["Image"] for task in steady.tasks("api")), "the next release runs")
    applied = "select count(*) from _yoyo_migration where migration_id = '9000_rehearsal'"
    told = steady.execute("postgres", "psql", "--dbname=ovia", "--no-align", "--tuples-only", f"--command={applied}")
    assert told.strip() == "1"
    assert people(steady) >= before + traffic.statuses[201]
