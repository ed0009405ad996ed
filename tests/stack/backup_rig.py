"""A database and its backups in containers, as the stack has them: the same images, volumes, secrets and hardening."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from tests.stack import backup_images

PATIENCE_SECONDS = 120.0
PASSPHRASE = "a passphrase of the tests"
PASSWORD = "superuser-of-the-tests"

# Both containers have these; what follows the colon says where.
SHARED = {"socket": "/var/run/postgresql", "repository": "/var/lib/pgbackrest"}
DATA = "/var/lib/postgresql/data"


class Host:
    """One machine: its volumes and its secrets. Whatever it started is gone once it is removed."""

    def __init__(self, directory: Path, network: str = "bridge", **settings: str) -> None:
        self.name = f"backup-{uuid4().hex[:8]}"
        self._network = network
        self._settings = settings
        self._secrets = directory / self.name
        self._secrets.mkdir(mode=0o755)
        self.secret("postgres_superuser_password", PASSWORD)
        self.secret("pgbackrest_cipher_pass", PASSPHRASE)

    def secret(self, name: str, content: str) -> None:
        """Writes a secret as the swarm mounts it: for its owner's eyes."""
        file = self._secrets / name
        file.write_text(content)
        os.chown(file, 999, 999)
        file.chmod(0o400)

    def start(self) -> None:
        """Starts the database and waits until it is well."""
        self._run("postgres", backup_images.POSTGRES, "--detach", "--publish", "127.0.0.1::5432", postgres=True)
        end = time.monotonic() + PATIENCE_SECONDS
        while docker("exec", self.name + "-postgres", "pg_isready", "-q", check=False).returncode != 0:
            assert time.monotonic() < end, self.log("postgres")
            assert self._state("postgres") == "running", self.log("postgres")
            time.sleep(0.1)

    def serve(self, **settings: str) -> None:
        """Starts the backup service beside it and waits until Prometheus could ask it."""
        self._run("backup", backup_images.BACKUP, "--detach", "--publish", "127.0.0.1::9188", settings=settings)
        end = time.monotonic() + PATIENCE_SECONDS
        while '"backups are scheduled"' not in self.log("backup"):
            assert time.monotonic() < end, self.log("backup")
            assert self._state("backup") == "running", self.log("backup")
            time.sleep(0.1)

    def stop(self, part: str = "postgres") -> int:
        """Stops a container as the swarm does, and removes it; its exit code."""
        docker("stop", "--time", "60", f"{self.name}-{part}")
        code = docker("inspect", "--format", "{{.State.ExitCode}}", f"{self.name}-{part}").stdout
        docker("rm", f"{self.name}-{part}")
        return int(code)

    def backup(self, *command: str, succeeds: bool = True, writes: bool = False, **settings: str) -> str:
        """Runs a command of the backup image in a container of its own; what it said. `writes`: to the database's."""
        done = self._run("once", backup_images.BACKUP, "--rm", command=command, writes=writes, settings=settings)
        told = done.stdout + done.stderr
        assert (done.returncode == 0) is succeeds, f"{command}: {told[-4000:]}"
        return told

    def shell(self, script: str, image: str = backup_images.BACKUP) -> str:
        """Runs a script with every volume at hand."""
        done = self._run("once", image, "--rm", command=["bash", "-euc", script], writes=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refuses_to_start(self) -> str:
        """Starts a database that ends by itself; what it said."""
        done = self._run("once", backup_images.POSTGRES, "--rm", postgres=True)
        assert done.returncode != 0
        return done.stderr

    def sql(self, statement: str, database: str = "ovia") -> str:
        """What a statement gives, as the superuser over the socket."""
        asked = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", f"--dbname={database}"]
        return docker("exec", f"{self.name}-postgres", *asked, "--command", statement).stdout.strip()

    def dsn(self, database: str) -> str:
        """The database as the superuser over the network."""
        return f"postgresql://postgres:{PASSWORD}@{self.address('postgres', 5432)}/{database}"

    def address(self, part: str, port: int) -> str:
        """Where a port of a container is on this machine."""
        return docker("port", f"{self.name}-{part}", str(port)).stdout.split()[0]

    def log(self, part: str) -> str:
        """What a container has said."""
        done = docker("logs", f"{self.name}-{part}", check=False)
        return done.stdout + done.stderr

    def take_repository(self, other: "Host") -> None:
        """Copies the repository of another host, as one that is carried over."""
        there = f"{self.name}-repository:{SHARED['repository']}"
        copy = ["cp", "-a", "/from/.", SHARED["repository"]]
        volumes = ["--volume", f"{other.name}-repository:/from:ro", "--volume", there]
        docker("run", "--rm", *volumes, backup_images.BACKUP, *copy)

    def remove(self) -> None:
        """Ends and deletes everything it made."""
        found = docker("ps", "--all", "--quiet", "--filter", f"name=^/{self.name}-").stdout.split()
        if found:
            docker("rm", "--force", *found)
        for volume in docker("volume", "ls", "--quiet", "--filter", f"name={self.name}-").stdout.split():
            docker("volume", "rm", volume)

    def _state(self, part: str) -> str:
        return docker("inspect", "--format", "{{.State.Status}}", f"{self.name}-{part}").stdout.strip()

    def _run(
        self,
        part: str,
        image: str,
        *options: str,
        command: Sequence[str] = (),
        postgres: bool = False,
        writes: bool = False,
        settings: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        own = {"spool": "/var/spool/pgbackrest"} if postgres else {"scratch": "/var/lib/ovia-backup"}
        volumes = [f"{self.name}-{name}:{path}" for name, path in {**SHARED, **own}.items()]
        volumes.append(f"{self.name}-data:{DATA}" + ("" if postgres or writes else ":ro"))
        return docker(
            "run", *options, "--name", f"{self.name}-{part}",
            "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--shm-size", "256m",
            "--tmpfs", "/tmp:mode=1777",
            "--env", "OVIA_POSTGRES_SHARED_BUFFERS=64MB",
            "--network", self._network,
            *(f"--env={name}={value}" for name, value in {**self._settings, **(settings or {})}.items()),
            *(f"--volume={volume}" for volume in volumes),
            "--volume", f"{self._secrets}:/run/secrets:ro",
            image, *command,
            check="--detach" in options,
        )  # fmt: skip

    def once(self, statement: str, what: str) -> None:
        """Waits until a statement gives true. Fails the test with `what` if it never does."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.sql(statement) != "t":
            assert time.monotonic() < end, f"never came about: {what}"
            time.sleep(0.1)


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """`docker ARGUMENTS`. Fails the test if it does, unless `check` is false."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, f"docker {arguments}: {done.stdout[-1000:]}{done.stderr[-3000:]}"
    return done
