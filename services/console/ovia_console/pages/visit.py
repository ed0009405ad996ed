"""One request of somebody signed in: who they are, what they may ask of the services, and how to answer them."""

import functools
import json
from typing import Any

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import SkipValidation

from ovia_console.pages.rendering import Templates
from ovia_console.services import Service, Services
from ovia_console.session.keeping import reader_of
from ovia_console.session.reader import Reader, taste_of

AnyRequest = Request[Any, Any, Any]


class SignedOut(HTTPException):
    """Nobody is signed in, or no longer: the reader is led to the sign-in page and back."""

    status_code = 401


class Visit:
    """What a handler asks for as `visit`."""

    def __init__(self, request: AnyRequest, reader: Reader, services: Services, templates: Templates) -> None:
        self.request = request
        self.reader = reader
        self._services = services
        self._templates = templates
        self._notices: list[dict[str, str]] = []
        self.request_id = str(request.scope["state"].get("request_id", ""))

    @functools.cached_property
    def api(self) -> Service:
        """The api, with the reader's rights."""
        return self._services.api(self.reader.token, self.request_id)

    @functools.cached_property
    def metrics(self) -> Service:
        """The numbers, with the reader's rights."""
        return self._services.metrics(self.reader.token, self.request_id)

    @functools.cached_property
    def rag(self) -> Service:
        """The answers, with the reader's rights."""
        return self._services.rag(self.reader.token, self.request_id)

    @property
    def in_place(self) -> bool:
        """Whether htmx asked, and will put the answer into the page that is open."""
        headers = self.request.headers
        return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"

    def gettext(self, text: str, **values: Any) -> str:
        """A sentence in the reader's language."""
        return self._templates.gettext(self.reader.taste.language, text, **values)

    def notice(self, text: str, kind: str = "done") -> None:
        """A sentence shown at the edge of the page once the answer is there; `kind` is `done` or `failed`."""
        self._notices.append({"text": text, "kind": kind})

    def page(self, template: str, /, *, http_status: int = 200, **values: Any) -> Response[str]:
        """A template as the answer: a whole page, or a piece of one, by what the template extends."""
        text = self._templates.render(template, self.request, self.reader, values)
        return self._answer(text, http_status)

    def elsewhere(self, path: str) -> Response[str]:
        """Leads to another page, after something was done."""
        if self.in_place:
            return self._answer("", 200, {"HX-Redirect": path})
        return Response("", status_code=303, headers={"Location": path})

    def nothing(self) -> Response[str]:
        """An answer that changes nothing in the page but by its notices."""
        return self._answer("", 200, {"HX-Reswap": "none"})

    def _answer(self, text: str, status: int, headers: dict[str, str] | None = None) -> Response[str]:
        sent = dict(headers or {})
        if self._notices:
            # ASCII, because a header holds nothing else.
            sent["HX-Trigger"] = json.dumps({"ovia:notices": {"notices": self._notices}})
        return Response(text, status_code=status, media_type="text/html; charset=utf-8", headers=sent)


# How a handler asks for it: `visit: OfVisit`.
OfVisit = NamedDependency[SkipValidation[Visit]]


async def visit_of(request: AnyRequest) -> Visit:
    """The dependency `visit`. Raises `SignedOut`."""
    reader = reader_of(request, taste_of(request))
    if reader is None:
        raise SignedOut
    return Visit(request, reader, request.app.state.services, request.app.state.templates)
