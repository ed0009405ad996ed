"""What a reader sees when a page cannot be made: what happened, what to do, and the id that finds it in the logs."""

from typing import Any
from urllib.parse import urlencode

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from ovia_console.pages.headers import protected
from ovia_console.pages.visit import SignedOut
from ovia_console.services import ServiceProblem
from ovia_console.session import keeping
from ovia_console.session.reader import taste_of
from ovia_shared import errors

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
_OURS: dict[type[errors.OviaError], int] = {
    errors.MalformedInput: 400,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.InvalidInput: 422,
}


def respond(request: AnyRequest, error: Exception) -> Response[str]:
    """The answer to a visit that failed: the sign-in page for whoever is signed out, else a page that says why."""
    problem = as_problem(error)
    if problem.status == 401:
        return protected(_to_sign_in(request))
    if problem.status >= 500 and not isinstance(error, ServiceProblem):
        log.error("page failed", exc_info=error)
    return protected(_page(request, problem))


def as_problem(error: Exception) -> ServiceProblem:
    """Any fault as one with a status; what nobody foresaw tells nothing."""
    if isinstance(error, ServiceProblem):
        return error
    if isinstance(error, SignedOut):
        return ServiceProblem(401, "sign in")
    if isinstance(error, HTTPException) and error.status_code < 500:
        return ServiceProblem(error.status_code, "")
    if isinstance(error, errors.OviaError) and type(error) in _OURS:
        return ServiceProblem(_OURS[type(error)], error.message)
    return ServiceProblem(500, "")


def _to_sign_in(request: AnyRequest) -> Response[str]:
    keeping.end(request)
    in_place = request.headers.get("hx-request") == "true"
    # Back to the page that is open, not to the piece of it that was asked for.
    back = request.headers.get("hx-current-url", "") if in_place else ""
    path = "/" + back.split("/", 3)[3] if back.count("/") >= 3 else request.url.path
    if not back and request.method == "GET" and request.url.query:
        path += "?" + request.url.query
    address = "/console/sign-in?" + urlencode({"next": path if request.method == "GET" or back else "/console/"})
    if in_place:
        return Response("", status_code=200, headers={"HX-Redirect": address})
    return Response("", status_code=303, headers={"Location": address})


def _page(request: AnyRequest, problem: ServiceProblem) -> Response[str]:
    reader = keeping.reader_of(request, taste_of(request))
    in_place = request.headers.get("hx-request") == "true"
    template = "states/failed_piece.html" if in_place else "states/failed.html"
    text = request.app.state.templates.render(template, request, reader, {"problem": problem})
    headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
    return Response(text, status_code=problem.status, media_type="text/html; charset=utf-8", headers=headers)
