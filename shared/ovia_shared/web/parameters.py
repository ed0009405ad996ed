"""Query parameters that several lists share, and the refusal of those a route does not know."""

from typing import Annotated, Any

from litestar import Request
from litestar.params import QueryParameter

from ovia_shared.errors import MalformedInput

SearchText = Annotated[
    str | None,
    QueryParameter(
        name="search", min_length=1, max_length=200, description="Beginnings of words, all of which must occur."
    ),
]
SourceText = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=64, description="Where the account was seen, such as `git_commit_author`."),
]

_LONGEST_QUOTE = 80


async def refuse_unknown(request: Request[Any, Any, Any]) -> None:
    """Runs before each handler. Raises `MalformedInput` for a parameter that is unknown, doubled or unstorable.

    An ignored filter would answer another question than the one that was asked.
    """
    if not request.scope["query_string"]:
        return
    known = request.route_handler.opt.get("query_parameters")
    if known is None:
        known = _known(request)
    for name, value in request.query_params.multi_items():
        shown = name[:_LONGEST_QUOTE].encode(errors="replace").decode()
        if name not in known:
            raise MalformedInput(f"there is no parameter {shown!r} here; {_listed(known)}", field=shown)
        if "\0" in value or not _is_storable(value):
            raise MalformedInput(f"{shown} holds characters that are no text", field=shown)
        if len(request.query_params.getall(name)) > 1:
            raise MalformedInput(f"{shown} is given more than once", field=shown)


def _known(request: Request[Any, Any, Any]) -> frozenset[str]:
    described = request.app.openapi_schema.paths or {}
    item = described.get(request.scope["path_template"])
    operation = getattr(item, request.method.lower(), None) if item is not None else None
    parameters = (operation.parameters or []) if operation is not None else []
    known = frozenset(one.name for one in parameters if getattr(one, "param_in", None) == "query")
    request.route_handler.opt["query_parameters"] = known
    return known


def _listed(known: frozenset[str]) -> str:
    return f"known are: {', '.join(sorted(known))}" if known else "it takes none"


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
