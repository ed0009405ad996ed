"""The one place where faults become HTTP: RFC 9457 problem details with a stable type and the request's id."""

import re
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import Scope, Send

from ovia_shared import errors
from ovia_shared.database.pool import as_ours

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

_STATUS: dict[type[errors.OviaError], int] = {
    errors.MalformedInput: 400,
    errors.NotAuthenticated: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.InvalidInput: 422,
    errors.ConditionMissing: 428,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
}
# In our own words: `type` is a promise, and Python's phrases for 413 and 422 differ between its versions.
_KINDS = {
    400: ("malformed-request", "Malformed request"),
    401: ("not-authenticated", "Not authenticated"),
    403: ("not-allowed", "Not allowed"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    409: ("conflict", "Conflict"),
    412: ("stale", "Changed since it was read"),
    413: ("too-large", "Too large"),
    422: ("invalid-input", "Invalid input"),
    428: ("condition-missing", "If-Match is missing"),
    429: ("too-many-requests", "Too many requests"),
    500: ("internal-error", "Internal error"),
    503: ("unavailable", "Unavailable"),
}
_SENTENCES = {
    404: "there is nothing at this address",
    405: "this address does not take that method",
    413: "the body is larger than this address takes",
}
# msgspec says "Expected `int` <= 200" of a value of the right type that breaks a rule, and "Expected `int`, got `str`"
# of one that cannot be read at all.
_RULE_BROKEN = re.compile(r"Expected `\w+` (>=|<=|<|>|of length|matching)|Invalid enum value")
_NAMED = re.compile(r"(?:unknown|required) field `([^`]+)`")


class FieldProblem(msgspec.Struct, frozen=True):
    """What is wrong with one field or parameter."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457 problem details. `type` is stable; `request_id` finds the request in the logs."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...]
    request_id: str


class _Described(msgspec.Struct, frozen=True):
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    headers: dict[str, str] = {}


def title_of(status: int) -> str:
    """What problems of this status are called."""
    return _KINDS[status][1]


def type_of(status: int) -> str:
    """The stable URI of a kind of problem."""
    return f"urn:ovia:problem:{_KINDS[status][0]}"


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The answer to a request that failed. What nobody foresaw is logged, and told as 500 without any detail."""
    described = _describe(error)
    return Response(
        _problem(described, request.scope),
        status_code=described.status,
        media_type=MEDIA_TYPE,
        headers=described.headers,
    )


async def send(scope: Scope, sender: Send, error: Exception) -> None:
    """The same answer where no framework is around to send it."""
    described = _describe(error)
    body = msgspec.json.encode(_problem(described, scope))
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in described.headers.items()]
    await sender({"type": "http.response.start", "status": described.status, "headers": headers})
    await sender({"type": "http.response.body", "body": body, "more_body": False})


def problem_of(error: Exception, request_id: str) -> Problem:
    """The same problem where the answer has begun already, and can only go on telling."""
    return _told(_describe(error), request_id)


def _problem(described: _Described, scope: Scope) -> Problem:
    return _told(described, str(scope.get("state", {}).get("request_id", "")))


def _told(described: _Described, request_id: str) -> Problem:
    status = described.status
    return Problem(type_of(status), title_of(status), status, described.detail, described.errors, request_id)


def _describe(error: Exception) -> _Described:
    if isinstance(error, ValidationException):
        return _of_validation(error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        status = error.status_code if error.status_code in _KINDS else 400
        detail = _SENTENCES.get(status, "the request cannot be read")
        return _Described(status, detail, headers=dict(error.headers or {}))
    ours = error if isinstance(error, errors.OviaError) else as_ours(error)
    if ours is None or type(ours) not in _STATUS:
        log.error("request failed", exc_info=error)
        return _Described(500, "something went wrong on our side; the request id finds it in the logs")
    fields: tuple[FieldProblem, ...] = (FieldProblem(ours.field, ours.message),) if ours.field else ()
    if isinstance(ours, errors.InvalidInput) and ours.faults:
        fields = tuple(FieldProblem(*fault) for fault in ours.faults)
    headers = {}
    if isinstance(ours, errors.NotAuthenticated):
        headers["WWW-Authenticate"] = ours.challenge
    if isinstance(ours, errors.TooManyRequests | errors.Unavailable):
        headers["Retry-After"] = str(ours.retry_after)
    return _Described(_STATUS[type(ours)], ours.message, fields, headers)


def _of_validation(error: ValidationException) -> _Described:
    found = [one for one in (error.extra if isinstance(error.extra, list) else []) if isinstance(one, dict)]
    fields = tuple(_of_field(str(one.get("key", "")), str(one.get("message", ""))) for one in found)
    names = ", ".join(field.field for field in fields if field.field)
    if found and all(_RULE_BROKEN.search(str(one.get("message", ""))) for one in found):
        return _Described(422, f"not accepted: {names}", fields)
    return _Described(400, f"cannot be read: {names}" if names else "the request cannot be read", fields)


def _of_field(key: str, message: str) -> FieldProblem:
    """What is wrong with a field. One that is missing or unknown is told by its own name, too."""
    named = _NAMED.search(message)
    # The body as a whole is called so within, where no client ever looks.
    inside = "" if key == "data" else key
    field = f"{inside}.{named[1]}".removeprefix(".") if named else key
    return FieldProblem(field, message.replace("`", ""))
