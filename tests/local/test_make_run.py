"""The whole stack as a person starts it: real Postgres, every service, the gateway, a repository."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ovia_local.ports import free_ports
from tests.local.running import START_SECONDS, STOP_SECONDS, Run


@pytest.fixture
def repository(tmp_path: Path) -> str:
    """A small repository with two authors."""
    for author in ("Ada Byron <ada@example.org>", "Ada Byron <ada@example.org>", "Ben Okri <ben@example.org>"):
        name, email = author.rstrip(">").split(" <")
        identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
                    (("NAME", name), ("EMAIL", email))}  # fmt: skip
        environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull}
        for command in (["init", "--quiet", "."], ["commit", "--quiet", "--allow-empty", "--message", "change"]):
            subprocess.run(["git", *command], cwd=tmp_path, env=environment, check=True)
    return str(tmp_path)


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """Whatever a failing test leaves running is ended."""
    started: list[Run] = []
    yield started
    for run in started:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)


@pytest.mark.timeout(400)
def test_everything_starts_stops_and_survives(state_directory: Path, repository: str, runs: list[Run]) -> None:
    state, (port,) = state_directory / "state", free_ports(1)

    first = Run(state, port, repository)
    runs.append(first)
    assert first.ready().get("/team/people").json()["total"] == 2
    assert first.get("/metrics").status_code == 404
    assert first.get("/sync").json()["total"] == 1
    assert first.get("/team/kpis").status_code == 404  # the service behind it answers, and has nothing there
    asked_to_sign_in = first.get("/console/")
    assert asked_to_sign_in.status_code == 303
    assert asked_to_sign_in.headers["location"].startswith("/console/sign-in")
    assert first.get("/ask").status_code == 405  # what is asked is posted
    other = Run(state, port)
    assert other.process.wait(START_SECONDS) == 1
    assert f"Ovia is already running from this checkout (process {first.process.pid})" in other.printed
    assert first.end(signal.SIGINT) == 0
    assert "Stopped. The data are kept." in first.printed

    again = Run(state, port, "/no/such/repository")
    runs.append(again)
    assert again.ready().token == first.token
    assert again.get("/team/people").json()["total"] == 2
    assert "/no/such/repository" in again.printed
    assert "Not every repository could be read" in again.printed

    # Killed outright, nothing of it may stand in the way of the next run, not even on the same port.
    assert again.end(signal.SIGKILL) == -signal.SIGKILL
    recovered = Run(state, port, repository)
    runs.append(recovered)
    assert recovered.ready().get("/team/people").json()["total"] == 2
    assert recovered.end(signal.SIGTERM) == 0

    for run in (first, again, recovered):
        assert "Traceback" not in run.printed
    secrets = [path.read_text() for path in (state / "secrets").rglob("*") if path.is_file()]
    secrets.append((state / "postgres/password").read_text())
    for log in [*(state / "logs").iterdir(), *(state / "postgres").glob("server.log*")]:
        written = log.read_text()
        assert not [secret for secret in secrets if secret in written], log


def test_a_part_that_dies_takes_the_rest_down_and_is_named(state_directory: Path, repository: str) -> None:
    run = Run(state_directory / "state", free_ports(1)[0], repository).ready()
    children = subprocess.run(
        ["pgrep", "-P", str(run.process.pid), "-f", "ovia-rag"], capture_output=True, text=True, check=True
    )
    os.kill(int(children.stdout), signal.SIGKILL)
    assert run.process.wait(STOP_SECONDS) == 1
    assert "ovia-rag ended by itself (killed by SIGKILL)." in run.printed
    assert "Last lines of" in run.printed


@pytest.mark.timeout(400)
def test_without_sources_of_ones_own_an_invented_organisation_is_read_and_marked(
    state_directory: Path, repository: str, runs: list[Run]
) -> None:
    run = Run(state_directory / "state", free_ports(1)[0], repository, sample=True)
    runs.append(run)
    assert "Sample data of an invented organisation" in run.ready().printed
    connections = run.get("/connections").json()["data"]
    assert {(one["kind"], one["sample"]) for one in connections} == {
        ("git", False), ("jira", True), ("gitlab", True), ("confluence", True),
    }  # fmt: skip
    partitions = run.get("/sync?limit=200").json()["data"]
    assert len(partitions) > 100
    assert not [one["last_error"] for one in partitions if one["last_error"]]
    # Sixty people, two of one name, and who wrote the repository; some accounts wait for a reviewer.
    assert 55 <= run.get("/team/people").json()["total"] <= 75
    deadline = time.monotonic() + START_SECONDS
    while not (state_directory / "state/secrets/sample/teams_told").exists():
        assert time.monotonic() < deadline, (state_directory / "state/logs/sample-teams.log").read_text()
        time.sleep(0.1)
    teams = run.get("/team/teams").json()["data"]
    assert [one["sub_teams"] for one in teams if one["name"] == "Fernweh Gliders (sample data)"] == [6]
    assert sum(one["members"] for one in teams) > 40
    assert "Traceback" not in run.printed
    assert run.end(signal.SIGINT) == 0
