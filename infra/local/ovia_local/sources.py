"""Where the data come from: the sources of the environment, or a generated organisation behind a server of ours."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from ovia_local.errors import StackError
from ovia_local.ports import LOOPBACK, free_ports
from ovia_local.processes import Program
from ovia_local.programs import environment, executable
from ovia_local.state import State, checkout
from ovia_shared.config import sources as settings

ADDRESSES = ("JIRA_BASE_URL", "GITLAB_BASE_URL", "CONFLUENCE_BASE_URL")
SAMPLE_USER = "sample@fernweh.example"
SAMPLE_TOKEN = "sample-token"  # noqa: S105 (the sample server takes it from anybody)
_NO = frozenset({"0", "false", "no", "off"})


def take_over_env_file(path: Path | None = None) -> None:
    """Adds what `.env` in the checkout says to the environment; what the environment says already wins.

    Raises:
        StackError: the file is there and cannot be read.
    """
    path = path or checkout() / ".env"
    if not path.exists():
        return
    try:
        with path.open() as lines:
            broken = [one.original.line for one in parse_stream(lines) if one.error or (one.key and one.value is None)]
        found = dotenv_values(path)
    except (OSError, UnicodeDecodeError) as error:
        raise StackError(f"{path} cannot be read: {error}.") from None
    if broken:
        raise StackError(f"{path}, line {broken[0]}: this is not NAME=value. Mend it, or put # before it.")
    for name, value in found.items():
        # The Makefile exports some of them empty.
        if value and not os.environ.get(name):
            os.environ[name] = value


def given(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a source of the user's own is set."""
    return any(environ.get(name, "").strip() for name in ADDRESSES)


def check() -> None:
    """Whether the sources of the environment are complete. Raises `BadSettings` naming what is missing or wrong."""
    for source in (settings.jira, settings.gitlab, settings.confluence):
        source()


def sample_wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether to use sample data: nothing else is set, and nobody said no."""
    return not given(environ) and environ.get("OVIA_SAMPLE", "").strip().lower() not in _NO


def sample_port(state: State) -> int:
    """The sample server's port: the same in every run, as its address is what its connections are known by."""
    kept = state.secrets_of("sample") / "port"
    if not kept.exists():
        state.hand_over("sample", "port", str(free_ports(1)[0]))
    return int(kept.read_text())


def sample_server(state: State, port: int) -> Program:
    """The server that speaks for all three sources."""
    command = [executable("ovia-demo"), "serve", "--port", str(port), "--until", _sample_until(state)]
    return Program("ovia-demo", command, environment({}), state.log("demo"))


def _sample_until(state: State) -> str:
    """The day of the first run: what is told of the last weeks is then told of weeks in which something happened."""
    return state.secret("sample", "until", lambda: datetime.now(UTC).date().isoformat())


def sample_environment(port: int) -> dict[str, str]:
    """The variables that make the ingest read the sample server."""
    base = f"http://{LOOPBACK}:{port}"
    return {
        "JIRA_BASE_URL": f"{base}/jira",
        "JIRA_EMAIL": SAMPLE_USER,
        "JIRA_API_TOKEN": SAMPLE_TOKEN,
        "GITLAB_BASE_URL": f"{base}/gitlab",
        "GITLAB_PRIVATE_TOKEN": SAMPLE_TOKEN,
        "CONFLUENCE_BASE_URL": f"{base}/confluence",
        "CONFLUENCE_EMAIL": SAMPLE_USER,
        "CONFLUENCE_API_TOKEN": SAMPLE_TOKEN,
    }
