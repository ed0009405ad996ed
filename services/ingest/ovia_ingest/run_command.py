"""`ovia-ingest run`: reads whatever is due in every connection, then exits."""

from uuid import UUID

import msgspec

from ovia_ingest import progress, stopping
from ovia_ingest.organisation import choose
from ovia_ingest.running import environment
from ovia_ingest.running.opening import Sources
from ovia_ingest.running.work import Outcome, Wish, Work
from ovia_shared.config.settings import IngestSettings
from ovia_shared.database import organisations
from ovia_shared.database.pool import Database
from ovia_shared.errors import InvalidInput, SourceError
from ovia_shared.linking.incremental import link_identities
from ovia_shared.security.credentials import CredentialsVault


async def run(settings: IngestSettings, wish: Wish, organisation: str | None, *, sample: bool = False) -> int:
    """Works for one organisation, or for all of them if none is named. Returns the exit code.

    0: all that was due was read. 1: some of it could not be read; each is named with the reason. 130: stopped.
    Raises `OviaError` where nothing can be done at all.
    """
    given = environment.given()
    if settings.credentials_keys is not None:
        # Refused here, once, and not by each partition that is due.
        CredentialsVault(settings.credentials_keys.get_secret_value())
    stop = stopping.on_signals()
    database = Database(
        settings.database_url.get_secret_value(),
        size=2 * settings.partitions_at_once + 4,
        statement_timeout=3600,
        name="ovia-ingest",
        durable=False,
    )
    await database.open()
    try:
        total = Outcome()
        for org_id in await _organisations(database, organisation):
            if given and len(await _organisations(database, None)) > 1 and organisation is None:
                raise InvalidInput(
                    "the environment gives connections and there are several organisations; "
                    "say whose they are with --organisation ID-OR-NAME"
                )
            await environment.configure(database, org_id, settings.credentials_keys, sample)
            async with Sources(settings, database, org_id) as sources:
                try:
                    outcome = await Work(settings, database, org_id, sources, stop).through(wish)
                except SourceError as error:
                    # One organisation's trouble is not the next one's.
                    outcome = Outcome(failed=[error.message])
                    progress.say(error.message)
            await _link(database, org_id)
            total = _added(total, outcome)
            if stop.is_set():
                progress.say("Stopped. What was read is kept; the next run carries on from there.")
                return 130
        _report(total, wish)
        return 1 if total.failed else 0
    finally:
        await database.close()


async def _organisations(database: Database, wanted: str | None) -> list[UUID]:
    if wanted is not None:
        return [await choose(database, wanted)]
    async with database.bare_transaction() as conn:
        return list(await organisations.ids(conn))


async def _link(database: Database, org_id: UUID) -> None:
    # Also where nothing was read: reviewers have accounts matched anew, and it is over at once where nothing waits.
    linked = await link_identities(database, org_id)
    if linked.people or linked.linked or linked.conflicts:
        progress.say(
            f"People: {linked.people:,} new; accounts: {linked.linked:,} linked, {linked.conflicts:,} for review, "
            f"{linked.orphans:,} without enough evidence."
        )


def _added(one: Outcome, other: Outcome) -> Outcome:
    return Outcome(
        one.partitions + other.partitions,
        one.records + other.records,
        one.dead_letters + other.dead_letters,
        one.failed + other.failed,
    )


def _report(total: Outcome, wish: Wish) -> None:
    letters = f", {total.dead_letters:,} not understood (kept as dead letters)" if total.dead_letters else ""
    failed = f"; {len(total.failed):,} failed" if total.failed else ""
    if wish.renormalise:
        progress.say(f"{total.records:,} records made anew{letters}{failed}.")
    elif total.partitions or total.failed:
        progress.say(f"{total.records:,} records read from {total.partitions:,} partitions{letters}{failed}.")
    else:
        progress.say("Nothing was due.")


def wish_of(*, once: str | None, full: bool, renormalise: bool, census: bool) -> Wish:
    """The wish the options spell. Raises `InvalidInput` for options that exclude each other."""
    if renormalise and (full or census):
        raise InvalidInput("--renormalise reads no source; it cannot be combined with --full or --census")
    return msgspec.convert({"once": once, "full": full, "census": census, "renormalise": renormalise}, Wish)
