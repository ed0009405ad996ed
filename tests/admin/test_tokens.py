"""`ovia admin issue-token`, `tokens`, `revoke-token` and `rotate-token`."""

import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from ovia_shared.security import tokens
from tests.admin.conftest import Run


def _open(database_dsn: str, text: str) -> str | None:
    """What an HTTP service does with a token: its role if it opens something now."""
    parts = tokens.parse(text.strip())
    assert parts is not None
    with psycopg.connect(database_dsn) as connection:
        row = connection.execute(
            "select role, secret_hash from open_request(%s, %s)"
            " where revoked_at is null and (expires_at is null or expires_at > now())",
            (parts.org_id, parts.token_id),
        ).fetchone()
    return row[0] if row is not None and tokens.matches(parts.secret, row[1]) else None


def _issue(ovia: Run, *more: str) -> str:
    said = ovia("issue-token", "--organisation", "Fernweh Gliders", "--name", "grafana", "--role", "viewer", *more)
    assert said.code == 0, said.err
    return said.out


def test_the_token_alone_is_on_standard_output(ovia: Run, fernweh: str, database_dsn: str) -> None:
    said = ovia("issue-token", "--organisation", fernweh, "--name", "grafana", "--role", "analyst")
    text = said.out.removesuffix("\n")
    parts = tokens.parse(text)
    assert parts is not None
    assert str(parts.org_id) == fernweh
    assert "grafana" in said.err
    assert "shown only now" in said.err
    assert text not in said.err
    assert _open(database_dsn, text) == "analyst"


def test_a_secret_is_shown_once_and_stored_and_logged_nowhere(
    ovia: Run, fernweh: str, database_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = [_issue(ovia).strip()]
    first = ovia("tokens", "--organisation", fernweh, "--json").json()[0]
    rotated = ovia("rotate-token", "--organisation", fernweh, first["id"])
    texts.append(rotated.out.strip())
    said = [
        ovia(*command)
        for command in (
            ("tokens", "--organisation", fernweh),
            ("tokens", "--organisation", fernweh, "--json"),
            ("organisations",),
            ("revoke-token", "--organisation", fernweh, "grafana"),
        )
    ]
    with psycopg.connect(database_dsn) as connection:
        stored = str(
            connection.execute("select t::text from tokens t union all select a::text from audit_log a").fetchall()
        )
    everything = caplog.text + stored + "".join(each.out + each.err for each in said) + rotated.err
    for text in texts:
        secret = text.rpartition("_")[2]
        assert secret not in everything
        assert tokens.hash_secret(tokens.parse(text).secret).hex() in stored  # type: ignore[union-attr]


def test_json_holds_the_token_for_a_program(ovia: Run, fernweh: str, database_dsn: str) -> None:
    made = ovia(
        "issue-token", "--organisation", fernweh, "--name", "ci", "--role", "admin", "--expires", "90d", "--json"
    ).json()
    assert (made["name"], made["role"]) == ("ci", "admin")
    lasts = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89, hours=23) < lasts <= timedelta(days=90)
    assert _open(database_dsn, made["token"]) == "admin"


def test_a_list_tells_all_but_the_secret(ovia: Run, fernweh: str) -> None:
    _issue(ovia, "--actor", "ada")
    (token,) = ovia("tokens", "--organisation", "Fernweh Gliders", "--json").json()
    assert (token["name"], token["role"], token["created_by"]) == ("grafana", "viewer", "ada")
    assert "secret_hash" not in token
    table = ovia("tokens", "--organisation", fernweh).out
    assert token["id"] in table
    assert "grafana" in table


def test_a_revoked_token_opens_nothing(ovia: Run, fernweh: str, database_dsn: str) -> None:
    text = _issue(ovia)
    assert ovia("revoke-token", "--organisation", fernweh, "grafana").code == 0
    assert _open(database_dsn, text) is None
    gone = ovia("revoke-token", "--organisation", fernweh, "grafana")
    assert gone.code == 1
    assert "no usable token grafana" in gone.err
    # By id it is found, and nothing is left to do.
    (token,) = ovia("tokens", "--organisation", fernweh, "--json").json()
    assert ovia("revoke-token", "--organisation", fernweh, token["id"]).code == 0


def test_of_two_tokens_with_one_name_the_id_decides(ovia: Run, fernweh: str) -> None:
    _issue(ovia)
    _issue(ovia)
    said = ovia("revoke-token", "--organisation", fernweh, "grafana")
    assert said.code == 1
    assert "give the id" in said.err


def test_a_rotated_token_replaces_the_old_one_at_once(ovia: Run, fernweh: str, database_dsn: str) -> None:
    old = _issue(ovia)
    new = ovia("rotate-token", "--organisation", fernweh, "grafana").out
    assert _open(database_dsn, old) is None
    assert _open(database_dsn, new) == "viewer"


def test_an_overlap_keeps_the_old_token_for_a_while(ovia: Run, fernweh: str, database_dsn: str) -> None:
    old = _issue(ovia, "--expires", "30d")
    said = ovia("rotate-token", "--organisation", fernweh, "grafana", "--overlap", "1h")
    assert "still works" not in said.out
    assert _open(database_dsn, old) == "viewer"
    assert _open(database_dsn, said.out) == "viewer"
    first, second = ovia("tokens", "--organisation", fernweh, "--json").json()
    now = datetime.now(UTC)
    assert datetime.fromisoformat(first["expires_at"]) - now < timedelta(hours=1)
    # Lasts as long as the old one was issued for.
    assert (
        timedelta(days=29, hours=23) < datetime.fromisoformat(second["expires_at"]) - now < timedelta(days=30, hours=1)
    )


def test_a_token_that_has_ended_is_not_rotated(ovia: Run, fernweh: str) -> None:
    _issue(ovia)
    (token,) = ovia("tokens", "--organisation", fernweh, "--json").json()
    ovia("revoke-token", "--organisation", fernweh, token["id"])
    said = ovia("rotate-token", "--organisation", fernweh, token["id"])
    assert said.code == 1
    assert "issue a new one" in said.err


def test_every_change_is_audited_with_its_actor(ovia: Run, fernweh: str, database_dsn: str) -> None:
    _issue(ovia, "--actor", "ada")
    ovia("rotate-token", "--organisation", fernweh, "grafana", "--actor", "ben")
    ovia("revoke-token", "--organisation", fernweh, "grafana", "--actor", "cem")
    with psycopg.connect(database_dsn) as connection:
        entries = connection.execute(
            "select actor, action, detail->>'name' from audit_log where subject_kind = 'token' order by id"
        ).fetchall()
    assert entries == [("ada", "issue", "grafana"), ("ben", "rotate", "grafana"), ("cem", "revoke", "grafana")]


def test_another_organisations_token_is_not_found(ovia: Run, fernweh: str) -> None:
    _issue(ovia)
    (token,) = ovia("tokens", "--organisation", fernweh, "--json").json()
    other = ovia("create-organisation", "Żuraw & Søn").out.strip()
    said = ovia("revoke-token", "--organisation", other, token["id"])
    assert said.code == 1
    assert ovia("tokens", "--organisation", fernweh, "--json").json()[0].get("revoked_at") is None


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--role", "king"), "king"),
        (("--role", "viewer", "--expires", "tomorrow"), "90d"),
        (("--role", "viewer", "--expires", "0d"), "expired from the start"),
        (("--role", "viewer", "--expires", "2020-01-31"), "expired from the start"),
        (("--role", "viewer", "--expires", "9999-12-31"), "no expiry"),
        ((), "--role"),
    ],
)
def test_a_wrong_request_is_a_misuse(ovia: Run, fernweh: str, arguments: tuple[str, ...], part: str) -> None:
    said = ovia("issue-token", "--organisation", fernweh, "--name", "x", *arguments)
    assert said.code == 2
    assert part in said.err
    assert said.out == ""


@pytest.mark.parametrize("organisation", ["Nobody Ltd", str(UUID(int=7))])
def test_an_unknown_organisation_is_named(ovia: Run, organisation: str) -> None:
    said = ovia("issue-token", "--organisation", organisation, "--name", "x", "--role", "viewer")
    assert said.code == 1
    assert organisation in said.err
