"""Settings, read once at start: from `OVIA_*` environment variables, or from secret files of the same name.

A secret file (Docker Swarm mounts them in /run/secrets) is named like its variable in lower case:
`ovia_database_url`. The environment wins over a file. Nothing else in Ovia reads the environment.
"""

import os
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ovia_shared.errors import BadSettings

DEFAULT_SECRETS_DIR = Path("/run/secrets")

Seconds = Annotated[float, Field(gt=0, le=3600)]


def _postgres_url(url: SecretStr) -> SecretStr:
    # The drivers would repeat a malformed URL, password and all, in their complaint.
    try:
        parts = urlsplit(url.get_secret_value())
        hosts = parts.netloc.rpartition("@")[2].split(",")
        well_formed = parts.scheme in ("postgresql", "postgres") and all(_has_usable_port(host) for host in hosts)
    except ValueError:
        well_formed = False
    if not well_formed:
        raise ValueError("expected postgresql://role:password@host:port/database, or several host:port with commas")
    return url


def _has_usable_port(host: str) -> bool:
    port = urlsplit(f"//{host}").port
    return port is None or port > 0


DatabaseUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]


class CommonSettings(BaseSettings):
    """What every process needs to know."""

    # A compose file passes on what is not set as an empty text: the default counts then.
    model_config = SettingsConfigDict(env_prefix="OVIA_", env_ignore_empty=True, extra="ignore")

    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")
    build: str = Field("", max_length=100, description="which build this is, such as a commit; shown by /info")


class DatabaseSettings(CommonSettings):
    """How to reach Postgres as this process's own role."""

    database_url: DatabaseUrl = Field(description="postgresql://role:password@host/database")
    database_pool_size: int = Field(10, ge=1, le=200)
    statement_timeout: Seconds = 15.0
    credentials_keys: SecretStr | None = Field(
        None, description="Fernet keys, comma-separated, the newest first: encrypts connection credentials"
    )


class PrepareSettings(CommonSettings):
    """What `ovia admin prepare-database` needs: a privileged connection, and the passwords to give to the roles."""

    admin_database_url: DatabaseUrl = Field(description="a superuser's postgresql://… to any database of the server")
    owner_password: SecretStr | None = None
    api_password: SecretStr | None = None
    ingest_password: SecretStr | None = None
    metrics_password: SecretStr | None = None
    rag_password: SecretStr | None = None
    monitor_password: SecretStr | None = Field(None, description="of a role that reads the server's statistics")

    def role_passwords(self) -> dict[str, str]:
        """The passwords given, by role: ovia_owner, ovia_api, …"""
        given = {
            "ovia_owner": self.owner_password,
            "ovia_api": self.api_password,
            "ovia_ingest": self.ingest_password,
            "ovia_metrics": self.metrics_password,
            "ovia_rag": self.rag_password,
            "ovia_monitor": self.monitor_password,
        }
        return {role: password.get_secret_value() for role, password in given.items() if password is not None}


class ServerSettings(CommonSettings):
    """How an HTTP service listens and protects itself."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    request_timeout: Seconds = 30.0
    drain_seconds: float = Field(5.0, ge=0, le=300, description="told to end, go on accepting requests for so long")
    grace_seconds: float = Field(30.0, gt=0, le=3600, description="and let those under way take so much longer")
    requests_per_minute: int = Field(6000, ge=1, description="budget of one token")
    anonymous_requests_per_minute: int = Field(600, ge=1, description="budget of one address without a valid token")


class HttpServiceSettings(ServerSettings, DatabaseSettings):
    """An HTTP service with a database role of its own."""

    background: bool = Field(True, description="also do what is done beside requests: derive facts, index texts")


RetentionDays = Annotated[int, Field(ge=1, le=36_500)]


class RetentionSettings(CommonSettings):
    """How many days what is kept for a time only is kept; none: for ever."""

    raw_retention_days: RetentionDays | None = Field(None, description="raw versions that were replaced")
    sync_runs_retention_days: RetentionDays = Field(30, description="attempts at reading, and passes of the matcher")
    webhooks_retention_days: RetentionDays = Field(14, description="webhooks that were looked at")
    ask_retention_days: RetentionDays | None = Field(None, description="questions, and what Ask answered")
    receipts_retention_days: RetentionDays | None = Field(None, description="receipts nobody replayed since")
    facts_retention_days: int | None = Field(None, ge=30, le=36_500, description="facts that were corrected")
    views_retention_days: RetentionDays = Field(365, description="who looked at whose page")
    audit_retention_days: int | None = Field(None, ge=90, le=36_500, description="the audit log")


class IngestSettings(DatabaseSettings, RetentionSettings):
    """The process that reads the sources."""

    lease_seconds: Seconds = 30.0
    git_page_commits: int = Field(2000, ge=1, le=20_000, description="commits stored in one transaction")
    git_cache: Path = Field(Path("~/.cache/ovia/git"), description="where URLs are mirrored to")
    partitions_at_once: int = Field(2, ge=1, le=32, description="partitions one process reads side by side")


class TracingSettings(BaseSettings):
    """Where traces go. The rest of OTEL_* is read by OpenTelemetry itself."""

    model_config = SettingsConfigDict(env_prefix="OTEL_", env_ignore_empty=True, extra="ignore")

    exporter_otlp_endpoint: str = Field("", description="such as http://collector:4318; empty: nothing is traced")
    exporter_otlp_traces_endpoint: str = ""
    sdk_disabled: bool = False
    traces_sampler_arg: float = Field(1.0, ge=0, le=1, description="the share of traces that is kept")

    @property
    def ratio(self) -> float:
        """The share of traces that is kept."""
        return self.traces_sampler_arg


AnySettings = TypeVar("AnySettings", bound=BaseSettings)


def tracing_settings() -> TracingSettings | None:
    """How to trace, or None where nobody collects traces. Raises `BadSettings`."""
    settings = load(TracingSettings)
    wanted = settings.exporter_otlp_endpoint or settings.exporter_otlp_traces_endpoint
    return settings if wanted and not settings.sdk_disabled else None


def load(kind: type[AnySettings]) -> AnySettings:
    """Reads the settings of this process.

    Raises `BadSettings` naming each variable that is missing or wrong; the values are never repeated.
    """
    secrets = Path(os.environ.get("OVIA_SECRETS_DIR", DEFAULT_SECRETS_DIR))
    try:
        return kind(_secrets_dir=secrets if secrets.is_dir() else None)
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix") or ""
        raise BadSettings("bad settings: " + "; ".join(_fault(prefix, fault) for fault in error.errors())) from None


def _fault(prefix: str, fault: Any) -> str:
    message = str(fault["msg"]).removeprefix("Value error, ")
    # A fault of several variables together names them itself.
    return f"{prefix}{str(fault['loc'][0]).upper()}: {message[0].lower()}{message[1:]}" if fault["loc"] else message
