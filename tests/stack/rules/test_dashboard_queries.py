"""The dashboards' queries, run by a Prometheus that scrapes services as they run."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import yaml

from tests.api.conftest import Organisations, Service, StartService, free_port, start_service
from tests.conftest import RoleDsn
from tests.metrics.conftest import Sources, sources
from tests.stack import dashboards

__all__ = ["sources", "start_service"]

StartPrometheus = Callable[[dict[str, Service]], Awaitable[str]]

RULES = Path(__file__).parents[3] / "infra" / "prometheus" / "rules"
UNPACKED = Path(__file__).parents[3] / ".ovia" / "tools" / "monitoring" / "usr" / "bin"
NO_RUN_YET = frozenset({("ovia-ingest", "Failed runs")})
# Long beyond what a busy machine needs; what is waited for is looked at ten times a second.
WITHIN_SECONDS = 20


@pytest.fixture
async def start_prometheus(tmp_path: Path) -> AsyncIterator[StartPrometheus]:
    """Starts a Prometheus that scrapes the services given, by their jobs' names, and knows the stack's rules."""
    program = shutil.which("prometheus", path=f"{UNPACKED}{os.pathsep}{os.environ['PATH']}")
    assert program is not None, f"Prometheus is missing: install Debian's package `prometheus`, or put it in {UNPACKED}"
    started: list[subprocess.Popen[bytes]] = []

    async def start(services: dict[str, Service]) -> str:
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES / "*.yml")],
            "scrape_configs": [
                {"job_name": name, "static_configs": [{"targets": [service.address.removeprefix("http://")]}]}
                for name, service in services.items()
            ],
        }
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
        address = f"127.0.0.1:{free_port()}"
        command = [
            program,
            f"--config.file={tmp_path}/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address={address}",
        ]
        with (tmp_path / "prometheus.log").open("wb") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log))  # noqa: ASYNC220
        await _until_ready(f"http://{address}", started[-1], tmp_path / "prometheus.log")
        return f"http://{address}"

    yield start
    for server in started:
        server.terminate()
        server.wait()


async def test_every_query_is_answered_and_what_services_tell_is_shown(
    start_prometheus: StartPrometheus,
    start_service: StartService,
    role_dsn: RoleDsn,
    organisations: Organisations,
    sources: Sources,
) -> None:
    gitlab = await sources.connection("gitlab", "gitlab.fernweh.test")
    await sources.partition(gitlab, "merge_requests", "wings")
    api, metrics = await asyncio.gather(
        *(start_service(f"ovia-{name}", OVIA_DATABASE_URL=role_dsn(f"ovia_{name}")) for name in ("api", "metrics"))
    )
    prometheus = await start_prometheus({"api": api, "metrics": metrics})
    dashboards.check(prometheus, must_have_data=False)
    shown = [one for one in dashboards.queries() if one.dashboard in ("ovia-api", "ovia-ingest")]
    deadline = time.monotonic() + WITHIN_SECONDS
    # A rate needs two scrapes.
    while (
        lacking := dashboards.without_data(dashboards.ask(prometheus, shown, rate_interval="30s"), NO_RUN_YET)
    ) and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    assert not lacking, "\n".join(lacking)
    assert len(shown) > 10


async def test_a_query_that_is_none_is_named(start_prometheus: StartPrometheus) -> None:
    wrong = dashboards.PanelQuery("ovia-api", "Requests", "sum by (service) (rate(ovia_http_requests_total))")
    (answered,) = dashboards.ask(await start_prometheus({}), [wrong])
    assert "range vector" in answered.fault


async def _until_ready(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    async with asyncio.timeout(WITHIN_SECONDS), httpx.AsyncClient(base_url=address) as client:
        while True:
            assert server.poll() is None, log.read_text()
            try:
                if (await client.get("/-/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
