"""What a process tells of itself when it is scraped: its build, its pool of connections, its container's memory."""

from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ovia_shared.models.pool import PoolUse

CGROUP = Path("/sys/fs/cgroup")
# Without a limit, the first version of control groups tells the largest number that fits.
_NO_LIMIT = 1 << 60


class BuildInfo(Collector):
    """`ovia_build_info`: always 1, with what is running as labels."""

    def __init__(self, service: str, version: str, build: str) -> None:
        self._labels = [service, version, build]

    def collect(self) -> Iterator[Metric]:
        told = GaugeMetricFamily("ovia_build_info", "What is running", labels=["service", "version", "build"])
        told.add_metric(self._labels, 1)
        yield told


class Pool(Collector):
    """`ovia_database_pool_*`: how busy a pool of connections is."""

    def __init__(self, service: str, use: Callable[[], PoolUse]) -> None:
        self._labels = [service]
        self._use = use

    def collect(self) -> Iterator[Metric]:
        use = self._use()
        for name, meaning, value in (
            ("size", "Connections to the database at most", use.size),
            ("in_use", "Connections that work for somebody", use.in_use),
            ("waiting", "Callers that wait for a connection", use.waiting),
        ):
            told = GaugeMetricFamily(f"ovia_database_pool_{name}", meaning, labels=["service"])
            told.add_metric(self._labels, value)
            yield told
        timeouts = CounterMetricFamily(
            "ovia_database_pool_timeouts", "Callers that got no connection in time", labels=["service"]
        )
        timeouts.add_metric(self._labels, use.timeouts)
        yield timeouts


class ContainerMemory(Collector):
    """`ovia_container_memory_*`, as the kernel counts it against the limit; nothing where there is no limit.

    What the process itself says (`process_resident_memory_bytes`) leaves out its children and its files in memory.
    """

    def __init__(self, service: str, root: Path = CGROUP) -> None:
        self._labels = [service]
        self._root = root

    def collect(self) -> Iterator[Metric]:
        used = GaugeMetricFamily(
            "ovia_container_memory_bytes", "Memory in use that cannot be dropped", labels=["service"]
        )
        limit = GaugeMetricFamily(
            "ovia_container_memory_limit_bytes", "Where the kernel ends the container", labels=["service"]
        )
        found = memory(self._root)
        if found is not None:
            used.add_metric(self._labels, found[0])
            limit.add_metric(self._labels, found[1])
        yield used
        yield limit


def memory(root: Path) -> tuple[int, int] | None:
    """(bytes in use that cannot be dropped, limit) by the control group mounted there; None without a limit."""
    try:
        if (root / "memory.max").exists():
            return _memory(root / "memory.max", root / "memory.current", root / "memory.stat", "inactive_file")
        first = root / "memory"
        return _memory(
            first / "memory.limit_in_bytes", first / "memory.usage_in_bytes", first / "memory.stat",
            "total_inactive_file",
        )  # fmt: skip
    except (OSError, ValueError):
        # No such thing here: not Linux, or no right to look.
        return None


def _memory(limit: Path, used: Path, statistics: Path, droppable: str) -> tuple[int, int] | None:
    most = limit.read_text().strip()
    if most == "max" or int(most) >= _NO_LIMIT:
        return None
    counts = dict(line.split(maxsplit=1) for line in statistics.read_text().splitlines())
    return max(0, int(used.read_text()) - int(counts.get(droppable, 0))), int(most)
