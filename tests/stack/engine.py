"""A Docker engine of the tests' own: started by hand, in swarm mode, with its data apart from any other engine's."""

import os
import shutil
import subprocess
import time
from pathlib import Path

CACHE = Path(os.environ.get("OVIA_STACK_CACHE", "/var/cache/ovia-stack"))
START_SECONDS = 60.0


class Engine:
    """`dockerd` on a socket below a directory. What it built stays there, so that the next run finds it."""

    def __init__(self, directory: Path = CACHE / "engine") -> None:
        self._directory = directory
        # One that runs already, of somebody who tries things out: nothing on it is cleared but the swarm.
        self._given = os.environ.get("OVIA_STACK_DOCKER_HOST")
        self.address = self._given or f"unix://{directory}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the engine with an empty swarm: no service, container, secret or volume of an earlier run.

        Raises `AssertionError` if it does not answer, with the end of its log.
        """
        if self._given is None:
            self._forget()
            self._start()
            self._clear()
        else:
            self._leave()
        made = self._docker("swarm", "init", "--advertise-addr", "127.0.0.1")
        assert made.returncode == 0, made.stderr
        # Alloy is packaged in no registry that can be reached here.
        node = self._docker("node", "ls", "--quiet").stdout.strip()
        assert self._docker("node", "update", "--label-add", "ovia.logs=false", node).returncode == 0

    def _forget(self) -> None:
        """Removes what an engine that was killed remembers of its swarm.

        It would go on listing the swarm's networks, which a deployment then takes for there, and no service finds.
        """
        for state in ("swarm", "network"):
            shutil.rmtree(self._directory / "data" / state, ignore_errors=True)

    def _start(self) -> None:
        dockerd = shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert dockerd, "dockerd is missing: `make stack-test` installs Debian's docker.io"
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    dockerd,
                    f"--data-root={self._directory}/data",
                    f"--exec-root={self._directory}/exec",
                    f"--pidfile={self._directory}/pid",
                    f"--host={self.address}",
                    # Tunnels of an overlay need room, and some machines' links are narrow already.
                    "--mtu=1350",
                ],
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + START_SECONDS
        while self._docker("info").returncode != 0:
            log_text = (self._directory / "log").read_text(errors="replace")[-2000:]
            assert self._process.poll() is None, f"dockerd ended: {log_text}"
            assert time.monotonic() < end, f"dockerd does not answer: {log_text}"
            time.sleep(0.2)

    def _clear(self) -> None:
        """Leaves the swarm and removes every container, volume and network; images and build caches stay."""
        self._docker("swarm", "leave", "--force")
        if containers := self._docker("ps", "--all", "--quiet").stdout.split():
            self._docker("rm", "--force", "--volumes", *containers)
        self._docker("network", "prune", "--force")
        if volumes := self._docker("volume", "ls", "--quiet").stdout.split():
            self._docker("volume", "rm", "--force", *volumes)

    def _leave(self) -> None:
        """Takes the stacks down, leaves the swarm and removes their volumes; another's containers and volumes stay."""
        end = time.monotonic() + START_SECONDS
        self._docker("stack", "rm", "ovia-ingest", "ovia")
        # An engine that leaves while tasks still hold a network remembers it for ever, and finds it in no later swarm.
        overlays = ("network", "ls", "--quiet", "--filter", "label=com.docker.stack.namespace")
        while self._docker(*overlays).stdout.split() and time.monotonic() < end:
            time.sleep(0.5)
        self._docker("swarm", "leave", "--force")
        listing = ("volume", "ls", "--quiet", "--filter", "label=com.docker.stack.namespace")
        while volumes := self._docker(*listing).stdout.split():
            assert time.monotonic() < end, f"still in use: {volumes}"
            if self._docker("volume", "rm", *volumes).returncode != 0:
                time.sleep(0.5)

    def stop(self) -> None:
        """Ends the engine and everything it ran."""
        if self._process is None:
            self._leave()
            return
        self._clear()
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _docker(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", *arguments], env={**os.environ, "DOCKER_HOST": self.address},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
