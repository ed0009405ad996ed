"""Accounts that are no person's: how they were found, and how that is corrected."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.rule_trace import RuleTrace


class JudgedAccount(msgspec.Struct, frozen=True):
    """An account, whether it is a person's, and why.

    `found_reason` and `rule_trace` are Ovia's; `service_account_by` said otherwise, or the same, by hand.
    """

    id: UUID
    source: str
    username: str | None
    email: str | None
    display_name: str | None
    service_account: bool
    service_account_by: str | None
    service_account_reason: str | None
    found_reason: str | None
    rule_trace: tuple[RuleTrace, ...] | None
    updated_at: datetime


class SayServiceAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the account is a machine's, and how one knows."""

    service_account: bool
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=2000, pattern="^[^\\x00]*\\Z")]
