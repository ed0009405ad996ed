"""What a process tells of itself when it is scraped."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from ovia_shared.models.pool import PoolUse
from ovia_shared.telemetry.collectors import BuildInfo, ContainerMemory, Pool, memory

MIB = 1024 * 1024


def first_version(root: Path, limit: int) -> None:
    (root / "memory").mkdir()
    (root / "memory" / "memory.limit_in_bytes").write_text(f"{limit}\n")
    (root / "memory" / "memory.usage_in_bytes").write_text(f"{80 * MIB}\n")
    (root / "memory" / "memory.stat").write_text(f"cache 1\ninactive_file 1\ntotal_inactive_file {30 * MIB}\n")


def second_version(root: Path, limit: str) -> None:
    (root / "memory.max").write_text(f"{limit}\n")
    (root / "memory.current").write_text(f"{80 * MIB}\n")
    (root / "memory.stat").write_text(f"anon 1\ninactive_file {20 * MIB}\n")


def test_memory_that_cannot_be_dropped_is_told_with_its_limit(tmp_path: Path) -> None:
    second_version(tmp_path, str(100 * MIB))
    assert memory(tmp_path) == (60 * MIB, 100 * MIB)


def test_older_kernels_tell_it_elsewhere(tmp_path: Path) -> None:
    first_version(tmp_path, 100 * MIB)
    assert memory(tmp_path) == (50 * MIB, 100 * MIB)


def test_without_a_limit_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    second_version(tmp_path, "max")
    assert memory(tmp_path) is None


def test_the_older_kernels_word_for_no_limit_is_known(tmp_path: Path) -> None:
    first_version(tmp_path, 9223372036854771712)
    assert memory(tmp_path) is None


def test_where_there_are_no_control_groups_nothing_is_told(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    registry.register(ContainerMemory("ovia-api", tmp_path))
    assert registry.get_sample_value("ovia_container_memory_bytes", {"service": "ovia-api"}) is None


def test_what_runs_is_told(tmp_path: Path) -> None:
    second_version(tmp_path, str(100 * MIB))
    registry = CollectorRegistry()
    registry.register(BuildInfo("ovia-api", "1.2.3", "abc"))
    registry.register(ContainerMemory("ovia-api", tmp_path))
    registry.register(Pool("ovia-api", lambda: PoolUse(size=10, in_use=4, waiting=2, timeouts=3)))
    assert registry.get_sample_value(
        "ovia_build_info", {"service": "ovia-api", "version": "1.2.3", "build": "abc"}
    ) == pytest.approx(1)
    told = {
        name: registry.get_sample_value(f"ovia_{name}", {"service": "ovia-api"})
        for name in (
            "database_pool_size", "database_pool_in_use", "database_pool_waiting", "database_pool_timeouts_total",
            "container_memory_bytes", "container_memory_limit_bytes",
        )
    }  # fmt: skip
    assert told == {
        "database_pool_size": 10,
        "database_pool_in_use": 4,
        "database_pool_waiting": 2,
        "database_pool_timeouts_total": 3,
        "container_memory_bytes": 60 * MIB,
        "container_memory_limit_bytes": 100 * MIB,
    }
