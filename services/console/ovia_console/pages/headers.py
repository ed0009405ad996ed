"""What a browser may do with a page: load what is ours, send forms to us, and be framed by nobody."""

from litestar import Response

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


async def protect(response: Response[object]) -> Response[object]:
    """Runs behind each handler of the console."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _POLICY)
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    # A page is made for one reader, and what they may see can change with the next click.
    headers.setdefault("Cache-Control", "no-store")
    return response
