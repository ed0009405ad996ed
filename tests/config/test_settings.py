"""Settings: read from the environment or from secret files; a fault names the variable and never its value."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ovia_shared.config.settings import (
    CommonSettings,
    DatabaseSettings,
    HttpServiceSettings,
    PrepareSettings,
    RetentionSettings,
    load,
    tracing_settings,
)
from ovia_shared.errors import BadSettings

URL = "postgresql://ovia_api:hush-hush@db.fernweh.test/ovia"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No OVIA_ variable of the surrounding shell, and an empty folder of secrets."""
    import os

    for name in [name for name in os.environ if name.upper().startswith("OVIA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OVIA_SECRETS_DIR", str(tmp_path))
    return tmp_path


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVIA_DATABASE_URL", URL)
    monkeypatch.setenv("OVIA_PORT", "8100")
    found = load(HttpServiceSettings)
    assert found.database_url.get_secret_value() == URL
    assert found.port == 8100
    assert "hush-hush" not in repr(found)
    assert "hush-hush" not in found.model_dump_json()


def test_a_secret_file_is_read_without_its_last_newline(clean_environment: Path) -> None:
    (clean_environment / "ovia_database_url").write_text(URL + "\n")
    assert load(DatabaseSettings).database_url.get_secret_value() == URL


def test_the_environment_wins_over_a_file(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clean_environment / "ovia_database_url").write_text("postgresql://file@h/d")
    monkeypatch.setenv("OVIA_DATABASE_URL", URL)
    assert load(DatabaseSettings).database_url.get_secret_value() == URL


def test_a_folder_of_secrets_that_is_not_there_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVIA_SECRETS_DIR", "/nonexistent")
    assert load(CommonSettings).log_level == "info"


def test_every_missing_or_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVIA_PORT", "eighty")
    monkeypatch.setenv("OVIA_LOG_LEVEL", "chatty")
    with pytest.raises(BadSettings) as caught:
        load(HttpServiceSettings)
    for name in ("OVIA_DATABASE_URL", "OVIA_PORT", "OVIA_LOG_LEVEL"):
        assert name in caught.value.message
    for value in ("eighty", "chatty"):
        assert value not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hush-hush",
        "postgres//ovia:hush-hush@db/ovia",
        "mysql://ovia:hush-hush@db/ovia",
        "postgresql://ovia:hush-hush@db:port/ovia",
        "postgresql://ovia:hush-hush@[db/ovia",
        "postgresql://ovia:hush-hush@one:5432,two:port/ovia",
    ],
)
def test_a_malformed_address_is_named_and_never_repeated(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OVIA_DATABASE_URL", url)
    with pytest.raises(BadSettings, match="OVIA_DATABASE_URL") as caught:
        load(DatabaseSettings)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ovia:hush@one:5432,two:5433,[::1]:5434/ovia?target_session_attrs=read-write",
        "postgresql://ovia:hush@one,two/ovia",
        "postgresql://ovia:hush@/ovia?host=/run/one,/run/two&port=5432,5432",
    ],
)
def test_several_servers_may_be_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OVIA_DATABASE_URL", url)
    assert load(DatabaseSettings).database_url.get_secret_value() == url


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["PORT", "DATABASE_POOL_SIZE", "STATEMENT_TIMEOUT", "REQUESTS_PER_MINUTE", "LOG_LEVEL"]),
    value=st.text("QXZJ#~", min_size=4, max_size=20),
)
def test_no_fault_repeats_a_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with monkeypatch.context() as scope:
        scope.setenv("OVIA_DATABASE_URL", URL)
        scope.setenv(f"OVIA_{name}", value)
        with pytest.raises(BadSettings, match=f"OVIA_{name}") as caught:
            load(HttpServiceSettings)
        assert value.lower() not in caught.value.message.lower()


def test_passwords_of_roles_come_from_files_too(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVIA_ADMIN_DATABASE_URL", URL)
    (clean_environment / "ovia_owner_password").write_text("owner-pw")
    (clean_environment / "ovia_rag_password").write_text("rag-pw")
    assert load(PrepareSettings).role_passwords() == {"ovia_owner": "owner-pw", "ovia_rag": "rag-pw"}


def test_an_empty_variable_is_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVIA_FACTS_RETENTION_DAYS", "")
    monkeypatch.setenv("OVIA_SYNC_RUNS_RETENTION_DAYS", "")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "")
    settings = load(RetentionSettings)
    assert (settings.facts_retention_days, settings.sync_runs_retention_days) == (None, 30)
    assert tracing_settings() is None
    monkeypatch.setenv("OVIA_DATABASE_URL", "")
    with pytest.raises(BadSettings, match="OVIA_DATABASE_URL"):
        load(DatabaseSettings)
