"""What can go wrong, in our own words. No HTTP here: `web.problems` alone knows status codes."""

from collections.abc import Sequence
from enum import StrEnum


class OviaError(Exception):
    """Any fault Ovia foresees. `message` is a sentence for the person who must act on it."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotFound(OviaError):
    """No such row, or a row of another organisation: the caller cannot tell which."""


class Conflict(OviaError):
    """The state of a row refuses this change."""


class Stale(OviaError):
    """The row was changed since the caller read it."""


class ConditionMissing(OviaError):
    """A change that must name the version it was made to, and does not."""


class InvalidInput(OviaError):
    """Well-formed input that breaks a rule; `field` names it where there is one.

    `faults` are pairs of a field, or a step, and what is wrong with it, where there are several.
    """

    def __init__(self, message: str, *, field: str | None = None, faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message, field=field)
        self.faults = tuple(faults)


class MalformedInput(OviaError):
    """Input that cannot be read at all: a broken cursor, an unknown parameter."""


class TooLarge(OviaError):
    """A body beyond the limit."""


class NotAuthenticated(OviaError):
    """No token, or one that is wrong, expired or revoked: the caller is not told which.

    `challenge` is what HTTP tells them of how to prove who they are.
    """

    def __init__(self, message: str, *, challenge: str = "Bearer") -> None:
        super().__init__(message)
        self.challenge = challenge


class NotAllowed(OviaError):
    """The caller is known, and their role does not reach this far."""


class TooManyRequests(OviaError):
    """The caller's request budget is spent; `retry_after` is in whole seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(OviaError):
    """Something Ovia needs (the database) does not answer; the same request may succeed later."""

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BadSettings(OviaError):
    """A setting is missing or wrong; the message names its environment variable."""


class LeaseLost(OviaError):
    """Another worker holds this partition now; nothing of ours was written."""


class SourceFault(StrEnum):
    """What to do about a source that failed."""

    RETRIABLE = "retriable"
    FATAL = "fatal"
    SKIPPABLE = "skippable"


class SourceError(OviaError):
    """A source (Jira, GitLab, Confluence, git) did not give what was asked.

    `fault` says what follows: `RETRIABLE` is tried again later with the cursor unmoved, `FATAL` waits for a
    person to mend what the message names, `SKIPPABLE` concerns one record, which becomes a dead letter.
    """

    def __init__(self, message: str, *, fault: SourceFault = SourceFault.RETRIABLE) -> None:
        super().__init__(message)
        self.fault = fault


class SourceRefused(SourceError):
    """The source said no: an answer of 4xx, whose number is `status`. The message says what to mend."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message, fault=SourceFault.FATAL)
        self.status = status
