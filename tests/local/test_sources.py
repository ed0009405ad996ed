"""Whether sample data are used, and what `.env` adds to the environment."""

import os
from pathlib import Path

import pytest

from ovia_local import sources
from ovia_local.errors import StackError
from ovia_local.state import State


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, True),
        ({"OVIA_SAMPLE": "false"}, False),
        ({"OVIA_SAMPLE": "0"}, False),
        ({"OVIA_SAMPLE": "true"}, True),
        ({"JIRA_BASE_URL": "https://fernweh.example"}, False),
        ({"GITLAB_BASE_URL": " "}, True),
        ({"CONFLUENCE_BASE_URL": "https://fernweh.example", "OVIA_SAMPLE": "true"}, False),
    ],
)
def test_sample_data_are_used_where_no_source_is_set_and_nobody_said_no(environ: dict[str, str], wanted: bool) -> None:
    assert sources.sample_wanted(environ) is wanted


def test_the_env_file_adds_what_the_environment_does_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIRA_BASE_URL", "https://kept.example")
    monkeypatch.setenv("OVIA_REPOS", "")
    # Set, and not deleted, so that what is put there is gone after the test.
    monkeypatch.setenv("GITLAB_BASE_URL", "")
    written = tmp_path / ".env"
    written.write_text(
        "# a note\nJIRA_BASE_URL=https://other.example\nGITLAB_BASE_URL='https://new.example'\nOVIA_REPOS=/x\n"
    )
    sources.take_over_env_file(written)
    found = {name: os.environ[name] for name in ("JIRA_BASE_URL", "GITLAB_BASE_URL", "OVIA_REPOS")}
    assert found == {
        "JIRA_BASE_URL": "https://kept.example",
        "GITLAB_BASE_URL": "https://new.example",
        "OVIA_REPOS": "/x",
    }


def test_a_file_that_is_not_there_adds_nothing_and_one_that_is_no_text_is_named(tmp_path: Path) -> None:
    sources.take_over_env_file(tmp_path / ".env")
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StackError, match=r"\.env cannot be read"):
        sources.take_over_env_file(tmp_path / ".env")


def test_the_sample_server_keeps_its_port(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.create()
    assert sources.sample_port(state) == sources.sample_port(State(tmp_path / "state"))


@pytest.mark.parametrize("line", ["this is garbage", "=x", "JIRA_BASE_URL", "JIRA_BASE_URL='open"])
def test_a_line_that_sets_nothing_is_named_and_not_passed_over(tmp_path: Path, line: str) -> None:
    written = tmp_path / ".env"
    written.write_text(f"# a note\nOVIA_LOG_LEVEL=info\n{line}\n")
    with pytest.raises(StackError, match=r"\.env, line 3: this is not NAME=value"):
        sources.take_over_env_file(written)
