"""The running api against its own description, with inputs nobody thought of."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api.conftest import Organisations, Service, StartService, filled, ours, service, start_service

__all__ = ["filled", "ours", "service", "start_service"]


@pytest.mark.timeout(180)
async def test_every_operation_answers_as_described(
    start_service: StartService, filled: Organisations, role_dsn: object, tmp_path: Path
) -> None:
    assert callable(role_dsn)
    running: Service = await start_service(
        "ovia-api",
        OVIA_DATABASE_URL=role_dsn("ovia_api"),
        OVIA_REQUESTS_PER_MINUTE="1000000",
        OVIA_ANONYMOUS_REQUESTS_PER_MINUTE="1000000",
    )
    schema = schemathesis.openapi.from_url(f"{running.address}/openapi.json", config=SchemathesisConfig())
    headers = filled[0].authorization("viewer")
    tried = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @settings(
            max_examples=30, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
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
    assert tried > 100
    async with running.client() as client:
        assert (await client.get("/health")).status_code == 200
