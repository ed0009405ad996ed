"""Secrets are made once and kept privately; secrets and configs are renamed when their content changes."""

import hashlib
from pathlib import Path

import pytest

from ovia_stack import compose, docker, files, secret_files
from ovia_stack.errors import StackError

HOST = "postgres:5432"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


@pytest.fixture
def swarm(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a swarm was told to keep: no engine is needed to see what it would be told."""
    kept: dict[str, str] = {}

    def run(*arguments: str, given: str | None = None, **_: object) -> str:
        if arguments[:2] == ("secret", "create"):
            assert given is not None
            kept[arguments[-2]] = given
        return "\n".join(kept) if arguments[:2] == ("secret", "ls") else ""

    monkeypatch.setattr(docker, "run", run)
    return kept


def test_what_can_be_made_up_is_made_once_for_its_owner_only(directory: Path) -> None:
    names = compose.secret_names([files.MAIN, files.SCHEDULED])
    first = secret_files.contents(names, HOST, directory)
    assert secret_files.contents(names, HOST, directory) == first
    assert all((file.stat().st_mode & 0o777) == 0o600 for file in directory.iterdir())
    assert (directory.stat().st_mode & 0o777) == 0o700
    made = [first[name] for name in secret_files.GENERATED]
    assert len(set(made)) == len(made)


def test_an_address_holds_the_password_of_its_role(directory: Path) -> None:
    found = secret_files.contents(["api_database_url", "api_password"], HOST, directory)
    assert found["api_database_url"] == f"postgresql://ovia_api:{found['api_password']}@{HOST}/ovia"


def test_what_nobody_gave_is_a_placeholder_and_not_taken_for_given(directory: Path) -> None:
    assert secret_files.contents(["alertmanager_slack_url"], HOST, directory) == {"alertmanager_slack_url": "\n"}
    assert secret_files.given(directory) == set()
    (directory / "alertmanager_slack_url").write_text("https://hooks.example/1\n")
    assert secret_files.given(directory) == {"alertmanager_slack_url"}


def test_an_empty_secret_and_a_readable_directory_are_refused(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    (directory / "api_password").write_text("")
    with pytest.raises(StackError, match="is empty"):
        secret_files.contents(["api_password"], HOST, directory)
    directory.chmod(0o755)
    with pytest.raises(StackError, match="can be read by others"):
        secret_files.contents(["monitor_password"], HOST, directory)


def test_a_secret_is_renamed_when_it_changes_and_its_name_gives_nothing_away(
    directory: Path, swarm: dict[str, str]
) -> None:
    held = secret_files.contents(["api_password"], HOST, directory)
    (first,) = secret_files.published(held, directory).values()
    assert secret_files.published(held, directory) == {"OVIA_SECRET_API_PASSWORD": first}
    assert swarm == {first: held["api_password"]}
    assert hashlib.sha256(held["api_password"].encode()).hexdigest()[:12] not in first
    (second,) = secret_files.published({"api_password": "another"}, directory).values()
    assert second != first
    # Another installation's key gives the same secret another name.
    other = directory.with_name("other")
    other.mkdir(mode=0o700)
    assert secret_files.published(held, other)["OVIA_SECRET_API_PASSWORD"] != first


def test_a_config_is_renamed_when_its_file_changes(tmp_path: Path) -> None:
    file, described = tmp_path / "caddy.conf", tmp_path / "compose.yml"
    described.write_text("configs:\n  caddy: {name: 'x', file: ./caddy.conf}\n")
    with pytest.raises(StackError, match=r"caddy\.conf"):
        compose.config_digests([described], {})
    file.write_text("one")
    first = compose.config_digests([described], {})
    assert first.keys() == {"OVIA_CONFIG_CADDY"}
    file.write_text("two")
    assert compose.config_digests([described], {}) != first


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${A:-b}", "b"), ("${A-b}", "b"), ("${SET:-b}", "value"), ("$${A}", "${A}"), ("x${SET:?why}y", "xvaluey")],
)
def test_variables_are_filled_in_as_docker_does(text: str, expected: str) -> None:
    assert compose.filled(text, {"SET": "value"}) == expected


def test_a_variable_that_has_to_be_given_is_named() -> None:
    with pytest.raises(StackError, match="A is not set: a reason"):
        compose.filled("${A:?a reason}", {})
