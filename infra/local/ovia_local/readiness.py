"""Waiting until HTTP services can serve."""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Mapping

from ovia_local.errors import StackError

READY_SECONDS = 60.0
ANSWER_SECONDS = 3.0
POLL_SECONDS = 0.1
LONGEST_ANSWER_SHOWN = 300

# Loopback is never behind a proxy, whatever the environment says.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


async def wait_until_ready(addresses: Mapping[str, str], seconds: float = READY_SECONDS) -> None:
    """Wait until each address answers 200. The keys are the names used in the message.

    Raises:
        StackError: one did not in time; the message has the last thing it said.
    """
    deadline = time.monotonic() + seconds
    await asyncio.gather(*(_wait_for(name, address, deadline) for name, address in addresses.items()))


async def _wait_for(name: str, address: str, deadline: float) -> None:
    while (said := await asyncio.to_thread(_ask, address)) is not None:
        if time.monotonic() > deadline:
            raise StackError(f"{name} did not become ready at {address}; its last answer: {said}")
        await asyncio.sleep(POLL_SECONDS)


def _ask(address: str) -> str | None:
    """None when ready, otherwise why not."""
    try:
        with _OPENER.open(address, timeout=ANSWER_SECONDS) as answer:
            return None if answer.status == 200 else f"status {answer.status}"
    except urllib.error.HTTPError as error:
        with error:
            body = error.read(LONGEST_ANSWER_SHOWN).decode(errors="replace")
        return f"status {error.code} {body}".strip()
    except (OSError, ValueError) as error:
        return str(error)
