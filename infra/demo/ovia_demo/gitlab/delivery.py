"""From a commit to production: pipelines, jobs, deployments, environments, releases and tags."""

from typing import Any

from aiohttp import web

from ovia_demo.gitlab.answering import NUMBERED, TIMES, Answering, NotThere, Table
from ovia_demo.gitlab.lists import Listing, bad_request, respond
from ovia_demo.organisation.code_model import Pipeline
from ovia_demo.serving import answer, encode


class Delivery:
    """What runs, and what was shipped."""

    def __init__(self, gitlab: Answering) -> None:
        self._gitlab = gitlab

    def table(self) -> Table:
        project = "/projects/{project}"
        return [
            (f"{project}/pipelines", self.pipelines),
            (f"{project}/pipelines/{{id}}", self.pipeline),
            (f"{project}/pipelines/{{id}}/jobs", self.pipeline_jobs),
            (f"{project}/jobs", self.jobs),
            (f"{project}/jobs/{{id}}", self.job),
            (f"{project}/deployments", self.deployments),
            (f"{project}/deployments/{{id}}", self.deployment),
            (f"{project}/deployments/{{id}}/merge_requests", self.deployed),
            (f"{project}/environments", self.environments),
            (f"{project}/releases", self.releases),
            (f"{project}/repository/tags", self.tags),
        ]

    async def pipelines(self, request: web.Request) -> web.Response:
        rows = self._gitlab.world.pipelines.get(self._gitlab.repository(request).id, [])
        for name in ("ref", "sha", "status", "source"):
            wanted = request.query.get(name)
            rows = [one for one in rows if wanted in (None, getattr(one, name))]
        orders = {**NUMBERED, "updated_at": lambda row: row.updated_at, "status": lambda row: row.status}
        return self._gitlab.listing(
            request, rows, "pipeline", self._gitlab.of(request).pipeline, orders=orders, times=TIMES
        )

    def _pipeline(self, request: web.Request) -> Pipeline:
        found: Pipeline = self._gitlab.part(
            request, self._gitlab.world.pipelines.get(self._gitlab.repository(request).id, [])
        )
        return found

    async def pipeline(self, request: web.Request) -> web.Response:
        return answer(self._gitlab.of(request).pipeline(self._pipeline(request), full=True))

    async def pipeline_jobs(self, request: web.Request) -> web.Response:
        one, payloads = self._pipeline(request), self._gitlab.of(request)
        rows = [job for job in one.jobs if not job.retried or request.query.get("include_retried") == "true"]
        listing = Listing(rows=rows, encode=lambda job: encode(payloads.job(job, one)), orders=NUMBERED)
        return respond(request, listing)

    async def jobs(self, request: web.Request) -> web.Response:
        payloads = self._gitlab.of(request)
        scope = request.query.getall("scope[]", [])
        found = self._gitlab.world.jobs.get(self._gitlab.repository(request).id, [])
        rows = [row for row in found if not row[2].deleted and (not scope or row[1].status in scope)]

        def encoded(row: Any) -> bytes:
            return self._gitlab.world.kept(("job", row[0], payloads.base), lambda: payloads.job(row[1], row[2]))

        orders = {"id": lambda row: row[0]}
        return respond(request, Listing(rows=rows, encode=encoded, orders=orders, keyset="cursor"))

    async def job(self, request: web.Request) -> web.Response:
        for number, job, pipeline in self._gitlab.world.jobs.get(self._gitlab.repository(request).id, []):
            if str(number) == request.match_info["id"] and not pipeline.deleted:
                return answer(self._gitlab.of(request).job(job, pipeline))
        raise NotThere("")

    async def deployments(self, request: web.Request) -> web.Response:
        query = request.query
        order, status = query.get("order_by", "id"), query.get("status")
        updated = bool(query.get("updated_after") or query.get("updated_before"))
        finished = bool(query.get("finished_after") or query.get("finished_before"))
        if updated and order != "updated_at":
            return bad_request("400 Bad request - `updated_at` filter and `updated_at` sorting must be paired")
        if finished and (order != "finished_at" or status != "success"):
            return bad_request("400 Bad request - `finished_at` filter must be combined with `success` status filter.")
        environment = query.get("environment")
        names = {one.id: one.name for one in self._gitlab.world.organisation.environments}
        rows = [
            one for one in self._gitlab.world.deployments.get(self._gitlab.repository(request).id, [])
            if status in (None, one.status) and environment in (None, names[one.environment])
        ]  # fmt: skip
        orders = {**NUMBERED, **TIMES, "iid": lambda row: row.iid, "finished_at": lambda row: row.finished_at}
        times = {**TIMES, "finished_at": lambda row: row.finished_at}
        shape = self._gitlab.of(request).deployment
        return self._gitlab.listing(request, rows, "deployment", shape, orders=orders, times=times, descending=False)

    async def deployment(self, request: web.Request) -> web.Response:
        rows = self._gitlab.world.deployments.get(self._gitlab.repository(request).id, [])
        return answer(self._gitlab.of(request).deployment(self._gitlab.part(request, rows)))

    async def deployed(self, request: web.Request) -> web.Response:
        repository = self._gitlab.repository(request).id
        one = self._gitlab.part(request, self._gitlab.world.deployments.get(repository, []))
        rows = [row for row in self._gitlab.world.merge_requests.get(repository, []) if row.id in one.merge_requests]
        return self._gitlab.listing(request, rows, "merge_request", self._gitlab.of(request).merge_request)

    async def environments(self, request: web.Request) -> web.Response:
        repository = self._gitlab.repository(request).id
        rows = [one for one in self._gitlab.world.organisation.environments if one.repository == repository]
        return self._gitlab.listing(
            request, rows, "environment", self._gitlab.of(request).environment, descending=False
        )

    async def releases(self, request: web.Request) -> web.Response:
        rows = [one for one in self._gitlab.world.releases.get(self._gitlab.repository(request).id, []) if not one.bare]
        orders = {"released_at": lambda row: row.released_at, "created_at": lambda row: row.created_at}
        return self._gitlab.listing(request, rows, "release", self._gitlab.of(request).release, orders=orders)

    async def tags(self, request: web.Request) -> web.Response:
        rows = self._gitlab.world.releases.get(self._gitlab.repository(request).id, [])
        orders = {"updated": lambda row: row.created_at, "name": lambda row: row.tag, "version": lambda row: row.tag}
        return self._gitlab.listing(request, rows, "tag", self._gitlab.of(request).tag, orders=orders)
