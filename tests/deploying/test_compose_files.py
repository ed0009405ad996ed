"""What the stack's files promise of every service, read from the files themselves."""

from pathlib import Path
from typing import Any

import pytest

from ovia_stack import building, compose, environment, files, secret_files

PATHS = (files.MAIN, files.SCHEDULED)
SERVICES = {name: service for path in PATHS for name, service in compose.load(path)["services"].items()}
# Root of the machine's engine, which alone may read all logs or start services.
SPEAK_TO_THE_ENGINE = {"alloy", "scheduler"}


@pytest.fixture(params=sorted(SERVICES))
def service(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param, SERVICES[request.param]


def test_every_variable_is_explained_in_the_example() -> None:
    asked = {name for path in (*PATHS, files.S3) for name in compose.variables(path)}
    ours = {name for name in asked if name.startswith(("OVIA_SECRET_", "OVIA_CONFIG_", "OVIA_TAG_"))} | {
        "OVIA_ALERTMANAGER_CONFIG"
    }
    arguments = {name for image in building.IMAGES for name in image.arguments}
    known = set(environment.declared())
    assert asked - ours - known == set()
    assert known - asked - arguments - {"OVIA_TIME_ZONE"} <= set(_used_by_the_tool())


def _used_by_the_tool() -> set[str]:
    source = "".join(path.read_text() for path in Path(files.__file__).parent.glob("*.py"))
    return {name for name in environment.declared() if name in source}


def test_the_example_tells_the_defaults_that_the_files_have() -> None:
    told = environment.declared()
    for path in (*PATHS, files.S3):
        text = path.read_text()
        for match in compose._VARIABLE.finditer(text):
            name, kind, default = match.groups()
            if kind == "-" and name in told:
                assert default == (told[name] or ""), name


def test_no_service_can_write_its_root_or_has_a_capability(service: tuple[str, dict[str, Any]]) -> None:
    _, described = service
    assert described["read_only"] is True
    assert described["cap_drop"] == ["ALL"]
    assert "privileged" not in described
    assert "cap_add" not in described


def test_only_what_speaks_to_the_engine_runs_as_root(service: tuple[str, dict[str, Any]]) -> None:
    name, described = service
    root = str(described.get("user", "")).startswith("0")
    engine = any("docker.sock" in str(volume) for volume in described.get("volumes", []))
    assert root == engine == (name in SPEAK_TO_THE_ENGINE)
    if "user" not in described:
        dockerfile = next(image.dockerfile for image in building.IMAGES if f"/{image.name}:" in described["image"])
        assert "\nUSER " in (files.CHECKOUT / dockerfile).read_text()


def test_every_service_is_limited_and_its_log_is_too(service: tuple[str, dict[str, Any]]) -> None:
    _, described = service
    assert set(described["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert described["logging"]["options"].keys() == {"max-size", "max-file"}
    assert described["deploy"]["endpoint_mode"] == "dnsrr"


def test_temporary_files_are_in_memory_in_the_form_that_swarm_heeds(service: tuple[str, dict[str, Any]]) -> None:
    _, described = service
    assert "tmpfs" not in described
    for volume in described.get("volumes", []):
        assert isinstance(volume, dict)
        # A relative path is another one on every node.
        assert volume["type"] != "bind" or volume["source"].startswith("/")


def test_what_has_several_replicas_goes_over_one_by_one_and_comes_back_by_itself() -> None:
    for name in ("api", "metrics", "rag", "console"):
        update = SERVICES[name]["deploy"]["update_config"]
        assert (update["order"], update["failure_action"], update["parallelism"]) == ("start-first", "rollback", 1)
    for name in ("postgres", "caddy", "backup"):
        assert SERVICES[name]["deploy"]["update_config"]["order"] == "stop-first"


def test_only_the_gateway_has_ports_on_the_host() -> None:
    assert [name for name, described in SERVICES.items() if "ports" in described] == ["caddy"]


def test_the_database_and_what_watches_cannot_reach_the_outside() -> None:
    networks = compose.load(files.MAIN)["networks"]
    assert networks["data"]["internal"] is True
    assert networks["obs"]["internal"] is True
    outward = {name for name, network in networks.items() if not network.get("internal")}
    for name in ("postgres", "migrate", "prometheus", "loki", "alloy", "node-exporter", "backup"):
        assert not outward & set(SERVICES[name]["networks"]), name
    assert {name for name, described in SERVICES.items() if "data" in described["networks"]} == {
        "postgres", "migrate", "api", "metrics", "rag", "ingest", "maintenance", "backup", "postgres-exporter",
    }  # fmt: skip


def test_no_secret_is_given_by_environment_and_each_is_its_owners_alone(service: tuple[str, dict[str, Any]]) -> None:
    _, described = service
    for secret in described.get("secrets", []):
        assert secret["mode"] == 0o400
        assert secret["uid"] == secret["gid"] != "0"
    for name in described.get("environment") or {}:
        assert not any(word in name for word in ("PASSWORD", "TOKEN", "SECRET")) or name.endswith("_FILE")


def test_every_secret_can_be_made_or_is_optional() -> None:
    known = {*secret_files.GENERATED, *secret_files.OPTIONAL, *secret_files.ADDRESSES}
    assert set(compose.secret_names([*PATHS, files.S3])) <= known


def test_ingest_is_scheduled_in_the_way_that_fires_again() -> None:
    deploy = SERVICES["ingest"]["deploy"]
    assert (deploy["mode"], deploy["replicas"]) == ("replicated", 0)
    assert deploy["restart_policy"] == {"condition": "none"}
    assert deploy["labels"]["swarm.cronjob.skip-running"] == "true"


def test_a_release_that_changes_only_services_leaves_the_database_and_the_gateway_alone(tmp_path: Path) -> None:
    settings = {"OVIA_VERSION": "1", "POSTGRES_IMAGE": "one"}
    postgres = next(image for image in building.IMAGES if image.name == "postgres")
    tag = building.tag(postgres, settings)
    assert building.tag(postgres, {**settings, "OVIA_VERSION": "2"}) == tag
    assert building.tag(postgres, {**settings, "POSTGRES_IMAGE": "two"}) != tag
    (tmp_path / "infra" / "postgres").mkdir(parents=True)
    for file in (files.CHECKOUT / "infra" / "postgres").iterdir():
        (tmp_path / "infra" / "postgres" / file.name).write_bytes(file.read_bytes())
    assert building.tag(postgres, settings, tmp_path) == tag
    (tmp_path / "infra" / "postgres" / "postgresql.conf").write_text("port = 1")
    assert building.tag(postgres, settings, tmp_path) != tag
