"""Previews under way: each in a task of its own, which goes on when whoever asked goes away, and always rolls back."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from uuid import UUID

from ovia_metrics.settings.comparing import Tried, compare
from ovia_shared.database import setting_previews
from ovia_shared.database.facts import deriving
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import OviaError
from ovia_shared.models.setting import OF_FACTS, PreviewProgress, PreviewResult

log = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 5.0
FINISHING_TRIES = 10
# Each keeps a processor of the database busy, and three connections.
AT_ONCE = 2


class Previews:
    """Those this process computes, with connections of their own: they take longer than a request may."""

    def __init__(self, dsn: str) -> None:
        self._database = Database(dsn, size=3 * AT_ONCE + 2, statement_timeout=3600, name="ovia-metrics preview")
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Opens the pool, which connects when it is first needed."""
        await self._database.open()

    async def stop(self) -> None:
        """Breaks off what is under way; nothing of it was stored."""
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._database.close()

    async def begin(self, tried: Tried, requested_by: str) -> UUID:
        """Begins one, and returns at once. Raises `Conflict` while the organisation has another."""
        async with self._database.transaction(tried.org_id) as conn:
            preview_id = await setting_previews.begin(
                conn, tried.org_id, tried.name, tried.value, tried.scope, requested_by
            )
        task = asyncio.create_task(self._run(preview_id, tried))
        self._tasks[preview_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(preview_id, None))
        return preview_id

    async def wait(self, preview_id: UUID, seconds: float) -> None:
        """Until it is finished, or for so long."""
        task = self._tasks.get(preview_id)
        if task is not None:
            await asyncio.wait([task], timeout=seconds)

    async def _run(self, preview_id: UUID, tried: Tried) -> None:
        made = _Made()
        beating = asyncio.create_task(self._beat(preview_id, tried, made))
        result, error = None, None
        try:
            async with self._slots:
                result = await self._result(tried, made)
        except asyncio.CancelledError:
            error = "the service was stopped; ask again"
            raise
        except OviaError as fault:
            error = fault.message
        except Exception:
            log.exception("a preview failed", extra={"preview": str(preview_id)})
            error = "something went wrong on our side; the log has it"
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating
            await self._finish(preview_id, tried, made, result, error)

    async def _finish(
        self, preview_id: UUID, tried: Tried, made: "_Made", result: PreviewResult | None, error: str | None
    ) -> None:
        # What broke one off may have broken other connections too; after some tries it is found to be abandoned.
        for _ in range(FINISHING_TRIES):
            try:
                async with self._database.transaction(tried.org_id) as conn:
                    await setting_previews.finish(conn, tried.org_id, preview_id, made.progress, result, error)
            except OviaError:
                await asyncio.sleep(1)
            else:
                return

    async def _result(self, tried: Tried, made: "_Made") -> PreviewResult:
        async with contextlib.AsyncExitStack() as stack:
            if tried.name in OF_FACTS:
                # Held by another transaction than sees the facts: that one must begin after the last deriver ended.
                holding = await stack.enter_async_context(self._rolled_back(tried.org_id))
                await deriving.hold(holding, tried.org_id)
            conn = await stack.enter_async_context(self._rolled_back(tried.org_id, one_moment=True))
            return await compare(conn, tried, made.report)

    @contextlib.asynccontextmanager
    async def _rolled_back(self, org_id: UUID, *, one_moment: bool = False) -> AsyncIterator[Connection]:
        transaction = await self._database.begin()
        try:
            if one_moment:
                await transaction.conn.execute("set transaction isolation level repeatable read")
            await transaction.conn.execute("select set_config('ovia.org_id', $1, true)", str(org_id))
            yield transaction.conn
        finally:
            await transaction.rollback()

    async def _beat(self, preview_id: UUID, tried: Tried, made: "_Made") -> None:
        while True:
            with contextlib.suppress(OviaError):
                async with self._database.transaction(tried.org_id) as conn:
                    await setting_previews.progress(conn, tried.org_id, preview_id, made.progress)
            made.moved.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await made.moved.wait()
            # However quick the steps, once a second is enough to be told of them.
            await asyncio.sleep(1)


class _Made:
    """How far one got."""

    def __init__(self) -> None:
        self.progress = PreviewProgress("waiting", 0, 0)
        self.moved = asyncio.Event()

    async def report(self, progress: PreviewProgress) -> None:
        self.progress = progress
        self.moved.set()
