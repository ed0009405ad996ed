"""From nothing to answers: the stack is deployed, reads its sources by schedule, and answers over TLS."""

import asyncio
import json
import re
import subprocess
from typing import Any

import pytest

from tests.stack import standins
from tests.stack.stack import Stack, until

SAMPLE = {"user": "sample@fernweh.example", "token": "sample-token"}
DEMO = "http://demo:8099"
ORGANISATION = "Fernweh"


@pytest.fixture(scope="session")
def synced(stack: Stack) -> Stack:
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
    return stack


async def _connect(stack: Stack) -> None:
    async with stack.client.session() as session:
        for kind in ("jira", "gitlab", "confluence"):
            body = {
                "kind": kind, "name": kind.title(), "base_url": f"{DEMO}/{kind}", "settings": {"sample": True},
                "credentials": SAMPLE if kind != "gitlab" else {"token": SAMPLE["token"]},
            }  # fmt: skip
            async with session.post("/connections", json=body) as answer:
                assert answer.status == 201, await answer.text()


async def asked(stack: Stack, path: str, expected: int = 200) -> Any:
    async with stack.client.session() as session, session.get(path, allow_redirects=False) as answer:
        text = await answer.text()
        assert answer.status == expected, text
        return json.loads(text) if "json" in answer.content_type else text


def test_everything_is_up_and_says_which_version_it_is(stack: Stack) -> None:
    told = stack.ovia("status")
    assert "not up" not in told
    assert re.search(r"migrate\s.*done", told)
    info = asyncio.run(asked(stack, "/info"))
    assert info["service"] == "ovia-api"
    assert len(info["build"]) == 40


def test_what_the_sources_hold_is_read_through_the_scheduled_service(synced: Stack) -> None:
    rows = asyncio.run(asked(synced, "/sync?limit=200"))["data"]
    assert {row["source"] for row in rows} >= {"jira", "gitlab", "confluence"}
    assert not [row for row in rows if row["last_error"]]
    people = asyncio.run(asked(synced, "/team/people?limit=200"))
    assert 50 <= len(people["data"]) <= 80


def test_kpis_are_derived_and_equal_what_is_known_of_the_sample(synced: Stack) -> None:
    answers = synced.docker("exec", synced.tasks("demo")[0]["Id"], "ovia-demo", "answers")
    known = json.loads(answers)["counts"]

    def derived() -> bool:
        kpis = asyncio.run(asked(synced, "/team/kpi"))["kpis"]
        return bool(kpis) and any(one["value"] for one in kpis)

    until(derived, "the first KPI has a value", 180)
    rows = asyncio.run(asked(synced, "/sync?limit=200"))["data"]
    read = sum(row["progress"]["done"] for row in rows if row["stream"] == "issues")
    assert read == known["work_items"]


def test_a_receipt_of_a_number_replays_over_the_gateway(synced: Stack) -> None:
    kpis = asyncio.run(asked(synced, "/team/kpi"))["kpis"]
    receipt = next(one["receipt_id"] for one in kpis if one.get("receipt_id"))
    replayed = asyncio.run(asked(synced, f"/receipts/{receipt}/replay"))
    assert replayed["equal"] is True


def test_plain_http_is_sent_to_https_and_metrics_are_nobodys_outside(stack: Stack) -> None:
    head = subprocess.run(
        ["curl", "--silent", "--head", f"http://localhost:{stack.http_port}/ready"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.match(r"HTTP/1.1 30[18]", head)
    assert "location: https://localhost/ready" in head.lower()
    asyncio.run(asked(stack, "/metrics", 404))


def test_grafana_is_behind_ovias_own_authentication(synced: Stack) -> None:
    port = synced.client._base
    assert port
    told = subprocess.run(
        ["curl", "--silent", "--insecure", "--output", "/dev/null", "--write-out", "%{http_code}", f"{port}/grafana/"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert told == "401"


def test_a_setting_that_is_missing_stops_the_deployment_with_its_name(stack: Stack) -> None:
    told = stack.ovia("check", succeeds=False, OVIA_DOMAIN="")
    assert "OVIA_DOMAIN" in told
    for file in ("docker-compose.swarm.yml", "docker-compose.ingest.yml"):
        done = subprocess.run(
            ["docker", "stack", "deploy", "--compose-file", str(standins.CHECKOUT / file), "nothing"],
            env={"PATH": "/usr/bin:/bin", "DOCKER_HOST": stack._environment["DOCKER_HOST"]},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert re.search(r"(OVIA_[A-Z_]+)", done.stderr), done.stderr
