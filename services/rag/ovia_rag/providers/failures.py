"""How providers fail."""

from enum import StrEnum

from ovia_shared.errors import OviaError


class Failure(StrEnum):
    """Why a provider gave nothing."""

    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    BUSY = "busy"
    IN_TROUBLE = "in_trouble"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    DECLINED = "declined"
    UNUSABLE = "unusable"
    RESTING = "resting"
    BUDGET_SPENT = "budget_spent"
    NOT_SET_UP = "not_set_up"


class ProviderFailed(OviaError):
    """A provider gave nothing that can be used. The message may be shown and holds no secret and no question."""

    def __init__(self, message: str, *, failure: Failure) -> None:
        super().__init__(message)
        self.failure = failure
