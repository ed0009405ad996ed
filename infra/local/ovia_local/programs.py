"""The services and the gateway as programs: their commands, environments and addresses."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ovia_local.ports import LOOPBACK
from ovia_local.processes import Program
from ovia_local.state import State, checkout

SERVICES = ("api", "metrics", "rag", "console")
CONSOLE_KEY_FILE = "ovia_console_key"
# Ours to set for each process; what the user's shell holds under these names is meant for the stack as a
# whole, and the database URL in it may be a superuser's.
RESERVED = frozenset(
    {
        "OVIA_CREDENTIALS_KEYS",
        "OVIA_DATABASE_URL",
        "OVIA_GIT_CACHE",
        "OVIA_HOST",
        "OVIA_LOCAL_STATE",
        "OVIA_PORT",
        "OVIA_REPOS",
        "OVIA_SECRETS_DIR",
    }
)


def executable(name: str) -> str:
    """A program of the environment this one runs in."""
    return str(Path(sys.executable).parent / name)


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """The user's environment without what is reserved, and with what is this process's own."""
    inherited = {name: value for name, value in os.environ.items() if name not in RESERVED}
    return {**inherited, **own}


def service(name: str, state: State, ports: Mapping[str, int]) -> Program:
    """One HTTP service on loopback, at its port. It is told its secrets by a directory only it is given."""
    own = {
        "OVIA_HOST": LOOPBACK,
        "OVIA_PORT": str(ports[name]),
        "OVIA_SECRETS_DIR": str(state.secrets_of(name)),
        # There is no other replica that requests could go to meanwhile, and somebody waits at the terminal.
        "OVIA_DRAIN_SECONDS": "0",
        "OVIA_GRACE_SECONDS": "5",
    }
    if name == "console":
        state.secret(name, CONSOLE_KEY_FILE)
        own |= {f"OVIA_{other.upper()}_URL": f"http://{LOOPBACK}:{at}" for other, at in ports.items() if other != name}
        # The gateway of one machine speaks plain HTTP, over which browsers keep no secure cookie.
        own["OVIA_CONSOLE_SECURE_COOKIES"] = "false"
    return Program(f"ovia-{name}", [executable(f"ovia-{name}")], environment(own), state.log(name))


def gateway(state: State, port: int, service_ports: Mapping[str, int]) -> Program:
    """Caddy, which gives every service's paths one address."""
    configuration = checkout() / "infra" / "caddy" / "Caddyfile"
    own = {
        "HOME": str(state.gateway),
        "XDG_CONFIG_HOME": str(state.gateway),
        "XDG_DATA_HOME": str(state.gateway),
        "OVIA_HOST": LOOPBACK,
        "OVIA_PORT": str(port),
        "OVIA_GATEWAY_STATE": str(state.gateway),
        "OVIA_ACCESS_LOG": str(state.log("access")),
    }
    own |= {f"OVIA_{name.upper()}_UPSTREAM": f"{LOOPBACK}:{at}" for name, at in service_ports.items()}
    command = [executable("caddy"), "run", "--config", str(configuration), "--adapter", "caddyfile"]
    return Program("gateway", command, environment(own), state.log("gateway"))
