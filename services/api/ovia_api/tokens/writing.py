"""What admins do to access tokens: who may is decided before; here is decided what follows, and it is put on record."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from ovia_shared.admin import issuing
from ovia_shared.database import audit_log, tokens, tokens_list
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, NotFound
from ovia_shared.models.access import NewToken, TokenChange, TokenDetail
from ovia_shared.models.caller import Caller
from ovia_shared.models.token import Role, Token
from ovia_shared.web import etags, moments


class TokenActions:
    """The actions of one request: its transaction, who asks, and the request's id for the record."""

    def __init__(self, conn: Connection, caller: Caller, request_id: str) -> None:
        self._conn = conn
        self._org_id = caller.org_id
        self._caller = caller
        self._request_id = request_id

    async def issue(self, wanted: NewToken) -> tuple[TokenDetail, str]:
        """Makes a token; it, and its text. Raises `InvalidInput` for a bad name, expiry or person."""
        expires_at = _expiry(wanted.expires_at)
        await issuing.checked_person(self._conn, self._org_id, wanted.person_id)
        token, text = await issuing.issue(
            self._conn,
            self._org_id,
            name=issuing.checked_name(wanted.name),
            role=wanted.role,
            actor=self._caller.name,
            expires_at=expires_at,
            person_id=wanted.person_id,
            request_id=self._request_id,
        )
        return await self._found(token.id), text

    async def revoke(self, token_id: UUID) -> TokenDetail:
        """Ends a token now, one's own too. Raises `Conflict` for the last one an admin can use."""
        token = await self._held(token_id)
        if token.revoked_at is None:
            await self._require_other_admin(token)
            await issuing.revoke(self._conn, self._org_id, token, actor=self._caller.name, request_id=self._request_id)
        return await self._found(token_id)

    async def change(self, token_id: UUID, change: TokenChange, condition: str | None) -> TokenDetail:
        """Changes role, expiry or person, if `condition` (If-Match) names the version there is."""
        token = await self._held(token_id)
        etags.require_match(condition, token.version)
        if not token.usable_at(datetime.now(UTC)):
            raise Conflict("this token has been revoked or has expired; issue a new one instead")
        role = token.role if change.role is UNSET else change.role
        expires_at = token.expires_at if change.expires_at is UNSET else _expiry(change.expires_at)
        person_id = token.person_id if change.person_id is UNSET else change.person_id
        if person_id != token.person_id:
            await issuing.checked_person(self._conn, self._org_id, person_id)
        if role is not Role.ADMIN:
            await self._require_other_admin(token)
        before = {"role": token.role, "expires_at": token.expires_at, "person_id": token.person_id}
        after = {"role": role, "expires_at": expires_at, "person_id": person_id}
        told: dict[str, Any] = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
        if told:
            await tokens.change(self._conn, self._org_id, token_id, role, expires_at, person_id)
            await audit_log.record(
                self._conn,
                self._org_id,
                actor=self._caller.name,
                action="change",
                subject_kind="token",
                subject_id=token_id,
                detail={"name": token.name, **told},
                request_id=self._request_id,
            )
        return await self._found(token_id)

    async def _held(self, token_id: UUID) -> Token:
        if not await tokens_list.hold(self._conn, self._org_id):
            raise Conflict("somebody else changes tokens at this moment; try again")
        token = await tokens.lock(self._conn, self._org_id, token_id)
        if token is None:
            raise not_there()
        return token

    async def _require_other_admin(self, token: Token) -> None:
        if token.role is not Role.ADMIN or not token.usable_at(datetime.now(UTC)):
            return
        if not await tokens_list.other_admins(self._conn, self._org_id, [token.id]):
            raise Conflict("this is the last token an admin can use: nobody could make another; issue one first")

    async def _found(self, token_id: UUID) -> TokenDetail:
        found = await tokens_list.find_one(self._conn, self._org_id, token_id)
        assert found is not None
        return found


def not_there() -> NotFound:
    """What is said of a token that is not there, or another organisation's."""
    return NotFound("there is no such token")


def _expiry(given: datetime | None) -> datetime | None:
    expires_at = None if given is None else moments.in_utc(given, "expires_at")
    issuing.checked_expiry(expires_at)
    return expires_at
