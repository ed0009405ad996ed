"""The secrets of a stack: files in infra/secrets, from which the swarm's own are made.

A swarm does not give a secret back, so the files are what is kept (and backed up elsewhere). What nobody provides and
Ovia can make up itself is made up once. The name of a secret in the swarm carries a keyed digest of its content: a file
that changed makes a new secret, and the services that use it roll over to it.
"""

import hmac
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from cryptography.fernet import Fernet

from ovia_stack import docker, files
from ovia_stack.errors import StackError

NAMING_KEY = ".naming-key"
LABEL = "io.ovia.secret"


def _password() -> str:
    return secrets.token_urlsafe(32)


GENERATED: Mapping[str, Callable[[], str]] = {
    "postgres_superuser_password": _password,
    "owner_password": _password,
    "api_password": _password,
    "ingest_password": _password,
    "metrics_password": _password,
    "rag_password": _password,
    "monitor_password": _password,
    "credentials_keys": lambda: Fernet.generate_key().decode(),
    "console_key": _password,
    "pgbackrest_cipher_pass": lambda: secrets.token_urlsafe(48),
    "grafana_admin_password": _password,
}
# Only those who use the receiver or the repository have them; a swarm cannot hold an empty secret.
OPTIONAL = (
    "alertmanager_smtp_password",
    "alertmanager_slack_url",
    "alertmanager_telegram_token",
    "alertmanager_webhook_url",
    "alertmanager_heartbeat_url",
    "openai_api_key",
    "azure_api_key",
    "anthropic_api_key",
    "rerank_api_key",
    "pgbackrest_s3_key",
    "pgbackrest_s3_key_secret",
)
UNSET = "\n"
# Addresses are put together from passwords, so that the two cannot disagree.
ADDRESSES = {
    "admin_database_url": ("postgres", "postgres_superuser_password", "postgres"),
    "api_database_url": ("ovia_api", "api_password", "ovia"),
    "ingest_database_url": ("ovia_ingest", "ingest_password", "ovia"),
    "metrics_database_url": ("ovia_metrics", "metrics_password", "ovia"),
    "rag_database_url": ("ovia_rag", "rag_password", "ovia"),
    "owner_database_url": ("ovia_owner", "owner_password", "ovia"),
}


def contents(names: Iterable[str], host: str, directory: Path = files.SECRETS) -> dict[str, str]:
    """What each secret holds. Files that are missing and can be made up are made, for their owner only to read.

    `host` is where Postgres is: `postgres:5432`. An address may be given whole, as a file, for a server of one's own.
    """
    _private(directory)
    return {name: _content(name, host, directory) for name in names}


def given(directory: Path = files.SECRETS) -> set[str]:
    """The optional secrets somebody provided."""
    return {name for name in OPTIONAL if (directory / name).is_file() and (directory / name).read_text().strip()}


def published(held: Mapping[str, str], directory: Path = files.SECRETS) -> dict[str, str]:
    """Makes what the swarm lacks, and returns `OVIA_SECRET_<NAME>`: what each is called there."""
    key = _kept(directory / NAMING_KEY, lambda: secrets.token_hex(32)).encode()
    present = set(docker.run("secret", "ls", "--format", "{{.Name}}").split())
    names = {}
    for name, content in held.items():
        digest = hmac.new(key, f"{name}\0{content}".encode(), "sha256").hexdigest()[:12]
        called = f"ovia_{name}_{digest}"
        if called not in present:
            docker.run("secret", "create", "--label", f"{LABEL}={name}", called, "-", given=content)
        names[f"OVIA_SECRET_{name.upper()}"] = called
    return names


def _content(name: str, host: str, directory: Path) -> str:
    file = directory / name
    if file.is_file():
        text = file.read_text().strip()
        if not text and name not in OPTIONAL:
            raise StackError(f"{file} is empty; remove it to have one made, or put the secret into it.")
        return text or UNSET
    if name in GENERATED:
        return _kept(file, GENERATED[name])
    if name in OPTIONAL:
        return UNSET
    if name in ADDRESSES:
        role, password, database = ADDRESSES[name]
        return f"postgresql://{role}:{quote(_content(password, host, directory), safe='')}@{host}/{database}"
    raise StackError(f"nobody knows how to make the secret {name}; put it into {file}.")


def _kept(file: Path, make: Callable[[], str]) -> str:
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(make())
    return file.read_text().strip()


def _private(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_mode & 0o077:
        raise StackError(f"{directory} can be read by others: chmod 700 it, and change what was in it.")
