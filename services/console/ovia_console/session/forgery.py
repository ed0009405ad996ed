"""A change is taken only from a page of ours: its form, or its header, knows the word of the session."""

import hmac
from typing import Any

from litestar import Request

from ovia_shared.errors import NotAllowed

FIELD, HEADER = "csrf", "x-csrf-token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def refuse_forged(request: Request[Any, Any, Any]) -> None:
    """Runs before each handler. Raises `NotAllowed`."""
    if request.method in _SAFE:
        return
    # Browsers say where a request comes from; what another site sends is refused whatever it knows.
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("this form was sent by another site")
    told = request.headers.get(HEADER, "")
    if not told and request.content_type[0] in ("application/x-www-form-urlencoded", "multipart/form-data"):
        told = str((await request.form()).get(FIELD, ""))
    known = str(request.session.get("csrf", ""))
    if not known or not hmac.compare_digest(told.encode(), known.encode()):
        raise NotAllowed("this form is out of date; open the page again and repeat what you did")
