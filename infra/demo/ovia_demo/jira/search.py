"""Searching on Cloud (by page tokens) and on Data Center (by offset), and the changelogs of many issues at once."""

import base64
import hashlib
from typing import Any

import msgspec
from aiohttp import web

from ovia_demo.jira.access import refusal
from ovia_demo.jira.jql import Query
from ovia_demo.jira.payloads import Payloads
from ovia_demo.organisation.model import History, Issue
from ovia_demo.query_words import BadQuery
from ovia_demo.serving import World, answer, raw

MOST_IDS, MOST_ISSUES, MOST_AT_ONCE, MOST_FIELDS = 5_000, 100, 1_000, 10
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


class Asked(msgspec.Struct, kw_only=True):
    """A search, from the body of a POST or the parameters of a GET."""

    jql: str = ""
    fields: list[str] = []
    expand: str | list[str] = ""
    maxResults: int = 50  # noqa: N815 (Jira's spelling)
    startAt: int = 0  # noqa: N815
    nextPageToken: str | None = None  # noqa: N815


class _Token(msgspec.Struct):
    query: str
    after: tuple[int, ...]


async def asked(request: web.Request) -> Asked:
    """BadQuery if the request is not a search."""
    if request.method == "POST":
        try:
            return msgspec.json.decode(await request.read(), type=Asked)
        except msgspec.DecodeError as error:
            raise BadQuery(
                f"Invalid request payload. Refer to the REST API documentation and try again. ({error})"
            ) from None
    given: dict[str, Any] = {
        name: request.query[name] for name in ("jql", "expand", "nextPageToken") if name in request.query
    }
    for name in ("maxResults", "startAt"):
        if request.query.get(name, "").isdecimal():
            given[name] = int(request.query[name])
    given["fields"] = [one for value in request.query.getall("fields", []) for one in value.split(",") if one]
    return msgspec.convert(given, Asked)


def cloud_page(world: World, payloads: Payloads, wanted: Asked) -> web.Response:
    """One page of `/search/jql`. The token holds the place behind the last issue, so edits shift nothing."""
    query = Query(world, wanted.jql)
    if not query.bounded:
        return refusal(400, UNBOUNDED)
    name = hashlib.sha256(wanted.jql.encode()).hexdigest()[:16]
    found = query.find()
    if wanted.nextPageToken is not None:
        token = _read_token(wanted.nextPageToken)
        if token is None or token.query != name:
            return refusal(400, "The provided next page token is invalid or expired.")
        found = [pair for pair in found if pair[0] > token.after]
    slim = not set(wanted.fields) - {"id", "key"} and not wanted.expand
    size = max(1, min(wanted.maxResults, MOST_IDS if slim else MOST_ISSUES))
    page, changelog = found[:size], "changelog" in wanted.expand
    issues = b",".join(payloads.issue(issue, wanted.fields, changelog=changelog) for _, issue in page)
    if len(found) <= size:
        return raw(b'{"issues":[' + issues + b'],"isLast":true}')
    token_text = base64.urlsafe_b64encode(msgspec.json.encode(_Token(name, page[-1][0])))
    return raw(b'{"issues":[' + issues + b'],"nextPageToken":"' + token_text + b'","isLast":false}')


def _read_token(text: str) -> _Token | None:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=_Token)
    except (ValueError, msgspec.DecodeError):
        return None


def offset_page(world: World, payloads: Payloads, wanted: Asked) -> web.Response:
    """One page of `/rest/api/2/search`."""
    found = Query(world, wanted.jql).find()
    size = max(0, min(wanted.maxResults, MOST_AT_ONCE))
    page = found[wanted.startAt : wanted.startAt + size]
    fields, changelog = wanted.fields or ["*navigable"], "changelog" in wanted.expand
    issues = b",".join(payloads.issue(issue, _with_key(fields), changelog=changelog) for _, issue in page)
    head = b'{"expand":"schema,names","startAt":%d,"maxResults":%d,"total":%d,"issues":[' % (
        wanted.startAt,
        size,
        len(found),
    )
    return raw(head + issues + b"]}")


def _with_key(fields: list[str]) -> list[str]:
    # Data Center always names the key, also when only ids are asked for.
    return ["key"] if fields == ["id"] else fields


class _Bulk(msgspec.Struct, kw_only=True):
    issueIdsOrKeys: list[str]  # noqa: N815 (Jira's spelling)
    fieldIds: list[str] = []  # noqa: N815
    maxResults: int = 1000  # noqa: N815
    nextPageToken: str | None = None  # noqa: N815


async def bulk_changelogs(world: World, payloads: Payloads, request: web.Request) -> web.Response:
    """The histories of up to a thousand issues, oldest first, in pages that may end in the middle of an issue."""
    try:
        wanted = msgspec.json.decode(await request.read(), type=_Bulk, strict=False)
    except msgspec.DecodeError as error:
        return refusal(400, f"Invalid request payload: {error}")
    if not 1 <= len(wanted.issueIdsOrKeys) <= MOST_AT_ONCE:
        return refusal(400, f"The number of issues must be between 1 and {MOST_AT_ONCE}.")
    if len(wanted.fieldIds) > MOST_FIELDS:
        return refusal(400, f"The number of field IDs must not exceed {MOST_FIELDS}.")
    issues = {one.id: one for one in map(world.issue, wanted.issueIdsOrKeys) if one is not None}
    rows = [
        (issue, history) for _, issue in sorted(issues.items())
        for history in issue.histories if _concerns(history, wanted.fieldIds)
    ]  # fmt: skip
    start = 0
    if wanted.nextPageToken is not None:
        token = _read_token(wanted.nextPageToken)
        if token is None or token.query != "changelog":
            return refusal(400, "The provided next page token is invalid or expired.")
        start = token.after[0]
    size = max(1, min(wanted.maxResults, 10_000))
    shown: dict[str, Any] = {"issueChangeLogs": _grouped(payloads, rows[start : start + size])}
    if start + size < len(rows):
        shown["nextPageToken"] = base64.urlsafe_b64encode(
            msgspec.json.encode(_Token("changelog", (start + size,)))
        ).decode()
    return answer(shown)


def _concerns(history: History, fields: list[str]) -> bool:
    return not fields or any(change.field_id in fields for change in history.changes)


def _grouped(payloads: Payloads, rows: list[tuple[Issue, History]]) -> list[dict[str, Any]]:
    groups: dict[int, list[dict[str, Any]]] = {}
    for issue, history in rows:
        groups.setdefault(issue.id, []).append(payloads.history(history, bulk=True))
    return [{"issueId": str(issue), "changeHistories": histories} for issue, histories in groups.items()]
