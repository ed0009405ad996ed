"""`ovia-rag index`: brings the index up to date now, or makes it anew, then exits."""

from uuid import UUID

from ovia_rag.indexing import progress
from ovia_rag.indexing.organisation import Choose, Indexed, index
from ovia_shared.config.settings import DatabaseSettings
from ovia_shared.database import organisations
from ovia_shared.database.pool import Database
from ovia_shared.errors import Conflict, NotFound


async def run(settings: DatabaseSettings, choose: Choose, wanted: UUID | None, *, rebuild: bool) -> None:
    """Indexes this organisation, or all. Raises `NotFound` for one that is not there, `Conflict` if another indexes."""
    dsn = settings.database_url.get_secret_value()
    database = Database(dsn, size=2, statement_timeout=3600, name="ovia-rag index", durable=False)
    await database.open()
    try:
        async with database.bare_transaction() as conn:
            known = list(await organisations.ids(conn))
        if wanted is not None and wanted not in known:
            raise NotFound(f"there is no organisation {wanted}")
        for org_id in known if wanted is None else [wanted]:
            async with database.transaction(org_id) as conn:
                found = await organisations.find(conn, org_id)
            name = str(org_id) if found is None else found.name
            with progress.shown(name) as watch:
                done = await index(database, dsn, org_id, choose, anew=rebuild, watch=watch)
            if done is None:
                raise Conflict(f"{name} is being indexed by somebody else; try again later")
            progress.say(f"{name}: {_told(done)}")
    finally:
        await database.close()


def _told(done: Indexed) -> str:
    change = done.change
    return (
        f"{done.sources:,} sources looked at in {done.seconds_of_words:.1f} s: {change.added:,} pieces added, "
        f"{change.removed:,} removed, {change.moved:,} moved; {done.vectors:,} vectors in "
        f"{done.seconds_of_vectors:.1f} s."
    )
