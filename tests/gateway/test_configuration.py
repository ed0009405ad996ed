"""Both gateways' configurations, in every variant their environments allow."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from ovia_local.programs import executable
from tests.gateway.conftest import CONFIGURATION

LOCAL = {
    "OVIA_PORT": "8080",
    **{f"OVIA_{name}_UPSTREAM": "127.0.0.1:1" for name in ("API", "METRICS", "RAG", "CONSOLE")},
}
VARIANTS = [
    ("Caddyfile", LOCAL),
    ("Caddyfile", LOCAL | {"OVIA_HOST": "::1"}),
    ("Caddyfile.swarm", {}),
    ("Caddyfile.swarm", {"OVIA_DOMAIN": "ovia.example.com", "OVIA_ACME_EMAIL": "ops@example.com"}),
    ("Caddyfile.swarm", {"OVIA_DOMAIN": "ovia.intern", "OVIA_TLS": "internal"}),
    ("Caddyfile.swarm", {"OVIA_PROTOCOLS": "h1 h2 h3"}),
    ("Caddyfile.swarm", {"OVIA_TRUSTED_PROXIES": "10.0.0.0/8 192.168.7.1/32", "OVIA_GATEWAY_GRACE": "5s"}),
    ("Caddyfile.swarm", {"OVIA_RESOLVERS": "resolvers 127.0.0.11:53", "OVIA_GATEWAY_LOG_LEVEL": "ERROR"}),
]


def caddy(command: str, name: str, state: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [executable("caddy"), command, "--config", str(CONFIGURATION / name), "--adapter", "caddyfile"],
        env={"PATH": os.environ["PATH"], "HOME": str(state), "OVIA_GATEWAY_STATE": str(state)}
        # Not /dev/null: Caddy gives the file the mode the configuration names, whatever file it is.
        | {"OVIA_ACCESS_LOG": str(state / "access.log")}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("name", "environment"), VARIANTS)
def test_it_is_valid_and_adapted_without_a_warning(name: str, environment: dict[str, str], tmp_path: Path) -> None:
    environment = environment | {"OVIA_GATEWAY_RUN": str(tmp_path)}
    checked = caddy("validate", name, tmp_path, environment)
    assert checked.returncode == 0, checked.stderr
    adapted = caddy("adapt", name, tmp_path, environment)
    assert adapted.returncode == 0, adapted.stderr
    assert "{$" not in adapted.stdout
    for line in adapted.stderr.splitlines():
        assert json.loads(line)["level"] != "warn", line


def test_every_file_is_formatted() -> None:
    for part in [*CONFIGURATION.glob("*.caddy"), *CONFIGURATION.glob("Caddyfile*")]:
        assert subprocess.run([executable("caddy"), "fmt", str(part)], capture_output=True, check=False).returncode == 0


def test_a_certificate_is_asked_for_with_a_contact_address(tmp_path: Path) -> None:
    environment = {"OVIA_DOMAIN": "ovia.example.com", "OVIA_ACME_EMAIL": "ops@example.com"}
    tls = json.loads(caddy("adapt", "Caddyfile.swarm", tmp_path, environment).stdout)["apps"]["tls"]
    issuers = [issuer for policy in tls["automation"]["policies"] for issuer in policy["issuers"]]
    assert {"acme": "ops@example.com"}.items() <= {one["module"]: one["email"] for one in issuers}.items()


def test_the_image_holds_no_configuration_and_does_not_run_as_root() -> None:
    lines = (CONFIGURATION / "Dockerfile").read_text().splitlines()
    assert not [line for line in lines if line.startswith(("COPY", "ADD"))]
    assert "USER 10001:10001" in lines
