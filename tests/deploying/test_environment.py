"""The settings of a deployment: what is missing or wrong is named before anything is changed."""

from pathlib import Path

import pytest

from ovia_stack import environment, files
from ovia_stack.errors import StackError


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in environment.declared():
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / ".env"
    monkeypatch.setattr(files, "ENV_FILE", file)
    return file


def test_a_setting_that_is_missing_is_named(env_file: Path) -> None:
    with pytest.raises(StackError, match="not set: OVIA_DOMAIN"):
        environment.settings()


def test_the_shell_wins_over_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.write_text("OVIA_DOMAIN=ovia.example\nOVIA_ACME_EMAIL=ada@ovia.example\nOVIA_API_REPLICAS=3\n")
    monkeypatch.setenv("OVIA_API_REPLICAS", "4")
    found = environment.settings()
    assert (found["OVIA_DOMAIN"], found["OVIA_API_REPLICAS"]) == ("ovia.example", "4")


def test_a_name_the_stack_does_not_know_is_named_rather_than_ignored(env_file: Path) -> None:
    env_file.write_text("OVIA_DOMAIN=ovia.example\nOVIA_ACME_EMAIL=ada@ovia.example\nOVIA_API_REPLICA=3\n")
    with pytest.raises(StackError, match=r"OVIA_API_REPLICA$"):
        environment.settings()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("OVIA_DOMAIN=https://ovia.example/", "host name"),
        ("OVIA_DOMAIN=ovia.example {\n", "host name"),
        ("OVIA_ACME_EMAIL=", "OVIA_ACME_EMAIL is needed for a public certificate"),
        ("OVIA_API_REPLICAS=two", "OVIA_API_REPLICAS has to be a whole number"),
        ("OVIA_HTTPS_PORT=70000", "OVIA_HTTPS_PORT has to be a port"),
        ("OVIA_HTTP_PORT=http", "OVIA_HTTP_PORT has to be a port"),
        ("OVIA_BACKUP_REPOSITORY=tape", "posix"),
        ("OVIA_BACKUP_REPOSITORY=s3", "OVIA_BACKUP_S3_BUCKET is needed"),
    ],
)
def test_a_setting_that_is_wrong_is_named_with_what_it_should_be(env_file: Path, line: str, told: str) -> None:
    env_file.write_text(f"OVIA_DOMAIN=ovia.example\nOVIA_ACME_EMAIL=ada@ovia.example\n{line}\n")
    with pytest.raises(StackError, match=told):
        environment.settings()


def test_without_a_version_it_is_the_checkouts(env_file: Path) -> None:
    env_file.write_text("OVIA_DOMAIN=ovia.example\nOVIA_ACME_EMAIL=ada@ovia.example\n")
    assert environment.settings()["OVIA_VERSION"] == environment.version()
