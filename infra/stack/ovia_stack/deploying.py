"""`make deploy`: everything checked first, then secrets, configs, services; ends when all of it runs."""

import datetime as dt
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from ovia_stack import alerting, building, compose, docker, files, secret_files, services, spreading
from ovia_stack.errors import StackError

LOOK_SECONDS = 1.0
TRIES = 5
# A swarm begins an update a moment after it was asked for; until then everything looks settled as it was.
SETTLED_LOOKS = 5
# Which nodes may carry what. On a swarm of one node there is no choice, so it is made here.
NODE_LABELS = ("ovia.database", "ovia.edge", "ovia.monitoring")


def compose_files(settings: Mapping[str, str]) -> list[Path]:
    """The files of the main stack: an S3 repository needs a way out for the database and its backup."""
    return [files.MAIN, *([files.S3] if settings.get("OVIA_BACKUP_REPOSITORY") in ("s3", "both") else [])]


def check(settings: Mapping[str, str], extra: list[Path]) -> dict[str, str]:
    """The environment the compose files are read with, but for the names of secrets.

    Raises `StackError` for a variable, a config file or a secret file that is missing, before anything is changed.
    """
    files.RENDERED.mkdir(parents=True, exist_ok=True)
    rendered = files.RENDERED / "alertmanager.yml"
    rendered.write_text(alerting.render(settings, secret_files.given()))
    environment = {**settings, **building.tags(settings), "OVIA_ALERTMANAGER_CONFIG": str(rendered)}
    paths = [*compose_files(settings), files.SCHEDULED, *extra]
    return environment | compose.config_digests(paths, environment)


def deploy(settings: Mapping[str, str], console: Console, *, patience: float, extra: list[Path] | None = None) -> None:
    """Deploys both stacks and waits until they are settled.

    `extra` are compose files of one's own, laid over the main stack's. Raises `StackError` naming each service that
    did not come up within `patience` seconds or was rolled back, with what it said.
    """
    extra = extra or []
    environment = check(settings, extra)
    docker.require_manager()
    label_only_node(console)
    main = [*compose_files(settings), *extra]
    names = compose.secret_names([*main, files.SCHEDULED])
    host = settings.get("OVIA_DATABASE_HOST", "postgres:5432")
    environment |= secret_files.published(secret_files.contents(names, host), files.SECRETS)
    migrate_first(settings, console, patience)
    began = dt.datetime.now(dt.UTC).replace(microsecond=0)
    _deployed(services.STACK, main, environment)
    wait(console, began, patience)
    # After the main stack: its networks are in that one.
    _deployed(services.SCHEDULED_STACK, [files.SCHEDULED], environment)
    tidy(environment)
    spreading.spread(console, patience)


def migrate_first(settings: Mapping[str, str], console: Console, patience: float) -> None:
    """Has the new version's migrations applied beside a stack that runs, before any of its services is replaced.

    A long migration would otherwise look like a release that does not become healthy, and be taken back half done.
    Does nothing where nothing is deployed yet. Raises `StackError`; the stack goes on as it was then.
    """
    name = f"{services.STACK}_migrate"
    if not docker.exists("service", name):
        return
    image = building.reference(next(one for one in building.IMAGES if one.name == "migrate"), settings)
    docker.run("service", "update", "--detach", "--force", "--image", image, name)
    end = time.monotonic() + patience
    with console.status("Migrating …"):
        while True:
            (task, *_) = docker.lines("service", "ps", "--no-trunc", name)
            # The newest task is listed first; until it is made, that is the one of the version before.
            if image in task["Image"] and task["CurrentState"].startswith("Complete"):
                break
            if time.monotonic() > end:
                raise StackError(f"the migrations are not through after {patience:.0f} s {task['Error']}: `make logs "
                                 "SERVICE=migrate` says more. Nothing else was changed.")  # fmt: skip
            time.sleep(LOOK_SECONDS)
    console.print("[green]✓[/green] The schema is current.")


def label_only_node(console: Console) -> None:
    """Gives the only node of a swarm every role. Raises `StackError` where there are several and a role has none."""
    nodes = docker.inspect("node", docker.run("node", "ls", "--format", "{{.ID}}").split())
    for label in NODE_LABELS:
        if any(node["Spec"]["Labels"].get(label) == "true" for node in nodes):
            continue
        if len(nodes) > 1:
            raise StackError(f"no node carries {label}: docker node update --label-add {label}=true NODE")
        docker.run("node", "update", "--label-add", f"{label}=true", nodes[0]["ID"])
        console.print(f"[dim]The only node was given the role {label}.[/dim]")


def _deployed(stack: str, paths: list[Path], environment: Mapping[str, str]) -> None:
    chosen = [word for path in paths for word in ("--compose-file", str(path))]
    for left in reversed(range(TRIES)):
        try:
            docker.run("stack", "deploy", "--prune", "--with-registry-auth", *chosen, stack, environment=environment)
        except StackError as error:
            # A manager may be asked for a network a moment before it knows of the one just made.
            if not (left and "network" in error.message and "not found" in error.message):
                raise
            time.sleep(LOOK_SECONDS)
        else:
            return


def wait(console: Console, began: dt.datetime, patience: float) -> None:
    """Shows what is not yet settled until everything is. Raises `StackError`."""
    end = time.monotonic() + patience
    settled, found = 0, services.of(services.STACK)
    with console.status("Starting …") as status:
        while settled < SETTLED_LOOKS:
            if back := [one for one in found if one.rolled_back and one.update_began and one.update_began >= began]:
                raise StackError("rolled back to what was there: " + _told(back))
            waiting = [one for one in found if not one.settled]
            settled = 0 if waiting else settled + 1
            if waiting and time.monotonic() > end:
                raise StackError(f"not up after {patience:.0f} s: " + _told(waiting))
            names = ", ".join(f"{one.name} {one.running}/{one.wanted}" for one in waiting)
            status.update(f"Waiting for {names}" if names else "Seeing whether it stays so")
            time.sleep(LOOK_SECONDS)
            found = services.of(services.STACK)
    console.print(f"[green]✓[/green] {len(found)} services are up.")


def tidy(environment: Mapping[str, str]) -> None:
    """Removes the secrets and configs of earlier deployments; those still in use stay, as docker sees to."""
    current = set(environment.values())
    for kind, label in (("secret", secret_files.LABEL), ("config", f"{services.NAMESPACE}={services.STACK}")):
        for one in docker.lines(kind, "ls", "--filter", f"label={label}"):
            if one["Name"] not in current and one["Name"].rpartition("_")[2] not in current:
                try:
                    docker.run(kind, "rm", one["Name"])
                except StackError:
                    continue


def _told(found: list[services.Service]) -> str:
    return "; ".join(f"{one.name} ({one.running}/{one.wanted}) {one.trouble}".rstrip() for one in found)
