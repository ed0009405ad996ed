"""The running services against their own descriptions, with inputs nobody thought of."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api.conftest import Organisations, Service, UseService, filled, kept_services, use_service

__all__ = ["filled", "kept_services", "use_service"]

# Divided so that workers share them and no test takes long; every operation is in one part.
PARTS = [
    *(("ovia-api", part, 8) for part in range(8)),
    *(("ovia-metrics", part, 3) for part in range(3)),
    ("ovia-rag", 0, 1),
]
EXAMPLES = 15


@pytest.fixture
async def running(use_service: UseService, request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """The service, for as many requests as it takes."""
    service = await use_service(request.param, OVIA_REQUESTS_PER_MINUTE="1000000")
    yield service
    async with service.client() as client:
        assert (await client.get("/health")).status_code == 200


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("running", "part", "parts"), PARTS, indirect=["running"])
async def test_every_operation_answers_as_described(
    running: Service, filled: Organisations, part: int, parts: int
) -> None:
    schema = schemathesis.openapi.from_url(f"{running.address}/openapi.json", config=SchemathesisConfig())
    tried = 0
    for number, result in enumerate(schema.get_all_operations()):
        assert isinstance(result, Ok)
        if number % parts == part:
            operation = result.ok()
            # Who may not decide never gets as far as deciding. Connections would be tried out for real: refused.
            role = "manager" if operation.path.startswith("/team/") else "viewer"
            tried += _try(operation, filled[0].authorization(role))
    assert tried > EXAMPLES


def _try(operation: Any, headers: dict[str, str]) -> int:
    tried = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def check(case: schemathesis.Case[Any]) -> None:
        nonlocal tried
        tried += 1
        answer = case.call(headers=headers, timeout=20)
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        # A cursor is opaque and a search needs a letter: neither can be told by a schema.
        case.validate_response(answer, headers=headers, excluded_checks=[positive_data_acceptance])

    check()
    return tried
