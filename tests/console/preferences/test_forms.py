"""What people type into the settings becomes what the services take, and back."""

from typing import Any

import msgspec
import pytest

from ovia_console.preferences import number_forms, source_form
from ovia_console.preferences.number_forms import StatusMeaning
from ovia_console.preferences.numbers import behind
from ovia_console.preferences.source_form import SourceForm
from ovia_console.preferences.typed import lines, number
from ovia_metrics.settings.choices import KINDS
from ovia_shared.models.setting import SettingName


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("0,5", 0.5), ("1 000", 1000), ("2.50", 2.5), ("", None), ("x", None), ("nan", None), ("1e999", None)],
)
def test_a_number_is_read_as_people_write_it(text: str, value: float | None) -> None:
    assert number(text) == value


def test_lines_lose_blanks_and_repetitions() -> None:
    assert lines(" bug \r\n\nbug\ndefect") == ["bug", "defect"]


@pytest.mark.parametrize("name", list(SettingName))
def test_every_setting_has_a_form_that_gives_its_default_back(name: SettingName) -> None:
    default = msgspec.to_builtins(KINDS[name]())
    typed = number_forms.read(name, number_forms.texts_of(name, default), number_forms.meanings_of(default))
    assert not typed.faults
    assert msgspec.convert(typed.value, KINDS[name]) == KINDS[name]()


def test_what_statuses_mean_is_kept_by_project_and_empty_rows_are_left_out() -> None:
    rows = [
        StatusMeaning("", "In Review", "in_progress"),
        StatusMeaning("GLD", "Shut", "done"),
        StatusMeaning("", "", ""),
    ]
    value = number_forms.read("workflow", {"blocked": "on hold"}, rows).value
    assert value["categories"] == {"*": {"In Review": "in_progress"}, "GLD": {"Shut": "done"}}
    assert number_forms.meanings_of(value) == [StatusMeaning("*", "In Review", "in_progress"), rows[1]]


def test_what_is_no_number_is_named() -> None:
    assert [one.field for one in number_forms.read("staleness", {"days": "soon"}, []).faults] == ["days"]


def test_settings_of_a_source_that_the_form_does_not_show_stay() -> None:
    before = {"sample": True, "scopes": ["GLD"], "timeout_seconds": 10.0}
    settings, faults = source_form.settings_of(SourceForm("jira", scopes="OPS\nGLD", max_tries="3"), before)
    assert settings == {"sample": True, "scopes": ["OPS", "GLD"], "max_tries": 3}
    assert not faults


def test_a_form_that_was_not_touched_changes_no_setting() -> None:
    settings = {"sample": True, "scopes": ["GLD"], "timeout_seconds": 10.0, "deployment": "cloud"}
    form = source_form.of_source({"kind": "jira", "name": "Jira", "base_url": "https://x", "settings": settings})
    assert source_form.settings_of(form, settings) == (settings, [])


def test_without_a_token_typed_credentials_stay() -> None:
    assert source_form.credentials_of({"token": " ", "user": "ada@x"}) is None
    assert source_form.credentials_of({"token": "t", "user": ""}) == {"token": "t"}


def test_facts_follow_a_choice_once_they_were_derived_after_it() -> None:
    told: dict[str, Any] = {
        "as_of": "2026-11-27T12:00:00Z",
        "derivations": [
            {"family": "old", "lag_seconds": 120.0},
            {"family": "new", "lag_seconds": 10.0},
            {"family": "never", "lag_seconds": None},
        ],
    }
    assert behind(told, "2026-11-27T11:59:00Z") == ["old", "never"]
    assert behind(told, None) == []
