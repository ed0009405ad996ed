"""The part of Loki's settings that we use, with Loki's types. An unknown name or a wrong type is refused."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Duration = Annotated[str, Meta(pattern=r"^(\d+(h|m|s|ms))+$")]
Bytes = Annotated[str, Meta(pattern=r"^\d+(KB|MB|GB)$")]
Port = Annotated[int, Meta(ge=1, le=65535)]


class _Strict(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    pass


class Server(_Strict, frozen=True):
    http_listen_port: Port
    grpc_listen_port: Port
    log_level: Literal["debug", "info", "warn", "error"]
    log_format: Literal["json", "logfmt"]


class Analytics(_Strict, frozen=True):
    reporting_enabled: bool


class KvStore(_Strict, frozen=True):
    store: Literal["inmemory", "memberlist", "consul", "etcd"]


class Ring(_Strict, frozen=True):
    kvstore: KvStore


class Filesystem(_Strict, frozen=True):
    chunks_directory: str
    rules_directory: str


class CommonStorage(_Strict, frozen=True):
    filesystem: Filesystem


class Common(_Strict, frozen=True):
    instance_addr: str
    path_prefix: str
    replication_factor: int
    ring: Ring
    storage: CommonStorage


class Index(_Strict, frozen=True):
    prefix: str
    period: Duration


class Period(_Strict, frozen=True):
    from_: str = msgspec.field(name="from")
    store: Literal["tsdb"]
    object_store: Literal["filesystem", "s3", "gcs", "azure"]
    schema: Literal["v13"]
    index: Index


class Schema(_Strict, frozen=True):
    configs: Annotated[list[Period], Meta(min_length=1)]


class Wal(_Strict, frozen=True):
    enabled: bool
    dir: str
    flush_on_shutdown: bool
    replay_memory_ceiling: Bytes


class Ingester(_Strict, frozen=True):
    wal: Wal


class Compactor(_Strict, frozen=True):
    working_directory: str
    retention_enabled: bool
    retention_delete_delay: Duration
    delete_request_store: Literal["filesystem", "s3", "gcs", "azure"]


class Limits(_Strict, frozen=True):
    retention_period: Duration
    reject_old_samples: bool
    reject_old_samples_max_age: Duration
    allow_structured_metadata: bool
    discover_service_name: list[str]
    discover_log_levels: bool
    max_label_names_per_series: int
    max_global_streams_per_user: int
    ingestion_rate_mb: float
    ingestion_burst_size_mb: float
    per_stream_rate_limit: Bytes
    per_stream_rate_limit_burst: Bytes
    max_line_size: Bytes
    max_line_size_truncate: bool
    max_entries_limit_per_query: int
    max_query_length: Duration
    query_timeout: Duration
    volume_enabled: bool


class EmbeddedCache(_Strict, frozen=True):
    enabled: bool
    max_size_mb: int


class Cache(_Strict, frozen=True):
    embedded_cache: EmbeddedCache


class ResultsCache(_Strict, frozen=True):
    cache: Cache


class QueryRange(_Strict, frozen=True):
    cache_results: bool
    results_cache: ResultsCache


class LokiSettings(_Strict, frozen=True):
    """A whole file."""

    auth_enabled: bool
    server: Server
    analytics: Analytics
    common: Common
    schema_config: Schema
    ingester: Ingester
    compactor: Compactor
    limits_config: Limits
    query_range: QueryRange
