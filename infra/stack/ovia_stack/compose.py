"""What the compose files name: configs with their files, secrets, variables."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ovia_stack.errors import StackError

# `$$` is a dollar sign, not a variable.
_VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z][A-Z0-9_]*)(?::?([-?])([^}]*))?\}")


def load(path: Path) -> dict[str, Any]:
    """One compose file as written, its variables still in it."""
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def variables(path: Path) -> set[str]:
    """Every variable the file asks for."""
    return {match[1] for match in _VARIABLE.finditer(path.read_text())}


def filled(text: str, environment: Mapping[str, str]) -> str:
    """A text with its variables replaced, as docker does it."""

    def value(match: re.Match[str]) -> str:
        found = environment.get(match[1], "")
        if not found and match[2] == "?":
            raise StackError(f"{match[1]} is not set: {match[3]}")
        return found or (match[3] if match[2] == "-" else "")

    return _VARIABLE.sub(value, text).replace("$$", "$")


def config_digests(paths: Iterable[Path], environment: Mapping[str, str]) -> dict[str, str]:
    """`OVIA_CONFIG_<NAME>` for every config that is a file: its name in the swarm changes when its content does.

    Swarm configs cannot be changed, only replaced; so an update of a config is an update of its service.
    """
    found = {}
    for path in paths:
        for name, config in (load(path).get("configs") or {}).items():
            if "file" in config:
                file = path.parent / filled(config["file"], environment)
                if not file.is_file():
                    raise StackError(f"{file}, the config {name} of {path.name}, is not there")
                found[f"OVIA_CONFIG_{name.upper()}"] = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    return found


def secret_names(paths: Iterable[Path]) -> list[str]:
    """Every secret the files name, once each."""
    found: dict[str, None] = {}
    for path in paths:
        found |= dict.fromkeys(load(path).get("secrets") or {})
    return list(found)


def images(paths: Iterable[Path], environment: Mapping[str, str]) -> dict[str, str]:
    """The image of each service."""
    return {
        name: filled(service["image"], environment)
        for path in paths
        for name, service in load(path)["services"].items()
        if "image" in service
    }
