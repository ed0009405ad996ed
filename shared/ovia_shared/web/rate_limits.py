"""Request budgets, counted in memory: per token, and per address for requests without a valid token."""

import ipaddress
import math
import time
from collections.abc import Iterable

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from litestar.types import Scope

from ovia_shared.errors import TooManyRequests


class RateLimits:
    """Budgets per minute. Each process counts for itself, so a service of n processes grants n times as much."""

    def __init__(self, per_token: int, per_address: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._token = RateLimitItemPerMinute(per_token)
        self._address = RateLimitItemPerMinute(per_address)

    def spend_token(self, token_id: str) -> None:
        """Counts a request of a proven token. Raises `TooManyRequests` when its budget is spent."""
        self._spend(self._token, "token", token_id)

    def spend_address(self, address: str) -> None:
        """Counts a request that proved nothing. Raises `TooManyRequests` when the address's budget is spent.

        A valid token never pays for its neighbours: whoever shares an address with a guesser is not locked out.
        """
        self._spend(self._address, "address", address)

    def _spend(self, budget: RateLimitItemPerMinute, kind: str, who: str) -> None:
        if not self._limiter.hit(budget, kind, who):
            reset = self._limiter.get_window_stats(budget, kind, who).reset_time
            raise TooManyRequests(
                "too many requests; wait before the next", retry_after=max(1, math.ceil(reset - time.time()))
            )


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
