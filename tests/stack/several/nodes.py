"""Three engines on one machine, each in a network namespace of its own, joined by a bridge: a swarm of three nodes."""

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.stack.engine import CACHE, START_SECONDS

BRIDGE = "ovia-nodes"
NETWORK = "10.139.77"
FORWARDED = ("-i", BRIDGE, "-o", BRIDGE, "-j", "ACCEPT")


class Node:
    """One engine at an address of the bridge, called by a name of its own."""

    def __init__(self, number: int) -> None:
        self.name = f"ovia-node-{number}"
        self.ip = f"{NETWORK}.{10 + number}"
        self._directory = CACHE / self.name
        self.docker_host = f"unix://{self._directory}/docker.sock"
        self._link = f"ovia-veth-{number}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Makes the namespace, its link, and starts the engine in it. Raises `AssertionError` with its log."""
        self._directory.mkdir(parents=True, exist_ok=True)
        inside = ("ip", "netns", "exec", self.name)
        _run("ip", "netns", "add", self.name)
        _run("ip", "link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _run("ip", "link", "set", self._link, "master", BRIDGE, "up")
        _run(*inside, "ip", "address", "add", f"{self.ip}/24", "dev", "eth0")
        _run(*inside, "ip", "link", "set", "eth0", "up")
        # And no way out: a registry or a name server that is asked for does not keep anybody waiting.
        _run(*inside, "ip", "link", "set", "lo", "up")
        dockerd = shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert dockerd
        state = ("data-root", "data"), ("exec-root", "exec"), ("pidfile", "pid")
        places = [f"--{option}={self._directory}/{place}" for option, place in state]
        # Not by `ip netns exec`, which hides the control groups. A node is called by the name of its host.
        entered = ("nsenter", f"--net=/run/netns/{self.name}")
        named = ("unshare", "--uts", "sh", "-c", f'hostname {self.name} && exec "$@"', "sh")
        with (self._directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*entered, *named, dockerd, *places, f"--host={self.docker_host}", f"--cgroup-parent=/{self.name}",
                 "--mtu=1350"],
                stdout=log, stderr=log,
            )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while self.docker("info", succeeds=False) is None:
            assert time.monotonic() < end, (self._directory / "log").read_text(errors="replace")[-2000:]
            time.sleep(0.2)
        self.docker("swarm", "leave", "--force", succeeds=False)

    def docker(self, *arguments: str, succeeds: bool = True) -> str | None:
        """What docker printed on this node's engine; None where it failed and may."""
        done = subprocess.run(
            ["docker", *arguments], env={**os.environ, "DOCKER_HOST": self.docker_host},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0 or not succeeds, f"{self.name}: docker {arguments}: {done.stderr[-2000:]}"
        return done.stdout if done.returncode == 0 else None

    def power_off(self) -> None:
        """As if somebody pulled the plug: the link is gone, then every process."""
        subprocess.run(["ip", "link", "set", self._link, "down"], check=False)
        told = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=False).stdout
        # Containers are in namespaces of their own; they are children of the node's containerd.
        roots = set(told.split())
        for process in sorted(roots | _below(roots), key=int, reverse=True):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), 9)
        if self._process is not None:
            self._process.wait()

    def remove(self) -> None:
        """Ends whatever is left of it, images too."""
        self.power_off()
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "delete", self._link], check=False, capture_output=True)
        for mount in reversed(Path("/proc/mounts").read_text().splitlines()):
            if f"{self._directory}/" in mount:
                subprocess.run(["umount", "--lazy", mount.split()[1]], check=False, capture_output=True)
        shutil.rmtree(self._directory, ignore_errors=True)


def bridge() -> None:
    """The network between the nodes."""
    _run("ip", "link", "add", BRIDGE, "type", "bridge")
    _run("ip", "address", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
    _run("ip", "link", "set", BRIDGE, "up")
    # An engine outside may have told the kernel to forward nothing, and frames of a bridge are asked about, too.
    subprocess.run(["iptables", "-I", "FORWARD", *FORWARDED], check=False, capture_output=True)


def remove_bridge() -> None:
    """Takes back what `bridge` made; nothing is said if it never was."""
    subprocess.run(["iptables", "-D", "FORWARD", *FORWARDED], check=False, capture_output=True)
    subprocess.run(["ip", "link", "delete", BRIDGE], check=False, capture_output=True)


def _below(roots: set[str]) -> set[str]:
    """Every descendant of these processes."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[status.parent.name] = status.read_text().rpartition(")")[2].split()[1]
    found: set[str] = set()
    while more := {child for child, parent in parents.items() if parent in roots | found} - found:
        found |= more
    return found


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
