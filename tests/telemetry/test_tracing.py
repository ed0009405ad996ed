"""Traces, received over OTLP by a collector of this test's own; and nothing where nobody collects them."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.api.conftest import Organisations, StartService, start_service
from tests.conftest import RoleDsn

__all__ = ["start_service"]

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRET = "keep-this-out-of-the-trace"


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP at /v1/traces, and answers anything else too."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.exports: list[ExportTraceServiceRequest] = []
        self.raw: list[bytes] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for export in self.exports
            for of in export.resource_spans
            for by in of.scope_spans
            for span in by.spans
        ]

    @property
    def services(self) -> set[str]:
        return {
            attribute.value.string_value
            for export in self.exports
            for of in export.resource_spans
            for attribute in of.resource.attributes
            if attribute.key == "service.name"
        }


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.raw.append(body)
        self.server.exports.append(ExportTraceServiceRequest.FromString(body))
        self.do_GET()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


async def test_a_request_continues_its_callers_trace_down_to_the_statements(
    collector: Collector, start_service: StartService, organisations: Organisations, role_dsn: RoleDsn
) -> None:
    service = await start_service(
        "ovia-api", OVIA_DATABASE_URL=role_dsn("ovia_api"), OTEL_EXPORTER_OTLP_ENDPOINT=collector.address
    )
    headers = organisations[0].authorization("viewer") | {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    async with service.client(**headers) as client:
        for _ in range(3):
            assert (await client.get("/team/people", params={"search": SECRET})).status_code == 200
        await client.get(f"/team/{organisations[0].tokens['viewer']}")  # type: ignore[index]
        await client.get("/ready")
    assert await service.end() == 0

    assert collector.services == {"ovia-api"}
    ours = [span for span in collector.spans if span.trace_id.hex() == TRACE]
    assert len(ours) == len(collector.spans)
    requests = [span for span in ours if span.parent_span_id.hex() == PARENT]
    assert [span.name for span in requests] == ["GET /team/people"] * 3 + ["GET"]
    told = attributes(requests[0])
    assert (told["http.route"], told["http.response.status_code"]) == ("/team/people", 200)
    statements = [span for span in ours if span.parent_span_id == requests[0].span_id]
    assert any("from people" in attributes(span).get("db.statement", "") for span in statements)

    everything = b"".join(collector.raw)
    assert SECRET.encode() not in everything
    for part in organisations[0].tokens["viewer"].split("_")[1:]:  # type: ignore[index]
        assert part.encode() not in everything
    logged = [json.loads(line) for line in service.log.read_text().splitlines()]
    lines = [line for line in logged if line["event"] == "request" and line["path"] == "/team/people"]
    assert {line["trace_id"] for line in lines} == {TRACE}
    assert {line["span_id"] for line in lines} == {span.span_id.hex() for span in requests[:3]}
    assert attributes(requests[0])["ovia.request_id"] == lines[0]["request_id"]


async def test_a_collector_that_is_away_is_not_noticed(
    start_service: StartService, organisations: Organisations, role_dsn: RoleDsn
) -> None:
    service = await start_service(
        "ovia-api",
        OVIA_DATABASE_URL=role_dsn("ovia_api"),
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )
    async with service.client(**organisations[0].authorization("viewer")) as client:
        assert (await client.get("/team/people")).status_code == 200
    assert await service.end() == 0


IN_THE_BACKGROUND = """
import asyncio, sys
import aiohttp
from ovia_shared.telemetry import tracing

async def ask(address):
    async with aiohttp.ClientSession() as session:
        await session.get(f"{address}/rest?jql=keep-this-out-of-the-trace")
        with tracing.unit("read partition", stream="issues"):
            await session.get(f"{address}/rest?jql=keep-this-out-of-the-trace")
        try:
            with tracing.unit("fails"):
                raise ValueError("keep-this-out-of-the-trace")
        except ValueError:
            pass

tracing.configure("ovia-ingest")
asyncio.run(ask(sys.argv[1]))
tracing.end()
"""


def test_work_in_the_background_is_a_trace_of_its_own_and_quotes_nobody(collector: Collector) -> None:
    subprocess.run(
        [sys.executable, "-c", IN_THE_BACKGROUND, collector.address],
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address},
        check=True,
    )
    named = {span.name: span for span in collector.spans}
    # The request before belongs to nothing, and is left out.
    assert sorted(span.name for span in collector.spans) == ["GET", "fails", "read partition"]
    assert named["GET"].parent_span_id == named["read partition"].span_id
    assert attributes(named["GET"])["http.url"] == f"{collector.address}/rest"
    assert (named["fails"].status.code, named["fails"].status.message, len(named["fails"].events)) == (2, "", 0)
    assert SECRET.encode() not in b"".join(collector.raw)


OFF = """
import sys
from ovia_shared.telemetry import tracing
tracing.configure("ovia-api")
import ovia_api.app
from ovia_api.settings import ApiSettings
with tracing.unit("anything"):
    ovia_api.app.create(ApiSettings(database_url="postgresql://ovia_api:x@127.0.0.1:1/ovia"))
# Litestar looks whether there is one, and no further.
parts = ("sdk", "exporter", "trace", "instrumentation.asyncpg", "instrumentation.aiohttp_client")
sys.exit(any(f"opentelemetry.{part}" in sys.modules for part in parts))
"""


@pytest.mark.parametrize(
    "environment", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}]
)
def test_where_nobody_collects_nothing_of_it_is_loaded(environment: dict[str, str]) -> None:
    assert subprocess.run([sys.executable, "-c", OFF], env=environment, check=False).returncode == 0


def test_what_is_missing_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").write_text("raise ImportError")
    ended = subprocess.run(
        [Path(sys.executable).with_name("ovia-ingest"), "run"],
        env={
            "PYTHONPATH": str(tmp_path),
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
            "OVIA_DATABASE_URL": "postgresql://ovia_ingest:x@127.0.0.1:1/ovia",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "ovia-shared[tracing]" in ended.stderr
    assert "Traceback" not in ended.stderr
