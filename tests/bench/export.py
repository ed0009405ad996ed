"""The CSV export of a large queue: how fast it comes, and whether the service's memory stays flat meanwhile."""

import time
from pathlib import Path

import httpx

from tests.bench.report import Table

# What the sample organisation has most of.
PATHS = ("/team/conflict-queue/export", "/team/conflict-queue/export?status=auto")


async def measured(port: int, pid: int, token: str) -> Table:
    """Reads a small export, then a large one, and compares the peaks of memory."""
    rows = []
    for path in PATHS:
        started, lines, first = time.perf_counter(), 0, None
        headers = {"authorization": f"Bearer {token}"}
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120) as client,
            client.stream("GET", path) as answer,
        ):
            async for part in answer.aiter_bytes():
                first = first or time.perf_counter() - started
                lines += part.count(b"\r\n")
        seconds = time.perf_counter() - started
        rows.append((path, f"{lines - 1:,}", f"{seconds:.1f}", f"{(first or 0) * 1000:.0f}", f"{_peak_mib(pid):.0f}"))
    return Table("Export as CSV", ("what", "rows", "seconds", "first byte ms", "peak memory MiB so far"), tuple(rows))


def _peak_mib(pid: int) -> float:
    """The largest peak among the process and its workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    peaks = []
    for one in (str(pid), *children):
        status = Path(f"/proc/{one}/status").read_text()
        peaks.append(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
    return max(peaks)
