"""What an operator and a manager do first: an organisation, a token, connections, a read, teams."""

import asyncio
import json
import re
from typing import Any

from tests.stack.stack import Stack, until

SAMPLE = {"user": "sample@fernweh.example", "token": "sample-token"}
DEMO = "http://demo:8099"
ORGANISATION = "Fernweh"


def fill(stack: Stack) -> None:
    """An organisation with a token, connections made over HTTP, everything read, teams told."""
    stack.ovia("admin", "create-organisation", ORGANISATION)
    issued = stack.ovia(
        "admin", "issue-token", "--organisation", ORGANISATION, "--name", "stack tests", "--role", "admin"
    )
    found = re.search(r"ovia_[a-z2-7]{52}_[a-z2-7]{52}", issued)
    assert found, issued
    stack.token = found[0]
    asyncio.run(_connect(stack))
    stack.timed("read the sample organisation", lambda: stack.ovia("sync", "--patience", "300", "--replicas", "2"))
    seed = ["ovia-demo", "seed", "--url", "http://api:8000"]
    told = stack.docker("ps", "--quiet", "--filter", "label=com.docker.swarm.service.name=ovia_demo").split()
    stack.docker("exec", "--env", f"OVIA_TOKEN={stack.token}", told[0], *seed)


_BUSY = """
    select (select count(*) from pg_stat_activity
             where application_name ~ '(derive|snapshots|forecasts|index)$' and state <> 'idle')
         + (select count(*) from ask_due where failed_at is null)
"""
_LOOKS = 12


def settle(stack: Stack) -> None:
    """Waits until what a first read sets going is over: facts, the history of numbers, and the index of texts."""
    seen = [1]

    def quiet() -> bool:
        seen.append(int(stack.execute("postgres", "psql", "--username=postgres", "--dbname=ovia", "-Atc", _BUSY)))
        return not any(seen[-_LOOKS:])

    stack.timed("facts and numbers of it", lambda: until(quiet, "nothing is made beside requests", 480))


async def _connect(stack: Stack) -> None:
    async with stack.client.session() as session:
        for kind in ("jira", "gitlab", "confluence"):
            body = {
                "kind": kind, "name": kind.title(), "base_url": f"{DEMO}/{kind}", "settings": {"sample": True},
                "credentials": SAMPLE if kind != "gitlab" else {"token": SAMPLE["token"]},
            }  # fmt: skip
            async with session.post("/connections", json=body) as answer:
                assert answer.status == 201, await answer.text()


async def asked(stack: Stack, path: str, expected: int = 200, method: str = "GET", body: Any = None) -> Any:
    """What the gateway answers to the admin of the organisation: JSON as Python values, anything else as text."""
    sent = {"json": body, "allow_redirects": False}
    async with stack.client.session() as session, session.request(method, path, **sent) as answer:
        text = await answer.text()
        assert answer.status == expected, text
        return json.loads(text) if "json" in answer.content_type else text
