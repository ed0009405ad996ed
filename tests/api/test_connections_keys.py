"""What needs a key for credentials says so; what needs none works without."""

import pytest

from tests.api.conftest import Organisations, StartService
from tests.api.connecting import add
from tests.conftest import RoleDsn


async def test_without_a_key_the_answer_says_what_to_set(
    start_service: StartService, role_dsn: RoleDsn, organisations: Organisations
) -> None:
    service = await start_service("ovia-api", OVIA_DATABASE_URL=role_dsn("ovia_api"))
    async with service.client(**organisations[0].authorization("admin")) as client:
        body = {"kind": "jira", "name": "Jira", "base_url": "https://jira.example", "credentials": {"token": "t"}}
        answer = await client.post("/connections", json=body, params={"verify": "false"})
        assert answer.status_code == 503
        assert "OVIA_CREDENTIALS_KEYS" in answer.json()["detail"]
        # What needs no secret works all the same.
        await add(client)


async def test_a_malformed_key_stops_the_service_in_one_sentence(
    start_service: StartService, role_dsn: RoleDsn
) -> None:
    with pytest.raises(AssertionError, match="OVIA_CREDENTIALS_KEYS") as fault:
        await start_service("ovia-api", OVIA_DATABASE_URL=role_dsn("ovia_api"), OVIA_CREDENTIALS_KEYS="hush-hush")
    assert "Traceback" not in str(fault.value)
    assert "hush-hush" not in str(fault.value)
