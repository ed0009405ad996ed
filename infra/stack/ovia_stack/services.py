"""What a swarm says about the services of a stack."""

import datetime as dt
import re
from dataclasses import dataclass

from ovia_stack import docker

STACK = "ovia"
SCHEDULED_STACK = "ovia-ingest"
NAMESPACE = "com.docker.stack.namespace"


@dataclass(frozen=True)
class Service:
    """One service now. `trouble` is what its newest task or update says where that is not well."""

    name: str
    image: str
    running: int
    wanted: int
    job: bool
    done: bool
    updating: bool
    rolled_back: bool
    update_began: dt.datetime | None
    trouble: str

    @property
    def settled(self) -> bool:
        """Whether nothing more is to happen: all replicas run, or the job is done."""
        return self.done if self.job else self.running == self.wanted and not self.updating


def of(stack: str) -> list[Service]:
    """The services of a stack, by name."""
    listed = docker.lines("service", "ls", "--filter", f"label={NAMESPACE}={stack}")
    details = {one["Spec"]["Name"]: one for one in docker.inspect("service", [one["Name"] for one in listed])}
    found = []
    for one in sorted(listed, key=lambda one: str(one["Name"])):
        detail = details[one["Name"]]
        running, wanted = (int(number) for number in re.findall(r"\d+", one["Replicas"])[:2])
        job = detail["Spec"]["Labels"].get("ovia.job") == "true"
        update = detail.get("UpdateStatus") or {}
        state = update.get("State", "")
        tasks = docker.lines("service", "ps", "--no-trunc", one["Name"]) if job or running != wanted else []
        found.append(
            Service(
                name=one["Name"].removeprefix(f"{stack}_"),
                image=one["Image"],
                running=running,
                wanted=wanted,
                job=job,
                done=job and (wanted == 0 or (bool(tasks) and tasks[0]["CurrentState"].startswith("Complete"))),
                updating=state in ("updating", "rollback_started"),
                rolled_back=state.startswith("rollback") or state == "paused",
                update_began=moment(update.get("StartedAt")),
                trouble=trouble(tasks, update),
            )
        )
    return found


def trouble(tasks: list[dict[str, str]], update: dict[str, str]) -> str:
    """The newest error among the tasks, or what is said of an update that did not go through."""
    for task in tasks:
        if task["Error"]:
            return task["Error"].strip('"')
    return update.get("Message", "") if update.get("State", "").startswith(("rollback", "paused")) else ""


def moment(text: str | None) -> dt.datetime | None:
    """A moment as docker writes it, to the second; None where there is none."""
    return None if not text else dt.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=dt.UTC)
