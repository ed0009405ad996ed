"""Reading what brings code to production: pipelines, their jobs, deployments."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

import msgspec

from ovia_ingest.connectors.gitlab.api import GitLab, Item, Part, together
from ovia_ingest.connectors.gitlab.everything import everything
from ovia_ingest.connectors.gitlab.listings import in_project
from ovia_ingest.connectors.gitlab.paging import Page, keyset, moving, whole
from ovia_ingest.sources.reading import Batch, Window
from ovia_shared.database.raw_records import RawRecord

# Only what has ended says how long it took; what has not will change, and be read again.
UNFINISHED = frozenset({"created", "waiting_for_resource", "preparing", "pending", "running", "scheduled", "canceling"})
NEWEST_FIRST = {"order_by": "id", "sort": "desc"}
PIPELINES = 25
JOBS = 100


class ChangedReading:
    """Reads pipelines or deployments: first all of them by id, then those that change.

    An item that changes meanwhile moves to the end of the changes and is read there again.
    """

    whole = False

    def __init__(self, part: Part, record: Callable[[Part, Sequence[Item]], Awaitable[list[RawRecord]]]) -> None:
        self._part = part
        self._record = record

    async def now(self) -> datetime:
        return await self._part.gitlab.now()

    async def batches(self, window: Window) -> AsyncGenerator[Batch]:
        gitlab, path = self._part.gitlab, self._part.path
        pages = (
            everything(gitlab, path, window.position)
            if window.since is None
            else moving(gitlab, path, {}, "updated", since=window.since, place=window.position)
        )
        async with aclosing(self._part.unless_hidden(pages)) as shown:
            async for page in shown:
                yield Batch(await self._record(self._part, page.items), page.place, page.total)

    async def present(self) -> list[str]:
        return await _ids(self._part.unless_hidden(everything(self._part.gitlab, self._part.path)))

    async def named(self, external_ids: Sequence[str]) -> list[RawRecord]:
        return await self._record(self._part, await self._part.each(external_ids))


def pipelines(gitlab: GitLab, project: str) -> ChangedReading:
    """The pipelines of a project. The list does not say how long they took, so each is asked for once it has ended."""
    return ChangedReading(Part(gitlab, project, "pipelines"), _pipeline_records)


def deployments(gitlab: GitLab, project: str) -> ChangedReading:
    """The deployments of a project."""
    return ChangedReading(Part(gitlab, project, "deployments"), _deployment_records)


async def _pipeline_records(part: Part, items: Sequence[Item]) -> list[RawRecord]:
    async def whole_one(one: Item) -> RawRecord | None:
        raw: msgspec.Raw | None = one.raw
        if one.key and one.head.status not in UNFINISHED:
            raw = await part.gitlab.found(f"{part.path}/{one.key}")
        return None if raw is None else RawRecord(one.key, in_project(part.project, pipeline=raw))

    return [record for record in await together([whole_one(one) for one in items]) if record is not None]


async def _deployment_records(part: Part, items: Sequence[Item]) -> list[RawRecord]:
    return [RawRecord(one.key, in_project(part.project, deployment=one.raw)) for one in items]


class _Place(msgspec.Struct, omit_defaults=True):
    """Which step of reading jobs it is at, and where in it."""

    step: str = "newest"
    place: Any = None


class JobsReading:
    """Reads the jobs of a project.

    Jobs do not say when they changed. Whatever a job does changes its pipeline, so a later read takes the jobs created
    since, and then all jobs of the pipelines that changed since: those that people start, and those that triggers do.
    """

    whole = False

    def __init__(self, gitlab: GitLab, project: str) -> None:
        self._gitlab = gitlab
        self._part = Part(gitlab, project, "jobs")
        self._pipelines = Part(gitlab, project, "pipelines")

    async def now(self) -> datetime:
        return await self._gitlab.now()

    async def batches(self, window: Window) -> AsyncGenerator[Batch]:
        at = msgspec.convert(window.position or {}, _Place)
        if at.step == "newest":
            async with aclosing(self._newest(at.place)) as newest:
                async for page in newest:
                    last = not page.more or (window.since is not None and _older(page.items, window.since))
                    behind = _stored("pipelines", None) if last else _stored("newest", page.place)
                    yield Batch(self._records(page.items), behind, page.total)
                    if last:
                        break
            at = _Place("pipelines")
        if window.since is None:
            return
        steps: dict[str, dict[str, str]] = {"pipelines": {}, "children": {"source": "parent_pipeline"}}
        for step in list(steps)[list(steps).index(at.step) :]:
            place = at.place if step == at.step else None
            changed = moving(
                self._gitlab,
                self._pipelines.path,
                steps[step],
                "updated",
                since=window.since,
                place=place,
                most=PIPELINES,
            )
            async with aclosing(self._pipelines.unless_hidden(changed)) as pages:
                async for page in pages:
                    jobs = await self._jobs_of(page.items)
                    while len(jobs) > JOBS:
                        yield Batch(self._records(jobs[:JOBS]), _stored(step, place))
                        jobs = jobs[JOBS:]
                    place = page.place
                    yield Batch(self._records(jobs), _stored(step, place))

    async def present(self) -> list[str]:
        return await _ids(self._newest(None))

    async def named(self, external_ids: Sequence[str]) -> list[RawRecord]:
        return self._records(await self._part.each(external_ids))

    def _newest(self, place: Any) -> AsyncGenerator[Page]:
        # Jobs that were tried again are in this list, but not in a pipeline's unless it is asked for them.
        return self._part.unless_hidden(keyset(self._gitlab, self._part.path, NEWEST_FIRST, place))

    async def _jobs_of(self, changed: Sequence[Item]) -> list[Item]:
        paths = [f"{self._pipelines.path}/{one.key}/jobs" for one in changed if one.key]
        lists = await together([whole(self._gitlab, path, {"include_retried": True}) for path in paths])
        return [job for jobs in lists for job in jobs]

    def _records(self, items: Sequence[Item]) -> list[RawRecord]:
        return [RawRecord(one.key, in_project(self._part.project, job=one.raw)) for one in items]


def _older(items: Sequence[Item], since: datetime) -> bool:
    times = [time for one in items if (time := one.head.time("created_at")) is not None]
    return bool(times) and min(times) < since


def _stored(step: str, place: Any) -> Any:
    return msgspec.to_builtins(_Place(step, place))


async def _ids(pages: AsyncGenerator[Page]) -> list[str]:
    found: dict[str, None] = {}
    async with aclosing(pages):
        async for page in pages:
            found.update(dict.fromkeys(one.key for one in page.items if one.key))
    return list(found)
