"""`ovia admin make-key` and `rotate-credentials`."""

from uuid import UUID

import psycopg
import pytest
from cryptography.fernet import Fernet

from ovia_shared.database.ids import new_id
from ovia_shared.security.credentials import CredentialsVault
from tests.admin.conftest import Run

SECRET = {"token": "hush-hush"}


def test_a_key_is_a_key(ovia: Run) -> None:
    first, second = ovia("make-key").out.strip(), ovia("make-key").out.strip()
    assert first != second
    CredentialsVault(f"{first},{second}")


def _connect(database_dsn: str, org_id: UUID, key: str) -> UUID:
    connection_id = new_id()
    sealed = CredentialsVault(key).seal(org_id, connection_id, SECRET)
    with psycopg.connect(database_dsn) as connection:
        connection.execute(
            "insert into connections (org_id, id, kind, name, base_url, credentials)"
            " values (%s, %s, 'jira', 'J', %s, %s)",
            (org_id, connection_id, f"https://{connection_id}.test", sealed),
        )
    return connection_id


def _sealed(database_dsn: str, connection_id: UUID) -> bytes:
    with psycopg.connect(database_dsn) as connection:
        row = connection.execute("select credentials from connections where id = %s", (connection_id,)).fetchone()
    assert row is not None
    return bytes(row[0])


def test_after_rotation_the_newest_key_is_enough(
    ovia: Run, fernweh: str, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    other = ovia("create-organisation", "Żuraw & Søn").out.strip()
    placed = [(UUID(org), _connect(database_dsn, UUID(org), old)) for org in (fernweh, fernweh, other)]
    monkeypatch.setenv("OVIA_CREDENTIALS_KEYS", f"{new},{old}")
    said = ovia("rotate-credentials", "--actor", "ada")
    assert said.code == 0
    assert "3 connections" in said.out
    for org_id, connection_id in placed:
        sealed = _sealed(database_dsn, connection_id)
        assert CredentialsVault(new).open(org_id, connection_id, sealed) == SECRET
    for secret in (old, new, "hush-hush"):
        assert secret not in said.out + said.err
    with psycopg.connect(database_dsn) as connection:
        audited = connection.execute("select actor from audit_log where subject_kind = 'credentials'").fetchall()
    assert audited == [("ada",), ("ada",)]
    assert ovia("rotate-credentials", "--json").json() == {"Fernweh Gliders": 2, "Żuraw & Søn": 1}


def test_one_that_fits_no_key_leaves_the_organisations_credentials_as_they_were(
    ovia: Run, fernweh: str, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, lost = (Fernet.generate_key().decode() for _ in range(3))
    good = _connect(database_dsn, UUID(fernweh), old)
    _connect(database_dsn, UUID(fernweh), lost)
    before = _sealed(database_dsn, good)
    monkeypatch.setenv("OVIA_CREDENTIALS_KEYS", f"{new},{old}")
    said = ovia("rotate-credentials")
    assert said.code == 2
    assert "OVIA_CREDENTIALS_KEYS" in said.err
    assert _sealed(database_dsn, good) == before


def test_without_a_key_there_is_nothing_to_rotate(ovia: Run) -> None:
    said = ovia("rotate-credentials")
    assert said.code == 2
    assert "ovia admin make-key" in said.err
