"""The machines of the stack: processor, memory, disks."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from ovia_dashboards import limits
from ovia_dashboards.boards import heading
from ovia_dashboards.panels import Series, graph


def machines(made: Dashboard) -> Dashboard:
    """Adds a row about every machine that runs a node exporter."""
    disk = 'fstype!~"tmpfs|overlay|squashfs|ramfs|devtmpfs|nsfs"'
    return (
        made.with_row(heading("Machines"))
        .with_panel(
            graph(
                "Processor",
                "Share of processor time that is used, by machine.",
                Series(
                    'avg by (instance) (1 - rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
                    "{{instance}}",
                ),
                unit="percentunit",
                width=6,
            )
        )
        .with_panel(
            graph(
                "Memory",
                "Share of memory that is neither free nor can be freed at once.",
                Series("1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "{{instance}}"),
                unit="percentunit",
                width=6,
                limit=limits.of("OviaMemoryLow"),
            )
        )
        .with_panel(
            graph(
                "Disk space",
                "Share of each file system that is used.",
                Series(
                    f"max by (instance, mountpoint)"
                    f" (1 - node_filesystem_avail_bytes{{{disk}}} / node_filesystem_size_bytes{{{disk}}})",
                    "{{instance}} {{mountpoint}}",
                ),
                unit="percentunit",
                width=6,
                limit=limits.of("OviaDiskNearlyFull"),
            )
        )
        .with_panel(
            graph(
                "Disks busy",
                "Share of time in which a disk had something to do.",
                Series("rate(node_disk_io_time_seconds_total[$__rate_interval])", "{{instance}} {{device}}"),
                unit="percentunit",
                width=6,
            )
        )
    )
