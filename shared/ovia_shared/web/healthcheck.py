"""`ovia-healthcheck`: what Docker runs in a container every few seconds to know whether it lives.

It asks the service of the same container whether it was ready at least once (`/health/started`), and exits with 0 or 1.
It reads the environment itself and imports next to nothing: loading the settings would take ten times as long.
"""

import os
import socket
import sys

TIMEOUT_SECONDS = 3.0
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (asked, not listened on)


def ask(host: str, port: int, path: str = "/health/started", within: float = TIMEOUT_SECONDS) -> tuple[bool, str]:
    """Whether the path answers 200, and what was answered or why nothing was."""
    asked = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nUser-Agent: ovia-healthcheck\r\n\r\n"
    try:
        with socket.create_connection((host, port), within) as conversation:
            conversation.sendall(asked.encode())
            answer = b""
            while part := conversation.recv(65536):
                answer += part
    except OSError as error:
        return False, f"{host}:{port} does not answer: {error}"
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].decode("ascii", "replace")
    return status.startswith("HTTP/1.1 200"), f"{status}: {body[:500].decode('utf-8', 'replace')}"


def main() -> None:
    """Exits with 0 if the service of this container has started, else with 1 and a line that says why not."""
    host = os.environ.get("OVIA_HOST", "")
    well, said = ask(_EVERYWHERE.get(host, host), int(os.environ.get("OVIA_PORT") or 8000))
    if not well:
        sys.stdout.write(f"{said}\n")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
