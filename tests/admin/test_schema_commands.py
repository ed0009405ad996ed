"""`ovia admin prepare-database` and `migrate`, and what every command checks first."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ovia_shared.database import migrate, prepare
from tests.admin.conftest import Run
from tests.conftest import ROLE_PASSWORD, RoleDsn


@pytest.fixture
def new_name(cluster_admin: psycopg.Connection, template_database: str) -> Iterator[str]:
    """A name for a database that does not exist yet; whatever was made under it is dropped."""
    name = f"ovia_test_{uuid.uuid4().hex}"
    yield name
    cluster_admin.execute(f'drop database if exists "{name}" with (force)')


def test_from_nothing_to_a_working_installation(
    ovia: Run, cluster_dsn: str, new_name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OVIA_ADMIN_DATABASE_URL", cluster_dsn)
    for role in prepare.LOGINS:
        (tmp_path / f"{role}_password").write_text(ROLE_PASSWORD + "\n")
    for _ in range(2):
        said = ovia("prepare-database", "--database", new_name)
        assert said.code == 0, said.err
        assert "no password" not in said.err
        assert ROLE_PASSWORD not in said.out + said.err
    owner = prepare.as_role(prepare.at_database(cluster_dsn, new_name), prepare.OWNER, ROLE_PASSWORD)
    monkeypatch.setenv("OVIA_DATABASE_URL", owner)
    check = ovia("migrate", "--check")
    assert check.code == 1
    assert all(f"missing: {name}\n" in check.out for name in migrate.names())
    early = ovia("organisations")
    assert early.code == 1
    assert "run `ovia admin migrate` first" in early.err
    assert ovia("migrate", "--json").json() == {"applied": migrate.names()}
    assert ovia("migrate").out == "nothing to apply: the schema is current\n"
    assert ovia("migrate", "--check").code == 0
    assert ovia("create-organisation", "Fernweh Gliders").code == 0


def test_a_deployment_prepares_and_migrates_in_one_go_and_may_be_repeated(
    ovia: Run, cluster_dsn: str, new_name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OVIA_ADMIN_DATABASE_URL", cluster_dsn)
    for role in (*prepare.LOGINS, prepare.MONITOR):
        (tmp_path / f"{role}_password").write_text(ROLE_PASSWORD + "\n")
    first = ovia("deploy-database", "--database", new_name)
    assert (first.code, first.out.splitlines()) == (0, [f"applied: {name}" for name in migrate.names()])
    again = ovia("deploy-database", "--database", new_name)
    assert (again.code, again.out) == (0, "nothing to apply: the schema is current\n")
    monitor = prepare.as_role(prepare.at_database(cluster_dsn, new_name), prepare.MONITOR, ROLE_PASSWORD)
    with psycopg.connect(monitor) as connection:
        assert connection.execute("select count(*) > 0 from pg_stat_activity where query is not null").fetchone() == (
            True,
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from public.people")


def test_a_deployment_names_each_password_that_is_missing(
    ovia: Run, cluster_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVIA_ADMIN_DATABASE_URL", cluster_dsn)
    monkeypatch.setenv("OVIA_API_PASSWORD", "given")
    said = ovia("deploy-database")
    assert said.code == 2
    assert "OVIA_OWNER_PASSWORD, OVIA_INGEST_PASSWORD" in said.err
    assert "OVIA_API_PASSWORD" not in said.err


def test_a_deployment_waits_for_the_server_and_says_so_if_it_stays_away(
    ovia: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OVIA_ADMIN_DATABASE_URL", "postgresql://postgres@127.0.0.1:1/postgres")
    for role in prepare.LOGINS:
        (tmp_path / f"{role}_password").write_text(ROLE_PASSWORD)
    said = ovia("deploy-database", "--patience", "0")
    assert said.code == 1
    assert "does not answer" in said.err


def test_preparing_says_which_roles_got_no_password(
    ovia: Run, cluster_dsn: str, new_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVIA_ADMIN_DATABASE_URL", cluster_dsn)
    said = ovia("prepare-database", "--database", new_name)
    assert said.code == 0
    assert "ovia_owner, ovia_api" in said.err


def test_preparing_without_its_setting_names_it(ovia: Run) -> None:
    said = ovia("prepare-database")
    assert said.code == 2
    assert "OVIA_ADMIN_DATABASE_URL" in said.err


@pytest.mark.parametrize("role", prepare.SERVICES)
@pytest.mark.parametrize("command", [("organisations",), ("migrate",)])
def test_a_services_role_is_refused_in_a_sentence(
    ovia: Run, role_dsn: RoleDsn, monkeypatch: pytest.MonkeyPatch, role: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("OVIA_DATABASE_URL", role_dsn(role))
    said = ovia(*command)
    assert said.code == 2
    assert said.err == "OVIA_DATABASE_URL: admin commands connect as ovia_owner, and no other role\n"


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("postgresql://ovia_owner:hush-hush@/ovia?host=/nonexistent", "does not answer"),
        ("postgresql://ovia_owner:hush-hush@127.0.0.1:1/ovia", "does not answer"),
        ("postgres//ovia_owner:hush-hush@db/ovia", "OVIA_DATABASE_URL"),
        (None, "OVIA_DATABASE_URL"),
    ],
)
@pytest.mark.parametrize("command", [("organisations",), ("migrate",), ("migrate", "--check")])
def test_a_database_that_cannot_be_reached_is_one_sentence(
    ovia: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], url: str | None, part: str
) -> None:
    if url is None:
        monkeypatch.delenv("OVIA_DATABASE_URL")
    else:
        monkeypatch.setenv("OVIA_DATABASE_URL", url)
    said = ovia(*command)
    assert said.code in (1, 2)
    assert part in said.err
    assert len(said.err.splitlines()) == 1
    assert "hush" not in said.out + said.err


def test_a_wrong_password_is_said_and_not_shown(ovia: Run, owner_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVIA_DATABASE_URL", owner_dsn.replace(ROLE_PASSWORD, "hush-hush"))
    said = ovia("organisations")
    assert said.code == 1
    assert "password" in said.err
    assert "hush" not in said.err


def test_an_unexpected_fault_is_one_line_without_a_secret(
    ovia: Run, owner_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"lost {owner_dsn}\nand more")

    monkeypatch.setattr("ovia_shared.admin.session.Database", fail)
    said = ovia("organisations")
    assert said.code == 1
    assert said.err.startswith("unexpected fault: lost postgresql://***@")
    assert len(said.err.splitlines()) == 1
    shown = ovia("--debug", "organisations").err
    assert "Traceback" in shown
    assert ROLE_PASSWORD not in shown


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["admin"], ["admin", "--help"], ["admin", "issue-token", "--help"], ["--version"]]
)
def test_help_is_given_from_a_shell_without_any_setting(arguments: list[str]) -> None:
    shell = subprocess.run(
        [sys.executable, "-m", "ovia_shared.admin.main", *arguments],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert shell.returncode == (2 if arguments in ([], ["admin"]) else 0)
    assert "ovia" in shell.stdout
    assert "Traceback" not in shell.stderr


def test_a_command_that_does_not_exist_is_a_misuse(ovia: Run) -> None:
    said = ovia("conquer")
    assert said.code == 2
    assert "conquer" in said.err
    assert "Traceback" not in said.err
