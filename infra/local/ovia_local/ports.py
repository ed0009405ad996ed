"""TCP ports on loopback: is one free, and which are."""

import contextlib
import errno
import os
import socket
import time

from ovia_local.errors import StackError

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65535


def require_free(port: int, patience: float = 0) -> None:
    """Check that the gateway will be able to listen; one that is taken has `patience` seconds to become free.

    Raises:
        StackError: the port is no port, is taken, or needs privileges.
    """
    if not 1 <= port <= HIGHEST_PORT:
        raise StackError(f"{port} is not a port; choose one from 1 to {HIGHEST_PORT}, such as PORT=8081.")
    suggestion = f"choose another with `make run PORT={port + 1 if port < HIGHEST_PORT else 8080}`."
    deadline = time.monotonic() + patience
    while fault := _fault(port):
        if fault == errno.EADDRINUSE and time.monotonic() < deadline:
            time.sleep(0.1)
        elif fault == errno.EADDRINUSE:
            raise StackError(f"Port {port} is already in use by another program; {suggestion}")
        elif fault == errno.EACCES:
            raise StackError(f"Port {port} may only be used by root; choose one above 1023, such as PORT=8080.")
        else:
            raise StackError(f"Port {port} cannot be used ({os.strerror(fault)}); {suggestion}")


def _fault(port: int) -> int:
    with socket.socket() as probe:
        # As servers do: connections that are only waiting to be forgotten do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.errno or errno.EINVAL
    return 0


def free_ports(count: int) -> list[int]:
    """Different ports nobody listens on at this moment."""
    with contextlib.ExitStack() as held:
        # Held together, so that the system cannot hand out the same one twice.
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [probe.getsockname()[1] for probe in probes]
