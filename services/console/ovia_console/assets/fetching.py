"""Fetches what `package-lock.json` names from the npm registry, checked by its digests; nothing of it is committed.

`make setup` and the image's build run it. With everything in place it does nothing, and needs no network. npm itself is
not needed: of each package one file is taken, and nothing of it is ever run here.
"""

import base64
import hashlib
import io
import json
import os
import sys
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

import msgspec

PLACE = Path(__file__).parent / "files" / "vendor"
LOCK = Path(__file__).parents[2] / "package-lock.json"
# Of which package which file, and what it is called here.
WANTED = {"htmx.org": {"package/dist/htmx.min.js": "htmx.min.js"}}
REGISTRY = "https://registry.npmjs.org"
TIMEOUT_SECONDS = 60
MOST_BYTES = 20 * 1024 * 1024


class FetchError(Exception):
    """A package could not be had, or is not the one that was locked; the message says what to do."""


class Locked(msgspec.Struct, frozen=True):
    """One package as it was locked. `integrity` is `sha512-` and the digest of the archive, in base64."""

    version: str
    integrity: str


def main() -> None:
    """Fetches what is missing. Exit code 1 with a sentence if that fails."""
    # The registry of this machine, as npm itself is told it.
    registry = os.environ.get("npm_config_registry", REGISTRY).rstrip("/")  # noqa: SIM112 (npm's own name)
    try:
        fetch(PLACE, LOCK, registry)
    except FetchError as error:
        print(f"ovia-console-assets: {error}", file=sys.stderr)  # noqa: T201 (a command says what went wrong)
        sys.exit(1)


def fetch(place: Path, lock: Path, registry: str) -> list[str]:
    """Fills `place`; the names of the packages that were fetched. Raises `FetchError`."""
    fetched = []
    for name, locked in _locked(lock).items():
        stamp = place / f"{name}.stamp"
        wanted = WANTED[name]
        there = all((place / own).is_file() for own in wanted.values())
        if there and stamp.is_file() and stamp.read_text() == locked.integrity:
            continue
        archive = _downloaded(f"{registry}/{name}/-/{name.rpartition('/')[2]}-{locked.version}.tgz")
        if not _is(archive, locked.integrity):
            raise FetchError(f"{name} {locked.version} from {registry} is not what {lock.name} has the digest of")
        place.mkdir(parents=True, exist_ok=True)
        for member, own in wanted.items():
            (place / own).write_bytes(_member(archive, member, name))
        # Last: what was cut off in the middle is fetched again.
        stamp.write_text(locked.integrity)
        fetched.append(name)
    return fetched


def _locked(lock: Path) -> dict[str, Locked]:
    packages = json.loads(lock.read_text("utf-8"))["packages"]
    return {name: msgspec.convert(packages[f"node_modules/{name}"], Locked) for name in WANTED}


def _downloaded(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 (the registry's own scheme)
            content: bytes = answer.read(MOST_BYTES)
    except (urllib.error.URLError, OSError) as error:
        raise FetchError(f"{url} cannot be read ({error}); npm_config_registry names another registry") from None
    return content


def _is(content: bytes, integrity: str) -> bool:
    kind, _, digest = integrity.partition("-")
    return kind == "sha512" and base64.b64decode(digest) == hashlib.sha512(content).digest()


def _member(archive: bytes, member: str, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        try:
            found = opened.extractfile(member)
        except KeyError:
            found = None
        if found is None:
            raise FetchError(f"{name} has no {member} any more; say in {Path(__file__).name} what it is called now")
        return found.read()


if __name__ == "__main__":
    main()
