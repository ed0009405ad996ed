import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ovia_local import programs
from ovia_local.errors import StackError
from ovia_local.ports import LOOPBACK, free_ports, require_free
from ovia_local.reset import delete_data
from ovia_local.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path / "state")
    made.create()
    return made


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(state: State) -> None:
    made = state.secret("api", "ovia_credentials_keys")
    assert state.secret("api", "ovia_credentials_keys") == made
    assert state.secret("ingest", "ovia_credentials_keys") != made
    path = state.secrets_of("api") / "ovia_credentials_keys"
    for private in (path, path.parent, path.parent.parent):
        assert stat.S_IMODE(private.stat().st_mode) & 0o077 == 0


HOLDS = """
import sys, time
from pathlib import Path
from ovia_local.state import State
with State(Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_is_running(state: State) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(state.directory)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert state.holder() == other.pid
        told = pytest.raises(StackError, match=rf"already running from this checkout \(process {other.pid}\)")
        with told, state.held(patience=0):
            pass
        # The operating system lets go of what a killed process held.
        other.kill()
        other.wait()
        with state.held(patience=0) as killed:
            assert killed
            assert state.holder() is not None
    with state.held() as killed:
        assert not killed
    assert state.holder() is None


def test_reset_stops_what_runs_and_leaves_alone_what_is_not_its_own(state: State) -> None:
    state.secret("api", "ovia_database_url")
    (state.directory / "tools").mkdir()
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(state.directory)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        delete_data(state)
        assert other.wait(10) != 0
    assert {path.name for path in state.directory.iterdir()} == {"lock", "tools"}


def test_a_state_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StackError, match=r"cannot be used: (Not a directory|File exists)\."):
        State(tmp_path / "file" / "state").create()


def test_a_taken_port_is_refused_with_a_suggestion() -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StackError) as refused:
            require_free(port)
    assert refused.value.message == (
        f"Port {port} is already in use by another program; choose another with `make run PORT={port + 1}`."
    )
    require_free(port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(StackError, match="is not a port"):
        require_free(port)


def test_free_ports_are_all_different() -> None:
    assert len(set(free_ports(20))) == 20


def test_a_process_is_not_given_the_secrets_of_the_shell(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVIA_DATABASE_URL", "postgresql://postgres:superuser@db/ovia")
    monkeypatch.setenv("OVIA_CREDENTIALS_KEYS", "key")
    monkeypatch.setenv("OVIA_LOG_LEVEL", "debug")
    started = [programs.service("api", state, {"api": 9000}), programs.gateway(state, 8080, {"api": 9000})]
    for program in started:
        assert "OVIA_DATABASE_URL" not in program.environment
        assert "OVIA_CREDENTIALS_KEYS" not in program.environment
        assert program.environment["OVIA_LOG_LEVEL"] == "debug"
    assert started[0].environment["OVIA_SECRETS_DIR"] == str(state.secrets_of("api"))
    assert started[1].environment["OVIA_API_UPSTREAM"] == "127.0.0.1:9000"
