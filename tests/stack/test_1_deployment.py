"""From nothing to answers: the stack is deployed, reads its sources by schedule, and answers over TLS."""

import asyncio
import json
import re
import subprocess

from tests.stack import standins
from tests.stack.filling import asked
from tests.stack.stack import Stack, until


def test_everything_is_up_and_says_which_version_it_is(stack: Stack) -> None:
    told = stack.ovia("status")
    assert "not up" not in told
    assert re.search(r"migrate\s.*done", told)
    info = asyncio.run(asked(stack, "/info"))
    assert info["service"] == "ovia-api"
    assert len(info["build"]) == 40


def test_what_the_sources_hold_is_read_through_the_scheduled_service(synced: Stack) -> None:
    rows = asyncio.run(asked(synced, "/sync?limit=200"))["data"]
    assert {row["connection"]["kind"] for row in rows} == {"jira", "gitlab", "confluence"}
    assert not [row for row in rows if row["last_error"]]
    people = asyncio.run(asked(synced, "/team/people?limit=200"))
    assert 50 <= len(people["data"]) <= 80


def test_kpis_are_derived_and_equal_what_is_known_of_the_sample(synced: Stack) -> None:
    known = json.loads(synced.docker("exec", synced.tasks("demo")[0]["Id"], "ovia-demo", "answers"))["kpis"]
    wanted = {
        one["kpi"]: one["n"]
        for one in known
        if (one["kind"], one["window"]) == ("organisation", "2026-09")
        and one["kpi"] in ("throughput.merge_requests", "review.first_response_hours", "dora.deployment_frequency")
    }
    assert len(wanted) == 3

    def told() -> dict[str, int]:
        window = "from=2026-09-01&to=2026-10-01"
        return {name: asyncio.run(asked(synced, f"/team/kpi/{name}?{window}"))["n"] for name in wanted}

    # Facts are derived within seconds of a read's end, family after family.
    until(lambda: told() == wanted, f"{wanted}, not {told()}", 240)


def test_a_receipt_of_a_number_replays_over_the_gateway(synced: Stack) -> None:
    value = asyncio.run(asked(synced, "/team/kpi/throughput.merge_requests?from=2026-09-01&to=2026-10-01"))
    path = f"/receipts/{value['receipt_id']}/replay"
    replayed = asyncio.run(asked(synced, path, method="POST"))
    assert replayed["equal"] is True


def test_ask_answers_in_both_languages_with_the_receipt_of_the_number(synced: Stack) -> None:
    counted = asyncio.run(asked(synced, "/team/kpi/throughput.merge_requests?from=2026-09-01&to=2026-10-01"))
    for question in (
        "How many merge requests were merged in September 2026?",
        "Сколько merge request было влито в сентябре 2026?",
    ):
        answer = asyncio.run(asked(synced, "/ask", 200, "POST", {"question": question}))
        (receipt,) = [one for one in answer["citations"] if one["kind"] == "receipt"]
        assert receipt["kpi"] == "throughput.merge_requests"
        assert receipt["values"]["count"] == counted["values"]["count"]
        assert str(int(counted["values"]["count"])) in answer["statements"][0]["text"]
        replayed = asyncio.run(asked(synced, f"/receipts/{receipt['receipt_id']}/replay", method="POST"))
        assert replayed["equal"] is True


def test_ask_quotes_the_page_that_answers(synced: Stack) -> None:
    question = {"question": "What are the requirements of refund requests?"}

    def cited() -> list[str]:
        answer = asyncio.run(asked(synced, "/ask", 200, "POST", question))
        return [one["title"] for one in answer["citations"] if one["kind"] == "passage"][:3]

    # What was read is cut and indexed within seconds of a read's end.
    until(lambda: any(title.startswith("refund requests: requirements") for title in cited()), "the page is cited", 180)
    due = "select count(*) filter (where failed_at is not null) from ask_due"
    assert synced.execute("postgres", "psql", "--username=postgres", "--dbname=ovia", "-Atc", due).strip() == "0"


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
