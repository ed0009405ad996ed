"""Testing a connection: what the source itself says to this address, these settings and these credentials."""

import asyncio

from ovia_shared.errors import InvalidInput, Unavailable
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import SourceCredentials, SourceSettings
from ovia_shared.source_client import checks
from ovia_shared.source_client.checks import ConnectionReport

# Each test holds a database connection for as long as the source takes to answer.
AT_ONCE = 3

_under_way = asyncio.Semaphore(AT_ONCE)


async def test(
    kind: ConnectionKind, base_url: str, settings: SourceSettings, credentials: SourceCredentials | None
) -> ConnectionReport:
    """What is right and what is wrong, step by step.

    Raises `InvalidInput` for git, which this service cannot speak, and `Unavailable` while others are tested.
    """
    if kind is ConnectionKind.GIT:
        raise InvalidInput("git connections are tested by reading them", field="kind")
    if _under_way.locked():
        raise Unavailable("other connections are being tested; try again shortly")
    async with _under_way:
        return await checks.check(kind, base_url, settings, credentials)


async def require_working(
    kind: ConnectionKind, base_url: str, settings: SourceSettings, credentials: SourceCredentials | None
) -> None:
    """Raises `InvalidInput` with what is wrong. A git connection is not tested."""
    if kind is ConnectionKind.GIT:
        return
    report = await test(kind, base_url, settings, credentials)
    if not report.ok:
        faults = [(finding.step, finding.message) for finding in report.findings if not finding.ok]
        first = faults[0][1] if faults else "the source did not answer as expected"
        raise InvalidInput(
            f"the connection does not work: {first}; ?verify=false stores it all the same", faults=faults
        )
