"""What is done to a running stack costs its users no request."""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable

from tests.stack.load import Traffic
from tests.stack.stack import Stack, until

# Of load before and after what is done, so that neither end goes unseen.
MARGIN_SECONDS = 3.0
AT_LEAST_PER_SECOND = 50.0


def under_load(stack: Stack, what: str, doing: Callable[[], object]) -> Traffic:
    """Does something while requests come in. Fails the test if there were too few of them to say anything."""

    async def through() -> Traffic:
        async with stack.client.load() as traffic:
            await asyncio.sleep(MARGIN_SECONDS)
            await asyncio.to_thread(doing)
            await asyncio.sleep(MARGIN_SECONDS)
        return traffic

    traffic = stack.timed(what, lambda: asyncio.run(through()))
    stack.told[what] = traffic.told()
    assert traffic.sent / traffic.seconds >= AT_LEAST_PER_SECOND, traffic.told()
    assert isinstance(traffic, Traffic)
    return traffic


def replicas(stack: Stack, service: str) -> int:
    return sum(task["State"].get("Health", {}).get("Status") == "healthy" for task in stack.tasks(service))


def scaled(stack: Stack, count: int) -> None:
    stack.docker("service", "scale", "--detach", f"ovia_api={count}")
    until(lambda: len(stack.tasks("api")) == count == replicas(stack, "api"), f"{count} replicas", 90)


def updated(stack: Stack, service: str) -> str:
    (found,) = json.loads(stack.docker("service", "inspect", f"ovia_{service}"))
    return str((found.get("UpdateStatus") or {}).get("State"))


def test_a_rolling_update_of_every_service_fails_no_request(steady: Stack) -> None:
    services = ("api", "metrics", "rag", "console")

    def update() -> None:
        for service in services:
            steady.docker("service", "update", "--force", "--detach", f"ovia_{service}")
        until(lambda: all(updated(steady, one) == "completed" for one in services), "all services are updated", 200)

    traffic = under_load(steady, "rolling update of four services", update)
    assert traffic.failed == 0, traffic.told()


def test_scaling_up_and_down_fails_no_request(steady: Stack) -> None:
    def scale() -> None:
        for count in (1, 3, 1, 2):
            scaled(steady, count)

    traffic = under_load(steady, "scaling 2 to 1 to 3 to 1 to 2", scale)
    assert traffic.failed == 0, traffic.told()


def test_a_replica_that_is_killed_fails_no_request_and_is_replaced(steady: Stack) -> None:
    def kill() -> None:
        victim = steady.tasks("api")[0]
        subprocess.run(["kill", "-9", str(victim["State"]["Pid"])], check=True)
        until(
            lambda: victim["Id"] not in {task["Id"] for task in steady.tasks("api")} and replicas(steady, "api") == 2,
            "the killed replica is replaced",
            60,
        )

    traffic = under_load(steady, "kill -9 of a replica", kill)
    assert traffic.failed == 0, traffic.told()


def test_a_release_that_does_not_start_is_taken_back_by_itself(steady: Stack) -> None:
    steady.docker(
        "build", "--quiet", "--tag", "ovia/api:broken", "--build-arg", "FROM=ovia/api:this", "tests/stack/images/broken"
    )
    before = {task["Id"] for task in steady.tasks("api")}

    def release() -> None:
        steady.docker("service", "update", "--detach", "--image", "ovia/api:broken", "ovia_api")
        until(lambda: updated(steady, "api") == "rollback_completed", "the release is rolled back", 120)

    traffic = under_load(steady, "a release that does not start", release)
    assert traffic.failed == 0, traffic.told()
    until(lambda: replicas(steady, "api") == 2, "both replicas are well")
    assert {task["Config"]["Image"].partition("@")[0] for task in steady.tasks("api")} == {"ovia/api:this"}
    assert before & {task["Id"] for task in steady.tasks("api")}


def test_a_database_that_restarts_costs_only_answers_that_say_when_to_come_back(steady: Stack) -> None:
    restarted: list[float] = []

    def restart() -> None:
        (task,) = steady.tasks("postgres")
        restarted.append(time.monotonic())
        steady.docker("service", "update", "--force", "--detach", "ovia_postgres")
        until(
            lambda: replicas(steady, "postgres") == 1 and steady.tasks("postgres")[0]["Id"] != task["Id"],
            "the database is back",
            60,
        )

    before = {service: {task["Id"] for task in steady.tasks(service)} for service in ("api", "metrics")}
    traffic = under_load(steady, "restart of the database", restart)
    assert set(traffic.statuses) <= {200, 201, 503}, traffic.told()
    assert not traffic.unanswered, traffic.told()
    assert traffic.without_retry_after == 0, traffic.told()
    away = max(0.0, traffic.last_failure - restarted[0])
    steady.told["answers were missing for"] = f"{away:.1f} s after the database was told to restart"
    # How long it takes is a figure, not a test; this is what would be wrong whatever the machine is busy with.
    assert away < 30, traffic.told()
    # Nothing was killed for it.
    assert before == {service: {task["Id"] for task in steady.tasks(service)} for service in before}


def test_a_second_server_does_not_start_on_the_same_data(steady: Stack) -> None:
    (task,) = steady.tasks("postgres")
    second = subprocess.run(
        ["docker", "run", "--rm", "--env", "OVIA_POSTGRES_LOCK_SECONDS=1", "--tmpfs", "/tmp", "--mount",
         "type=volume,source=ovia_postgres-data,target=/var/lib/postgresql/data", task["Config"]["Image"]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert second.returncode == 2
    assert "another server works on this data directory" in second.stderr
    assert replicas(steady, "postgres") == 1


async def _export(stack: Stack) -> int:
    path = "/team/kpi/history/export?kpi=throughput.merge_requests&bucket=day"
    async with stack.client.session() as session, session.get(path) as answer:
        await answer.read()
        return answer.status


def test_what_is_under_way_when_a_replica_is_told_to_end_is_answered(steady: Stack) -> None:
    async def through() -> list[int]:
        asked = [asyncio.create_task(_export(steady)) for _ in range(8)]
        await asyncio.sleep(0.05)
        for task in steady.tasks("metrics"):
            await asyncio.to_thread(steady.docker, "kill", "--signal", "TERM", task["Id"])
        return list(await asyncio.gather(*asked))

    assert set(asyncio.run(through())) == {200}
    until(lambda: replicas(steady, "metrics") == 2, "both replicas are back")
