import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from ovia_local.errors import StackError
from ovia_local.postgres import EmbeddedPostgres

QUICK = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.mark.parametrize("version", [16, 18])
def test_data_are_there_again_after_a_stop_and_a_start(state_directory: Path, version: int) -> None:
    directory = state_directory / "pg"
    with EmbeddedPostgres(directory, version, QUICK) as first, psycopg.connect(first.admin_dsn()) as conn:
        conn.execute("create table kept as select 7 as value")
    with EmbeddedPostgres(directory, version, QUICK) as again, psycopg.connect(again.admin_dsn()) as conn:
        row = conn.execute(
            "select value, current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),"
            " current_setting('timezone') from kept"
        ).fetchone()
    assert row == (7, version, "UTF8", "UTC")


def test_nobody_gets_in_without_the_password(state_directory: Path) -> None:
    with EmbeddedPostgres(state_directory / "pg", settings=QUICK) as server:
        stranger = server.admin_dsn().replace((state_directory / "pg/password").read_text(), "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(stranger)
    for private in ("password", "server.log"):
        assert (state_directory / "pg" / private).stat().st_mode & 0o077 == 0


def test_the_server_listens_on_no_network_address(state_directory: Path) -> None:
    with (
        EmbeddedPostgres(state_directory / "pg", settings=QUICK) as server,
        psycopg.connect(server.admin_dsn()) as conn,
    ):
        assert conn.execute("show listen_addresses").fetchone() == ("",)


def test_a_long_path_gets_a_short_socket_elsewhere(state_directory: Path) -> None:
    directory = state_directory / ("long" * 30)
    with EmbeddedPostgres(directory, settings=QUICK) as server, psycopg.connect(server.admin_dsn()) as conn:
        assert conn.execute("select 1").fetchone() == (1,)
        socket_directory = Path(conn.info.host)
    assert not socket_directory.is_relative_to(state_directory)
    socket_directory.rmdir()


def test_data_of_another_version_are_refused_in_words(state_directory: Path) -> None:
    directory = state_directory / "pg"
    with EmbeddedPostgres(directory, 16, QUICK):
        pass
    with pytest.raises(StackError, match=r"holds data of PostgreSQL 16, and this Ovia runs PostgreSQL 18"):
        EmbeddedPostgres(directory, 18, QUICK).start()


def test_a_bad_setting_is_reported_with_the_log(state_directory: Path) -> None:
    server = EmbeddedPostgres(state_directory / "pg", settings={"shared_buffers": "plenty"})
    with pytest.raises(StackError, match=r"(?s)did not start.*invalid value for parameter .shared_buffers"):
        server.start()


def test_a_process_number_in_use_by_somebody_else_does_not_keep_the_server_away(state_directory: Path) -> None:
    directory = state_directory / "pg"
    server = EmbeddedPostgres(directory, settings=QUICK)
    with server:
        pid_file = (directory / "data/postmaster.pid").read_text()
    # As after a power failure: the file is there, and this very test runs under its number.
    stale = "\n".join([str(os.getpid()), *pid_file.splitlines()[1:]])
    (directory / "data/postmaster.pid").write_text(stale)
    with server, psycopg.connect(server.admin_dsn()) as conn:
        assert conn.execute("select 1").fetchone() == (1,)


def test_a_server_killed_under_a_client_starts_again(state_directory: Path) -> None:
    directory = state_directory / "pg"
    crashed = EmbeddedPostgres(directory, settings=QUICK)
    crashed.start()
    with psycopg.connect(crashed.admin_dsn(), autocommit=True) as conn:
        conn.execute("create table kept as select 7 as value")
        os.kill(int((directory / "data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        with EmbeddedPostgres(directory, settings=QUICK) as again, psycopg.connect(again.admin_dsn()) as reader:
            assert reader.execute("select value from kept").fetchone() == (7,)
    crashed.stop()
    assert not crashed.running


STARTS_AND_IS_KILLED = """
import os, signal, sys
from pathlib import Path
from ovia_local import installation
from ovia_local.postgres import EmbeddedPostgres
if sys.argv[2] == "unseen":
    real = installation.Installation.command
    installation.Installation.command = lambda self, *words, dies_with_us=False: real(self, *words)
EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off", "shared_buffers": "16MB"}).start()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("kernel", ["notices", "unseen"])
def test_the_server_of_a_killed_process_is_not_in_the_way(state_directory: Path, kernel: str) -> None:
    directory = state_directory / "pg"
    killed = subprocess.run(
        [sys.executable, "-c", STARTS_AND_IS_KILLED, str(directory), kernel], check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    if kernel == "notices":
        deadline = time.monotonic() + 60
        while (directory / "data/postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not (directory / "data/postmaster.pid").exists()
    with EmbeddedPostgres(directory, settings=QUICK) as server, psycopg.connect(server.admin_dsn()) as conn:
        assert conn.execute("select 1").fetchone() == (1,)


def test_a_version_that_is_not_packaged_is_named(state_directory: Path) -> None:
    with pytest.raises(StackError, match="PostgreSQL 17 is not embedded; 16 and 18 are"):
        EmbeddedPostgres(state_directory / "pg", 17).start()
