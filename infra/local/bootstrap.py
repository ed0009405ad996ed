"""Makes `.venv` match `uv.lock`, starting from nothing but a Python interpreter.

Only the standard library is used, and nothing newer than Python 3.7 parses, so that an old interpreter gets a
sentence instead of a syntax error. Debian's bare `python3` has neither pip nor ensurepip; the one way in that
needs neither is to fetch uv's wheel, check it against the digest written here, and unpack the program.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

OLDEST_PYTHON = (3, 11)
NEWEST_NAMED_PYTHON = 14
OLDEST_UV = (0, 9)
UV_VERSION = "0.13.9"
DOWNLOAD_TIMEOUT_SECONDS = 60
CHECKOUT = Path(__file__).resolve().parent.parent.parent

# One wheel per processor: where files.pythonhosted.org has it, its name, and the digest without which it never runs.
WHEELS = {
    "x86_64": (
        "3d/aa/26d64642d808de4a652579ef950d7cd2d37f080a8babf9c67c6b75fc4c3f",
        "uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    "aarch64": (
        "57/15/94b6cd62ac3ff6550288328e8035288875197cbc183f51554b266a69877b",
        "uv-0.13.9-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
        "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    ),
}


class BootstrapError(Exception):
    """Set-up cannot go on; the message is the whole explanation."""


def main() -> int:
    require_python()
    try:
        synchronise(CHECKOUT)
    except BootstrapError as problem:
        print(f"Set-up stopped: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up interrupted; the next run continues where it stopped.", file=sys.stderr)
        return 130
    return 0


def require_python() -> None:
    """Continue under a new enough interpreter, or leave with a sentence."""
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return
    for minor in range(NEWEST_NAMED_PYTHON, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        f"Ovia needs Python 3.{OLDEST_PYTHON[1]} or newer, and this is Python {found}. Install a newer one, "
        "or name it: make run PYTHON=/path/to/python3"
    )


def synchronise(checkout: Path) -> None:
    """Bring `.venv` in line with the lock file. Returns at once when it already is.

    Raises:
        BootstrapError: uv could not be had, or it could not install the packages.
    """
    stamp = checkout / ".venv" / "ovia-synchronised"
    state = fingerprint(checkout)
    if (checkout / ".venv/bin/python").exists() and stamp.is_file() and stamp.read_text() == state:
        return
    uv = find_uv(checkout / ".ovia" / "tools")
    print("Installing the packages of uv.lock into .venv (the first time takes about a minute) …", flush=True)
    command = [uv, "sync", "--frozen", "--python", sys.executable, "--directory", str(checkout)]
    environment = {name: value for name, value in os.environ.items() if name not in OTHER_ENVIRONMENTS}
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    finished = subprocess.run(command, env=environment, check=False)
    if finished.returncode != 0:
        raise BootstrapError(
            f"uv could not install the packages (exit code {finished.returncode}); its own words are above. "
            "Check the network connection and the free disk space, then run the same command again."
        )
    stamp.write_text(state)


# Set inside somebody's activated environment, these would send the packages there instead of to `.venv`.
OTHER_ENVIRONMENTS = (
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "PYTHONHOME",
    "PYTHONPATH",
)


def fingerprint(checkout: Path) -> str:
    """What the environment depends on: the interpreter, the lock, and every package's own declaration."""
    digest = hashlib.sha256(f"{sys.version} {checkout}".encode())
    declarations = [checkout / "uv.lock", checkout / "pyproject.toml", checkout / "shared/pyproject.toml"]
    declarations += [*sorted(checkout.glob("services/*/pyproject.toml")), checkout / "infra/local/pyproject.toml"]
    for declaration in declarations:
        if not declaration.is_file():
            raise BootstrapError(f"{declaration} is missing; this does not look like a complete checkout of Ovia.")
        digest.update(declaration.read_bytes())
    return digest.hexdigest()


def find_uv(tools: Path) -> str:
    """A uv that reads this lock file: ours from an earlier run, the user's own, or a fresh download."""
    ours = tools / f"uv-{UV_VERSION}"
    if ours.is_file() and version_of(str(ours)) is not None:
        return str(ours)
    users = shutil.which("uv")
    if users:
        version = version_of(users)
        if version is not None and version >= OLDEST_UV:
            return users
    machine = platform.machine()
    if sys.platform != "linux" or machine not in WHEELS:
        raise BootstrapError(
            f"no uv is pinned for {sys.platform} on {machine}. Install uv {OLDEST_UV[0]}.{OLDEST_UV[1]} or "
            "newer so that it is on the PATH, then run the same command again."
        )
    folder, name, digest = WHEELS[machine]
    print(f"Fetching uv {UV_VERSION}, which installs everything else …", flush=True)
    install_uv(wheel_address(folder, name), digest, ours)
    return str(ours)


def version_of(program: str) -> tuple[int, int] | None:
    """Major and minor version, or None when it does not run (a shim without anything behind it, say)."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"uv (\d+)\.(\d+)", answer.stdout)
    return (int(found.group(1)), int(found.group(2))) if found and answer.returncode == 0 else None


def wheel_address(folder: str, name: str) -> str:
    """Where to fetch the wheel: PyPI's file host, or what the index of `PIP_INDEX_URL` links to.

    Raises:
        BootstrapError: the index cannot be read or does not have the wheel.
    """
    index = os.environ.get("PIP_INDEX_URL")
    if not index:
        return f"https://files.pythonhosted.org/packages/{folder}/{name}"
    page = index.rstrip("/") + "/uv/"
    listing = download(page).decode("utf-8", "replace")
    # An index answers in HTML or in JSON; the link is what follows `href=` in one and `"url":` in the other.
    link = re.search(
        r"""(?:href=|"url":)\s*["']((?:[^"'\s]*/)?""" + re.escape(name) + r"""(?:#[^"'\s]*)?)["']""", listing
    )
    if not link:
        raise BootstrapError(f"the package index {without_password(page)} does not offer {name}.")
    return str(urllib.parse.urljoin(page, link.group(1).partition("#")[0]))


def install_uv(address: str, digest: str, target: Path) -> None:
    """Download a wheel and unpack its `uv` program to `target`, readable and executable, all or nothing.

    Raises:
        BootstrapError: the download failed or is not the wheel whose digest was expected.
    """
    wheel = download(address)
    found = hashlib.sha256(wheel).hexdigest()
    if found != digest:
        raise BootstrapError(
            f"what came from {without_password(address)} is not the uv that was expected (sha256 {found}, "
            f"expected {digest}); nothing of it was run or kept."
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            archive = Path(scratch) / "uv.whl"
            archive.write_bytes(wheel)
            with zipfile.ZipFile(archive) as opened:
                member = next(name for name in opened.namelist() if name.endswith(".data/scripts/uv"))
                program = Path(opened.extract(member, scratch))
            program.chmod(0o755)
            program.replace(target)
    except OSError as problem:
        raise BootstrapError(f"{target} could not be written: {problem.strerror or problem}.") from None


def download(address: str) -> bytes:
    """The body at an address. Proxies and `SSL_CERT_FILE` are honoured, as everywhere in the standard
    library.

    Raises:
        BootstrapError: the address could not be read in full.
    """
    parts = urllib.parse.urlsplit(address)
    request = urllib.request.Request(without_password(address), headers={"User-Agent": "ovia-bootstrap"})
    if parts.username:
        # urllib takes a password in the address for part of the host name; it has to travel as a header.
        secret = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(secret.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=DOWNLOAD_TIMEOUT_SECONDS) as answer:
            body: bytes = answer.read()
            return body
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as problem:
        reason = getattr(problem, "reason", None) or problem
        if isinstance(problem, urllib.error.HTTPError):
            problem.close()
        raise BootstrapError(
            f"{without_password(address)} could not be fetched ({reason}). Tried: a uv from an earlier run, "
            "a uv on the PATH, and this download. Check the network connection (HTTPS_PROXY and "
            f"PIP_INDEX_URL are honoured), or install uv {OLDEST_UV[0]}.{OLDEST_UV[1]} or newer yourself."
        ) from None


def without_password(address: str) -> str:
    parts = urllib.parse.urlsplit(address)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


if __name__ == "__main__":
    sys.exit(main())
