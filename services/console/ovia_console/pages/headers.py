"""What a browser may do with a page: load what is ours, send forms to us, and be framed by nobody."""

from typing import Any, TypeVar

from litestar import Response

AnyContent = TypeVar("AnyContent")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


async def protect(response: Response[Any]) -> Response[Any]:
    """Runs behind each handler of the console."""
    return protected(response)


def protected(response: Response[AnyContent]) -> Response[AnyContent]:
    """An answer with these headers, unless it says otherwise itself."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _POLICY)
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    # A page is made for one reader, and what they may see can change with the next click.
    headers.setdefault("Cache-Control", "no-store")
    return response
