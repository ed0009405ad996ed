"""Loki's settings, which Loki itself does not check for misspelt names."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.grafana.loki_settings import LokiSettings

FILE = Path(__file__).parents[2] / "infra" / "loki" / "loki.yml"


@pytest.fixture
def written() -> Any:
    return yaml.safe_load(FILE.read_text())


@pytest.fixture
def settings(written: Any) -> LokiSettings:
    return msgspec.convert(written, LokiSettings)


def test_a_misspelt_name_and_a_wrong_unit_are_refused(written: Any) -> None:
    written["limits_config"]["retention_perod"] = written["limits_config"]["retention_period"]
    with pytest.raises(msgspec.ValidationError, match="retention_perod"):
        msgspec.convert(written, LokiSettings)
    del written["limits_config"]["retention_perod"]
    written["limits_config"]["retention_period"] = "31 days"
    with pytest.raises(msgspec.ValidationError, match="retention_period"):
        msgspec.convert(written, LokiSettings)


def test_what_is_old_is_really_deleted(settings: LokiSettings) -> None:
    hours, period = settings.limits_config.retention_period, settings.schema_config.configs[0].index.period
    assert hours.endswith("h")
    assert int(hours[:-1]) % int(period.removesuffix("h")) == 0
    # A period without the compactor deletes nothing.
    assert settings.compactor.retention_enabled
    assert settings.compactor.delete_request_store == settings.schema_config.configs[0].object_store


def test_a_query_may_reach_as_far_back_as_lines_are_kept(settings: LokiSettings) -> None:
    limits = settings.limits_config
    assert int(limits.max_query_length[:-1]) >= int(limits.retention_period[:-1])


def test_nothing_is_reported_and_nothing_is_guessed(settings: LokiSettings) -> None:
    assert not settings.analytics.reporting_enabled
    assert settings.limits_config.discover_service_name == []
    assert not settings.limits_config.discover_log_levels


def test_everything_is_kept_in_the_volume(settings: LokiSettings) -> None:
    storage = settings.common.storage.filesystem
    places = [storage.chunks_directory, storage.rules_directory, settings.ingester.wal.dir]
    assert all(place.startswith("/loki/") for place in [*places, settings.compactor.working_directory])
