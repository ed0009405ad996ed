"""What stands around the gateway in a swarm: DNS that names the replicas, services that say what they are asked."""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD_TOKEN = "ovia_" + "a" * 52 + "_" + "b" * 52


class Replica(ThreadingHTTPServer):
    """One replica of a service. `asked` are the requests it got; while `dying` it takes them and never answers, and
    what asks for …/slow is answered when `go_on` is set."""

    daemon_threads = True

    def __init__(self, name: str, address: str, port: int) -> None:
        super().__init__((address, port), _Handler)
        self.name = name
        self.asked: list[dict[str, Any]] = []
        self.dying = False
        self.go_on = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tests are quiet."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Replica

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = {
            "service": self.server.name,
            "address": self.server.server_address[0],
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
        }
        self.server.asked.append(said)
        if self.server.dying:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if self.path.endswith("/slow"):
            self.server.go_on.wait(60)
        if self.path == "/auth/grafana":
            self._authorise()
        else:
            self._answer(200, json.dumps(said).encode(), **{"Content-Type": "application/json"})

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def _authorise(self) -> None:
        if self.headers.get("Authorization") == f"Bearer {GOOD_TOKEN}":
            self._answer(204, b"", **{"X-Webauth-User": "reporting.1234", "X-Webauth-Role": "Editor"})
        else:
            self._answer(401, b"{}", **{"WWW-Authenticate": 'Basic realm="Ovia"'})

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@contextlib.contextmanager
def replica(name: str, address: str, port: int) -> Iterator[Replica]:
    """A replica that listens while the block runs."""
    server = Replica(name, address, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Names:
    """A DNS server on loopback: `names["tasks.api"] = [...]` are the addresses it tells."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Names":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            asked, sender = self._socket.recvfrom(4096)
            if not asked:
                return
            self._socket.sendto(self._answer(asked), sender)

    def _answer(self, asked: bytes) -> bytes:
        labels, at = [], 12
        while length := asked[at]:
            labels.append(asked[at + 1 : at + 1 + length].decode())
            at += 1 + length
        question = asked[12 : at + 5]
        wanted = struct.unpack("!H", asked[at + 1 : at + 3])[0]
        known = self.names.get(".".join(labels).lower())
        addresses = known if known and wanted == 1 else []
        # 0x8180: an answer, recursion available; 3: there is no such name.
        flags = 0x8180 | (0 if known else 3)
        answers = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(address) for address in addresses
        )
        return asked[:2] + struct.pack("!HHHHH", flags, 1, len(addresses), 0, 0) + question + answers
