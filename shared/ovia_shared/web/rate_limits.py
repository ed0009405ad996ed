"""Request budgets, counted in memory: per token, and per address for requests without a valid token."""

import ipaddress
import math
import time
from collections.abc import Iterable

from litestar.types import Scope

from ovia_shared.errors import TooManyRequests

WINDOW_SECONDS = 60.0


class RateLimits:
    """Budgets per minute. Each process counts for itself, so a service of n processes grants n times as much."""

    def __init__(self, per_token: int, per_address: int) -> None:
        self._tokens = _Budgets(per_token)
        self._addresses = _Budgets(per_address)

    def spend_token(self, token_id: str) -> None:
        """Counts a request of a proven token. Raises `TooManyRequests` when its budget is spent."""
        self._tokens.spend(token_id)

    def spend_address(self, address: str) -> None:
        """Counts a request that proved nothing. Raises `TooManyRequests` when the address's budget is spent.

        A valid token never pays for its neighbours: whoever shares an address with a guesser is not locked out.
        """
        self._addresses.spend(address)


class _Budgets:
    """How much each key has spent of one budget. A key's minute begins with the first request it counts."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._spent: dict[str, tuple[int, float]] = {}
        self._sweep_at = 0.0

    def spend(self, key: str) -> None:
        now = time.monotonic()
        if now >= self._sweep_at:
            # Whoever changes addresses must not fill the memory: a key is forgotten within two minutes.
            self._spent = {kept: entry for kept, entry in self._spent.items() if entry[1] > now}
            self._sweep_at = now + WINDOW_SECONDS
        count, ends = self._spent.get(key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + WINDOW_SECONDS
        if count >= self._budget:
            raise TooManyRequests("too many requests; wait before the next", retry_after=max(1, math.ceil(ends - now)))
        self._spent[key] = (count + 1, ends)


def client_address(scope: Scope) -> str:
    """The client's address. A forwarded one counts only if the peer is a gateway on this machine or network.

    The last entry of X-Forwarded-For is the one the gateway added itself; those before it are the client's claims.
    """
    client = scope.get("client")
    peer = client[0] if client else ""
    if not _is_near(peer):
        return peer
    forwarded = _last_forwarded(scope["headers"])
    return forwarded if _parse(forwarded) else peer


def _last_forwarded(headers: Iterable[tuple[bytes, bytes]]) -> str:
    entries = [value for name, value in headers if name == b"x-forwarded-for"]
    return entries[-1].decode("latin-1").rpartition(",")[2].strip() if entries else ""


def _is_near(address: str) -> bool:
    parsed = _parse(address)
    return parsed is not None and (parsed.is_loopback or parsed.is_private)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
