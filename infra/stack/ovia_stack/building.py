"""Building the images of a stack, each from the one Dockerfile that describes it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovia_stack import docker, environment, files


@dataclass(frozen=True)
class Image:
    """One image: its Dockerfile, and the variables of infra/.env that it takes as build arguments."""

    name: str
    dockerfile: str
    arguments: tuple[str, ...] = ("PYTHON_IMAGE",)


IMAGES = (
    Image("postgres", "infra/postgres/Dockerfile", ("POSTGRES_IMAGE",)),
    Image("gateway", "infra/caddy/Dockerfile", ("CADDY_IMAGE",)),
    Image("migrate", "infra/images/migrate/Dockerfile"),
    Image("api", "services/api/Dockerfile"),
    Image("metrics", "services/metrics/Dockerfile"),
    Image("rag", "services/rag/Dockerfile"),
    Image("console", "services/console/Dockerfile"),
    Image("ingest", "services/ingest/Dockerfile"),
    Image("backup", "infra/backup/Dockerfile", ("POSTGRES_IMAGE",)),
)


def reference(image: Image, settings: Mapping[str, str]) -> str:
    """What an image is called: prefix, name, version."""
    return f"{settings.get('OVIA_IMAGES', 'ovia')}/{image.name}:{settings['OVIA_VERSION']}"


def build(image: Image, settings: Mapping[str, str], checkout: Path = files.CHECKOUT, *, quiet: bool = False) -> str:
    """Builds one image from a checkout and returns its reference. Raises `StackError`, docker's output being shown."""
    called = reference(image, settings)
    arguments = [f"{name}={settings[name]}" for name in image.arguments if name in settings]
    arguments += [f"BUILD={environment.revision()}", f"VERSION={settings['OVIA_VERSION']}"]
    docker.run(
        "build",
        "--file", str(checkout / image.dockerfile),
        "--tag", called,
        "--label", f"org.opencontainers.image.created={dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        *(word for argument in arguments for word in ("--build-arg", argument)),
        str(checkout),
        # Caches of packages between builds need it; newer dockers know nothing else.
        environment={"DOCKER_BUILDKIT": "1"},
        quiet=quiet,
    )  # fmt: skip
    return called


def chosen(names: Sequence[str]) -> list[Image]:
    """The images of these names; all of them for none."""
    return [image for image in IMAGES if not names or image.name in names]


def push(references: Sequence[str]) -> None:
    """Sends images to their registry, from which the other nodes of a swarm take them."""
    for called in references:
        docker.run("push", called, quiet=False)


def pinned(settings: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Every `*_IMAGE` variable with the digest that its tag has at this moment.

    Needs a registry: the digest of an image is known once it was pulled. Raises `StackError`.
    """
    found = {}
    for name in (name for name in environment.declared() if name.endswith("_IMAGE")):
        image = settings.get(name) or defaults.get(name, "")
        if image and "@sha256:" not in image:
            docker.run("pull", "--quiet", image)
            digests = docker.inspect("image", [image])[0]["RepoDigests"]
            found[name] = f"{image}@{digests[0].partition('@')[2]}"
    return found
