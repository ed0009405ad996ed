"""`ovia-healthcheck`, which decides over a container's life, against a real service."""

import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from ovia_shared.web import healthcheck
from tests.api.conftest import StartService
from tests.conftest import RoleDsn


def run(port: int, host: str = "127.0.0.1") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("ovia-healthcheck")],
        env={"OVIA_PORT": str(port), "OVIA_HOST": host},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_it_waits_for_the_first_readiness_and_outlives_the_database(
    start_service: StartService, role_dsn: RoleDsn, database_dsn: str, cluster_admin: psycopg.Connection
) -> None:
    name = sql.Identifier(database_dsn.rpartition("/")[2].partition("?")[0])

    def let_in(allowed: bool) -> None:
        cluster_admin.execute(
            sql.SQL("alter database {} allow_connections {}").format(name, sql.SQL(str(allowed).lower()))
        )
        cluster_admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name.as_string().strip('"')]
        )

    let_in(False)
    service = await start_service("ovia-api", OVIA_DATABASE_URL=role_dsn("ovia_api"))
    port = int(service.address.rpartition(":")[2])
    before = run(port)
    assert (before.returncode, "503" in before.stdout, before.stderr) == (1, True, "")
    let_in(True)
    assert (run(port).returncode, run(port, "0.0.0.0").returncode) == (0, 0)
    let_in(False)
    async with service.client() as client:
        assert (await client.get("/ready")).status_code == 503
    after = run(port)
    assert (after.returncode, after.stdout) == (0, "")
    let_in(True)


def test_nobody_listening_is_said_in_a_line() -> None:
    ended = run(1)
    assert ended.returncode == 1
    assert ended.stdout.startswith("127.0.0.1:1 does not answer")
    assert len(ended.stdout.splitlines()) == 1
    assert ended.stderr == ""


def test_it_loads_next_to_nothing() -> None:
    # Docker runs it every few seconds in every container: what it imports is what it costs.
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", "import sys; before = set(sys.modules); import ovia_shared.web.healthcheck;"
         "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"],
        env={"PYTHONPATH": str(Path(healthcheck.__file__).parents[2])},
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert not {"json", "http", "urllib", "asyncio", "msgspec", "pydantic", "litestar", "ssl"} & set(loaded), loaded
