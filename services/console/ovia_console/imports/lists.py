"""Taking a CSV list in two steps: what each line would do, and doing it.

Between the two the file stays with the reader, in the form itself: nothing is kept here.
"""

import base64
import binascii
import csv
import secrets
from typing import Any

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile

from ovia_console.forms.outcomes import told
from ovia_console.pages.visit import Visit
from ovia_console.services import ServiceProblem
from ovia_shared.errors import NotAllowed

MOST_BYTES = 1024 * 1024
_SHOWN = 500
_FAULTS = (409, 412, 413, 422, 400)
_WEIGHT = {"error": 0, "create": 1, "update": 2, "ignore": 3}


class Kind(msgspec.Struct, frozen=True):
    """A list that can be taken: what it holds, in words still to be translated, and where it goes."""

    title: str
    home: str
    path: str
    columns: str
    example: str

    @property
    def page(self) -> str:
        """Where it is taken."""
        return self.home + "/import"


class Line(msgspec.Struct, frozen=True):
    """What a line holds and what it would do."""

    number: int
    outcome: str
    detail: str
    text: str


def ask(visit: Visit, kind: Kind) -> Response[str]:
    """The page that asks for a file."""
    if not visit.reader.may("manager"):
        raise NotAllowed("")
    return _page(visit, kind)


async def take(visit: Visit, kind: Kind) -> Response[str]:
    """Tries the file that was sent; or takes the one that was tried, once the reader said so."""
    form = await visit.request.form()
    if form.get("take"):
        return await _taken(visit, kind, str(form.get("content", "")), str(form.get("key", "")))
    file = form.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    name = file.filename if isinstance(file, UploadFile) else ""
    if not content:
        return _page(visit, kind, problem=ServiceProblem(422, visit.gettext("Choose a file first.")))
    if len(content) > MOST_BYTES:
        return _page(visit, kind, problem=ServiceProblem(413, visit.gettext("The file is larger than 1 MiB.")))
    return await _tried(visit, kind, content, name)


async def _tried(
    visit: Visit, kind: Kind, content: bytes, name: str, refusal: ServiceProblem | None = None
) -> Response[str]:
    try:
        report = await visit.api.send("POST", kind.path, content, kind=dict[str, Any], dry_run=True)
    except ServiceProblem as problem:
        if problem.status not in _FAULTS:
            raise
        return _page(visit, kind, problem=problem, name=name)
    texts = _texts(content)
    lines = sorted(report["lines"], key=lambda one: (_WEIGHT.get(one["outcome"], 9), one["line"]))
    return _page(
        visit,
        kind,
        problem=refusal,
        name=name,
        report=report,
        lines=[Line(one["line"], one["outcome"], one["detail"], texts.get(one["line"], "")) for one in lines[:_SHOWN]],
        more=max(0, len(lines) - _SHOWN),
        content=base64.b64encode(content).decode(),
        key=secrets.token_urlsafe(16),
    )


async def _taken(visit: Visit, kind: Kind, encoded: str, key: str) -> Response[str]:
    try:
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return _page(visit, kind, problem=ServiceProblem(422, visit.gettext("Choose a file first.")))
    try:
        await visit.api.send("POST", kind.path, content, key=key)
    except ServiceProblem as problem:
        if problem.status not in _FAULTS:
            raise
        # What is there changed since it was tried: shown anew, line by line.
        return await _tried(visit, kind, content, "", problem)
    return visit.elsewhere(told(kind.home, "imported"))


def _page(visit: Visit, kind: Kind, **more: Any) -> Response[str]:
    values = {"problem": None, "report": None, "lines": [], "more": 0, "content": "", "key": "", "name": ""} | more
    problem = values["problem"]
    return visit.page("imports/list.html", http_status=problem.status if problem else 200, kind=kind, **values)


def _texts(content: bytes) -> dict[int, str]:
    """The lines by the number the api gives them: that of their first line, where a cell holds several."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = content.decode(encoding, errors="replace").splitlines(keepends=True)
    rows = csv.reader(text, delimiter=max(",;\t", key=text[0].count) if text else ",")
    found, begins = {}, 1
    try:
        for row in rows:
            found[begins] = " · ".join(cell for cell in row if cell)[:200]
            begins = rows.line_num + 1
    except csv.Error:
        pass
    return found
