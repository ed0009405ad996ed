"""Building the images of a stack, each from the one Dockerfile that describes it."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovia_stack import docker, environment, files


@dataclass(frozen=True)
class Image:
    """One image: its Dockerfile, and the variables of infra/.env that it takes as build arguments.

    `content` is all it is made of, for images that do not change with every release: their tag is a digest of it, so
    that a release which changes only services leaves the database and the gateway alone.
    """

    name: str
    dockerfile: str
    arguments: tuple[str, ...] = ("PYTHON_IMAGE",)
    content: tuple[str, ...] = ()


IMAGES = (
    Image("postgres", "infra/postgres/Dockerfile", ("POSTGRES_IMAGE",), ("infra/postgres",)),
    # Its configuration is not in it.
    Image("gateway", "infra/caddy/Dockerfile", ("CADDY_IMAGE",), ("infra/caddy/Dockerfile",)),
    Image("migrate", "infra/images/migrate/Dockerfile"),
    Image("api", "services/api/Dockerfile"),
    Image("metrics", "services/metrics/Dockerfile"),
    Image("rag", "services/rag/Dockerfile"),
    Image("console", "services/console/Dockerfile"),
    Image("ingest", "services/ingest/Dockerfile"),
    Image("backup", "infra/backup/Dockerfile", ("POSTGRES_IMAGE",)),
)


def tag(image: Image, settings: Mapping[str, str], checkout: Path = files.CHECKOUT) -> str:
    """The version, or a digest of what the image is made of."""
    if not image.content:
        return settings["OVIA_VERSION"]
    digest = hashlib.sha256()
    for path in (checkout / place for place in image.content):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(f"{file.relative_to(checkout)}\0".encode() + file.read_bytes() + b"\0")
    digest.update("".join(f"{name}={settings.get(name, '')}\0" for name in image.arguments).encode())
    return digest.hexdigest()[:12]


def tags(settings: Mapping[str, str]) -> dict[str, str]:
    """`OVIA_TAG_<NAME>` for the images that are not called by the version."""
    return {f"OVIA_TAG_{image.name.upper()}": tag(image, settings) for image in IMAGES if image.content}


def reference(image: Image, settings: Mapping[str, str], checkout: Path = files.CHECKOUT) -> str:
    """What an image is called: prefix, name, tag."""
    return f"{settings.get('OVIA_IMAGES', 'ovia')}/{image.name}:{tag(image, settings, checkout)}"


def build(image: Image, settings: Mapping[str, str], checkout: Path = files.CHECKOUT, *, quiet: bool = False) -> str:
    """Builds one image from a checkout and returns its reference. Raises `StackError`, docker's output being shown."""
    called = reference(image, settings, checkout)
    if image.content and docker.exists("image", called):
        return called
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
