"""Accounts of machines among those that wait: found by what they do too, and each with its reasons."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from ovia_shared.database import activity_evidence, service_accounts
from ovia_shared.database.pool import Connection
from ovia_shared.matching.service_accounts import FEWEST_ACTIONS, Behaviour, Verdict, detect
from ovia_shared.models.service_account import JudgedAccount


async def judge(conn: Connection, org_id: UUID, waiting: Sequence[UUID]) -> None:
    """Stores why accounts are machines', and marks those that only what they do gives away.

    What somebody said by hand is not touched.
    """
    machines = await service_accounts.among(conn, org_id, waiting)
    found = [(one.id, None, reasons(one).rule_trace) for one in machines]
    habits = await activity_evidence.habits(conn, org_id, waiting, FEWEST_ACTIONS)
    given_away = []
    for one in await service_accounts.unjudged(conn, org_id, list(habits)):
        verdict = detect(one.username, one.display_name, one.email, behaviour=Behaviour(*habits[one.id]))
        if verdict.service_account:
            given_away.append((one.id, verdict.reason, verdict.rule_trace))
    await service_accounts.found(conn, org_id, [*found, *given_away])


def explained(account: JudgedAccount) -> JudgedAccount:
    """The account with the reasons for and against its being a machine's, also where none were stored."""
    if account.rule_trace is not None:
        return account
    return msgspec.structs.replace(account, rule_trace=reasons(account).rule_trace)


def reasons(account: JudgedAccount) -> Verdict:
    """Why this account is taken for a machine's: what it is called, and what its source said where that is more."""
    by_name = detect(account.username, account.display_name, account.email)
    if account.found_reason is None or account.found_reason == by_name.reason:
        return by_name
    return detect(account.username, account.display_name, account.email, said=account.found_reason)
