"""What is said of deployments, and put on record."""

from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database import audit_log, production
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput, NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.production import CausedIncidents, SaidIncidents
from ovia_shared.web import etags


class DeploymentActions:
    """The actions of one request: its transaction, who asks, and the request's id for the record."""

    def __init__(self, conn: Connection, caller: Caller, request_id: str) -> None:
        self._conn = conn
        self._org_id = caller.org_id
        self._caller = caller
        self._request_id = request_id

    async def say(self, deployment_id: UUID, said: SaidIncidents, condition: str | None) -> CausedIncidents:
        """The deployment caused these incidents, if `condition` names the version there is."""
        before = await self._found(deployment_id, condition)
        missing = await production.unknown(self._conn, self._org_id, said.incidents)
        if missing:
            faults = [(f"incidents[{place}]", "there is no such work item") for place in missing]
            raise InvalidInput("some of the incidents are not known here", faults=faults)
        await production.say(self._conn, self._org_id, deployment_id, said, self._caller.name)
        await self._record("correct", deployment_id, before, msgspec.to_builtins(said))
        return await found(self._conn, self._org_id, deployment_id)

    async def take_back(self, deployment_id: UUID, condition: str | None) -> CausedIncidents:
        """Derived incidents hold again. Raises `NotFound` where nobody said anything."""
        before = await self._found(deployment_id, condition)
        if before.correction is None:
            raise NotFound("nobody said what this deployment caused")
        await production.take_back(self._conn, self._org_id, deployment_id, self._caller.name)
        await self._record("undo", deployment_id, before, {})
        return await found(self._conn, self._org_id, deployment_id)

    async def _found(self, deployment_id: UUID, condition: str | None) -> CausedIncidents:
        await production.lock(self._conn, self._org_id, deployment_id)
        known = await found(self._conn, self._org_id, deployment_id)
        etags.require_match(condition, known.version)
        return known

    async def _record(self, action: str, deployment_id: UUID, before: CausedIncidents, detail: dict[str, Any]) -> None:
        await audit_log.record(
            self._conn,
            self._org_id,
            actor=self._caller.name,
            action=action,
            subject_kind="deployment",
            subject_id=deployment_id,
            detail=detail | {"was": msgspec.to_builtins(before.incidents)},
            request_id=self._request_id,
        )


async def found(conn: Connection, org_id: UUID, deployment_id: UUID) -> CausedIncidents:
    """What a deployment caused. Raises `NotFound` for one that is not there, or another organisation's."""
    known = await production.incidents(conn, org_id, deployment_id)
    if known is None:
        raise NotFound("there is no such deployment to production")
    return known
