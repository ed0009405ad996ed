"""What a container may do, looked at from outside and tried from inside."""

import json
from pathlib import Path

import pytest

from tests.stack.stack import Stack

OURS = ("api", "metrics", "rag", "console", "caddy", "postgres", "backup")
BESIDE = ("prometheus", "alertmanager", "blackbox-exporter", "postgres-exporter", "node-exporter")
NO_RIGHTS = "0000000000000000"


@pytest.mark.parametrize("service", [*OURS, *BESIDE])
def test_no_container_is_root_or_can_become_it(stack: Stack, service: str) -> None:
    for task in stack.tasks(service):
        status = stack.docker("exec", task["Id"], "cat", "/proc/1/status") if service in OURS else _status(task)
        values = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert "0" not in values["Uid"].split()
        assert (values["CapEff"].strip(), values["CapPrm"].strip(), values["CapBnd"].strip()) == (NO_RIGHTS,) * 3


def _status(task: dict[str, object]) -> str:
    # The images of others hold no `cat`; their processes are the machine's, too.
    state = task["State"]
    assert isinstance(state, dict)
    return Path(f"/proc/{state['Pid']}/status").read_text()


@pytest.mark.parametrize("service", [*OURS, *BESIDE])
def test_the_root_file_system_cannot_be_written(stack: Stack, service: str) -> None:
    for task in stack.tasks(service):
        assert task["HostConfig"]["ReadonlyRootfs"] is True
        assert task["HostConfig"]["CapDrop"] == ["ALL"]
        assert task["HostConfig"]["Memory"] > 0
        assert task["HostConfig"]["PidsLimit"] > 0


@pytest.mark.parametrize("service", OURS)
def test_writing_outside_volumes_fails_and_in_tmp_works(stack: Stack, service: str) -> None:
    name = stack.tasks(service)[0]["Id"]
    places = "/ /etc /usr/bin /app /srv /var/lib"
    script = f"touch /tmp/ovia && for d in {places}; do touch $d/ovia 2>/dev/null && echo $d; done; true"
    assert stack.docker("exec", name, "sh", "-c", script) == ""


def test_secrets_are_in_no_environment_image_log_or_description(stack: Stack) -> None:
    held = {file.name: file.read_text().strip() for file in stack.secrets.iterdir() if not file.name.startswith(".")}
    needles = [secret for secret in held.values() if len(secret) >= 16] + ([stack.token] if stack.token else [])
    assert len(needles) >= 8
    services = stack.docker("service", "ls", "--format", "{{.Name}}").split()
    places = {"services": stack.docker("service", "inspect", *services)}
    containers = stack.docker("ps", "--all", "--quiet").split()
    places["containers"] = stack.docker("inspect", *containers)
    images = [
        line
        for line in stack.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
        if line.startswith("ovia/")
    ]
    places["images"] = stack.docker("image", "inspect", *images) + "".join(
        stack.docker("history", "--no-trunc", image) for image in images
    )
    # Not by service: the engine may wait for ever for lines of a task that never had a container.
    for container in containers:
        places[f"log of {container}"] = stack.docker("logs", container, errors_too=True)
    leaks = [(place, name) for place, text in places.items() for name, needle in enumerate(needles) if needle in text]
    assert leaks == []
    for service in OURS:
        for task in stack.tasks(service):
            environment = json.dumps(task["Config"]["Env"])
            assert not any(needle in environment for needle in needles)


def test_secret_files_can_be_read_by_their_service_alone(stack: Stack) -> None:
    for service in ("api", "metrics", "rag"):
        told = stack.execute(service, "sh", "-c", "stat -c '%a %u' /run/secrets/*")
        assert set(told.split("\n")) <= {"400 10001", ""}
    assert "postgresql://ovia_api" in stack.execute("api", "cat", "/run/secrets/ovia_database_url")


def test_the_database_is_reached_from_the_data_network_alone(stack: Stack) -> None:
    probe = "import socket,sys\ntry: socket.create_connection(('postgres',5432),2)\nexcept OSError: sys.exit(3)"
    stack.execute("api", "python3", "-c", probe)
    console = stack.tasks("console")[0]["Id"]
    told = stack.docker("exec", console, "sh", "-c", f"python3 -c '{probe.replace(chr(39), chr(34))}'; echo $?")
    assert told.strip() == "3"


def test_no_compiler_or_package_tool_of_the_build_is_in_our_images(stack: Stack) -> None:
    for service in ("api", "metrics", "rag", "console"):
        found = stack.execute(service, "sh", "-c", "command -v gcc cc make uv || true")
        assert found == ""
