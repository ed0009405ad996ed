"""Connections of the environment: read when their address is set, and refused by name when something is wrong."""

import os
from pathlib import Path

import pytest

from ovia_shared.config import sources
from ovia_shared.errors import BadSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in list(os.environ):
        if name.upper().startswith(("JIRA_", "GITLAB_", "CONFLUENCE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OVIA_SECRETS_DIR", str(tmp_path))
    return tmp_path


def test_without_an_address_there_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIRA_API_TOKEN", "t")
    assert sources.jira() is None
    assert sources.gitlab() is None
    assert sources.confluence() is None


def test_project_keys_are_trimmed_and_in_upper_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIRA_BASE_URL", "https://fernweh.example/")
    monkeypatch.setenv("JIRA_API_TOKEN", "hush-hush")
    monkeypatch.setenv("JIRA_PROJECT_KEYS", " gld , SKY")
    found = sources.jira()
    assert found is not None
    assert found.project_keys == ("GLD", "SKY")
    assert found.base_url == "https://fernweh.example"
    assert "hush-hush" not in repr(found)


def test_paths_of_gitlab_keep_their_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_BASE_URL", "https://gitlab.fernweh.example")
    monkeypatch.setenv("GITLAB_PRIVATE_TOKEN", "hush-hush")
    monkeypatch.setenv("GITLAB_PROJECTS", "Fernweh/Gliders")
    found = sources.gitlab()
    assert found is not None
    assert found.projects == ("Fernweh/Gliders",)


def test_a_token_may_come_as_a_secret_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONFLUENCE_BASE_URL", "https://fernweh.example")
    (tmp_path / "confluence_api_token").write_text("from-a-file")
    found = sources.confluence()
    assert found is not None
    assert found.api_token is not None
    assert found.api_token.get_secret_value() == "from-a-file"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("JIRA_PROJECT_KEYS", "GLD,,SKY"),
        ("JIRA_PROJECT_KEYS", ","),
        ("JIRA_BASE_URL", "ftp://fernweh.example"),
        ("JIRA_SYNC_WINDOW_DAYS", "0"),
        ("JIRA_MAX_RETRIES", "many"),
        ("JIRA_TIMEOUT_SECS", "-1"),
        ("JIRA_DEPLOYMENT", "somewhere"),
        ("JIRA_API_TOKEN", None),
    ],
)
def test_a_bad_value_stops_the_process_and_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str | None
) -> None:
    monkeypatch.setenv("JIRA_BASE_URL", "https://fernweh.example")
    monkeypatch.setenv("JIRA_API_TOKEN", "hush-hush")
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings, match=variable) as refused:
        sources.jira()
    assert "hush-hush" not in refused.value.message


def test_the_example_names_every_variable() -> None:
    written = (ROOT / ".env.example").read_text()
    for kind in (sources.JiraEnvironment, sources.GitlabEnvironment, sources.ConfluenceEnvironment):
        for name in kind.model_fields:
            if not (kind is sources.GitlabEnvironment and name == "deployment"):
                assert f"#{kind.model_config['env_prefix']}{name.upper()}=" in written
