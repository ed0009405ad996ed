"""A server that is not there at all is away like one that restarts, and no fault of ours."""

import errno

import pytest

from ovia_shared.database.pool import Database, as_ours
from ovia_shared.errors import Unavailable


async def test_a_host_whose_name_stands_for_nothing_is_away() -> None:
    database = Database("postgresql://ovia_api:hush@postgres.invalid/ovia", size=1)
    await database.open()
    try:
        with pytest.raises(Unavailable, match="does not answer"):
            async with database.bare_transaction():
                pytest.fail("there is nothing to connect to")
    finally:
        await database.close()


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETUNREACH])
def test_a_host_no_way_leads_to_is_away(number: int) -> None:
    assert isinstance(as_ours(OSError(number, "no way there")), Unavailable)


def test_a_fault_of_a_disk_is_no_matter_of_the_database() -> None:
    assert as_ours(OSError(errno.EIO, "a disk")) is None
