"""Which organisation a command works for."""

from uuid import UUID

from ovia_shared.database import organisations
from ovia_shared.database.pool import Database
from ovia_shared.errors import InvalidInput, NotFound


async def choose(database: Database, wanted: str | None) -> UUID:
    """The organisation with this id or exact name; without one, the only organisation there is.

    Raises `NotFound` if none fits, `InvalidInput` if the choice is not clear.
    """
    async with database.bare_transaction() as conn:
        known = await organisations.ids(conn)
    if wanted is None:
        if len(known) == 1:
            return known[0]
        if not known:
            raise NotFound("there is no organisation yet; make one with `ovia admin create-organisation NAME`")
        raise InvalidInput(f"there are {len(known)} organisations; say which one with --organisation ID-OR-NAME")
    for org_id in known:
        async with database.transaction(org_id) as conn:
            organisation = await organisations.find(conn, org_id)
        if organisation is not None and wanted in (str(org_id), organisation.name):
            return org_id
    raise NotFound(f"there is no organisation {wanted!r}")
