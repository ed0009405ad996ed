"""Every metric that services tell is described in docs/monitoring.md, and none that nobody tells."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import UseService

PAGE = Path(__file__).resolve().parents[2] / "docs" / "monitoring.md"
OF_ALL = {
    "ovia_build_info", "ovia_http_requests_total", "ovia_http_request_seconds", "ovia_http_requests_in_flight",
    "ovia_container_memory_bytes", "ovia_container_memory_limit_bytes",
}  # fmt: skip
OF_POOLS = {f"ovia_database_pool_{name}" for name in ("size", "in_use", "waiting", "timeouts_total")}


def documented() -> set[str]:
    return set(re.findall(r"^\| `(ovia_\w+)` \|", PAGE.read_text(), re.MULTILINE))


async def told(use_service: UseService, name: str) -> set[str]:
    service = await use_service(name)
    async with service.client() as client:
        await client.get("/health")
        text = (await client.get("/metrics")).text
    return {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(text)
        if family.name.startswith("ovia_")
    }


async def test_a_service_with_a_database_tells_its_requests_and_its_pool(use_service: UseService) -> None:
    assert await told(use_service, "ovia-api") == OF_ALL | OF_POOLS


async def test_the_console_has_no_pool(use_service: UseService) -> None:
    assert await told(use_service, "ovia-console") == OF_ALL


async def test_the_page_describes_what_is_told_and_nothing_else(use_service: UseService) -> None:
    assert await told(use_service, "ovia-metrics") | await told(use_service, "ovia-rag") == documented()
    assert documented() > OF_ALL | OF_POOLS
