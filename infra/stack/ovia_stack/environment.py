"""The settings of a deployment: infra/.env, over which the shell's own environment wins."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from ovia_stack import files
from ovia_stack.errors import StackError

_ASSIGNMENT = re.compile(r"^(#?)([A-Z][A-Z0-9_]*)=(.*)$")
# A domain ends up in certificates and addresses; nothing else may get there.
_DOMAIN = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")


def declared(example: Path = files.ENV_EXAMPLE) -> dict[str, str | None]:
    """Every variable of the example, with its default; None for one that has to be given."""
    found: dict[str, str | None] = {}
    for line in example.read_text().splitlines():
        if match := _ASSIGNMENT.match(line):
            commented, name, value = match.groups()
            found[name] = value if commented else None
    return found


def settings(env_file: Path | None = None) -> dict[str, str]:
    """What is given, by the shell or by the file; `OVIA_VERSION` is that of the checkout where nobody gives it.

    Raises `StackError` naming each variable that is missing, wrong, or not one of the stack's.
    """
    # Asked for when called, not when defined: tests and `--env-file` choose another.
    env_file = files.ENV_FILE if env_file is None else env_file
    known = declared()
    written = {name: value or "" for name, value in dotenv_values(env_file).items()} if env_file.exists() else {}
    if unknown := sorted(set(written) - set(known)):
        raise StackError(f"{env_file} sets what the stack does not know: {', '.join(unknown)}")
    given = {name: os.environ.get(name, written.get(name, "")) for name in known}
    given = {name: value for name, value in given.items() if value}
    missing = sorted(name for name, default in known.items() if default is None and name not in given)
    if missing:
        raise StackError(
            f"not set: {', '.join(missing)}. Copy infra/.env.example to infra/.env and fill it in; "
            "each is explained there."
        )
    _check(given)
    given.setdefault("OVIA_VERSION", version())
    return given


def version() -> str:
    """The newest tag and what came after it, as git tells; `dev` outside a git checkout."""
    told = subprocess.run(
        ["git", "describe", "--tags", "--always", "--dirty"],
        cwd=files.CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or "dev"


def revision() -> str:
    """The commit of the checkout; empty outside git."""
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=files.CHECKOUT, capture_output=True, text=True, check=False)
    return told.stdout.strip()


def _check(given: Mapping[str, str]) -> None:
    faults = [
        f"{name} has to be a whole number"
        for name, value in given.items()
        if name.endswith("_REPLICAS") and not value.isdigit()
    ]
    faults += [
        f"{name} has to be a port, 1 to 65535"
        for name in ("OVIA_HTTP_PORT", "OVIA_HTTPS_PORT")
        if name in given and not (given[name].isdigit() and 0 < int(given[name]) < 65536)
    ]
    if not _DOMAIN.match(given["OVIA_DOMAIN"]):
        faults.append("OVIA_DOMAIN has to be a host name, without https:// and without a path")
    public = given.get("OVIA_TLS", "auto") != "internal" and not given["OVIA_DOMAIN"].endswith("localhost")
    if public and "OVIA_ACME_EMAIL" not in given:
        faults.append(
            "OVIA_ACME_EMAIL is needed for a public certificate of OVIA_DOMAIN; or set OVIA_TLS=internal, "
            "and the gateway's own authority signs"
        )
    repository = given.get("OVIA_BACKUP_REPOSITORY", "posix")
    if repository not in ("posix", "s3", "both"):
        faults.append("OVIA_BACKUP_REPOSITORY is posix (a volume), s3 or both")
    if repository in ("s3", "both"):
        faults += [
            f"{name} is needed when OVIA_BACKUP_REPOSITORY is {repository}"
            for name in ("OVIA_BACKUP_S3_ENDPOINT", "OVIA_BACKUP_S3_BUCKET", "OVIA_BACKUP_S3_REGION")
            if name not in given
        ]
    if faults:
        raise StackError("; ".join(faults))
