"""Receipts: every number that was given out, with what it was counted from; and counted again."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, SkipValidation

from ovia_shared.database import retention
from ovia_shared.database.kpis import receipts
from ovia_shared.database.pool import Connection
from ovia_shared.errors import NotAllowed
from ovia_shared.models.caller import Caller
from ovia_shared.models.kpi import Receipt, Replay, ScopeKind
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of

Conn = NamedDependency[SkipValidation[Connection]]
CallerGiven = NamedDependency[SkipValidation[Caller]]
ReceiptId = Annotated[UUID, PathParameter(description="The id an answer was given with.")]


@get(
    "/receipts/{receipt_id:uuid}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_receipt",
    tags=["receipts"],
    summary="What a number was counted from",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_receipt(conn: Conn, caller: CallerGiven, receipt_id: ReceiptId) -> Receipt:
    """The question, the moment as of which it was answered, the SQL with its parameters, the scope and settings it was
    counted on, the number of facts and their hash, and the answer."""
    return _allowed(await receipts.find(conn, caller.org_id, receipt_id), caller)


@post(
    "/receipts/{receipt_id:uuid}/replay",
    guards=[requires(Role.VIEWER)],
    operation_id="replay_receipt",
    tags=["receipts"],
    summary="Count a number again",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404),
)
async def replay_receipt(conn: Conn, caller: CallerGiven, receipt_id: ReceiptId) -> Replay:
    """By the receipt's own SQL and as of its own moment, whatever has been read, corrected or chosen since. Says
    whether answer and facts are the same to the byte."""
    _allowed(await receipts.find(conn, caller.org_id, receipt_id), caller)
    counted = await receipts.replay(conn, caller.org_id, receipt_id)
    await retention.replayed(conn, caller.org_id, receipt_id)
    return counted


def _allowed(receipt: Receipt, caller: Caller) -> Receipt:
    if receipt.scope.kind is ScopeKind.PERSON and not caller.role.reaches(Role.MANAGER):
        raise NotAllowed(f"numbers of one person need the role {Role.MANAGER}; the token is a {caller.role}")
    return receipt


RECEIPTS = [read_receipt, replay_receipt]
