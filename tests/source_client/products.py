"""The little of Jira, GitLab and Confluence that a check asks for."""

from typing import Any

from aiohttp import web

from ovia_shared.models.source import SourceCredentials

TOKEN = SourceCredentials("right-token")
USER_TOKEN = SourceCredentials("right-token", "ada@x.example")
WRONG = SourceCredentials("wrong-token")

Reply = Any
Replies = dict[str, Any]


class Fake:
    """Answers the paths it knows to whoever has the right token; `context` is the path it is installed below."""

    def __init__(self, replies: dict[str, Reply], *, context: str = "", public: tuple[str, ...] = ()) -> None:
        self.replies, self.context, self.public = replies, context, public
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.raw_path)
        path = request.raw_path.partition("?")[0]
        if not path.startswith(f"{self.context}/"):
            return web.Response(status=404, text="<html>not here</html>", content_type="text/html")
        path = path.removeprefix(self.context)
        if path not in self.replies:
            return web.json_response({"message": "404 Not Found"}, status=404)
        if path not in self.public and not self._known(request):
            return web.json_response({"message": "401 Unauthorized"}, status=401)
        reply = self.replies[path]
        if callable(reply):
            reply = reply(request)
        return reply if isinstance(reply, web.Response) else web.json_response(reply)

    def _known(self, request: web.Request) -> bool:
        sent = request.headers
        right = ("Bearer right-token", "Basic YWRhQHguZXhhbXBsZTpyaWdodC10b2tlbg==")
        return sent.get("PRIVATE-TOKEN") == "right-token" or sent.get("Authorization") in right


def forbidden(**body: str) -> web.Response:
    return web.json_response(body, status=403)


def jira_cloud(more: Replies | None = None) -> Fake:
    info = {"baseUrl": "https://x.example", "version": "1001.0.0", "deploymentType": "Cloud"}
    replies = {
        "/rest/api/3/serverInfo": info,
        "/rest/api/2/serverInfo": info,
        "/rest/api/3/myself": {"accountId": "5b", "displayName": "Ada Beispiel"},
        "/rest/api/3/project/search": {"values": [{"key": "ENG"}], "total": 1},
        "/rest/api/3/project/ENG": {"key": "ENG"},
    }
    return Fake(replies | (more or {}), public=("/rest/api/3/serverInfo", "/rest/api/2/serverInfo"))


def jira_data_center(more: Replies | None = None, *, context: str = "") -> Fake:
    replies = {
        "/rest/api/2/serverInfo": {"baseUrl": "https://x.example", "version": "9.12.2", "deploymentType": "Server"},
        "/rest/api/2/myself": {"name": "ada", "key": "JIRAUSER1", "displayName": "Ada Beispiel"},
        "/rest/api/2/project/ENG": {"key": "ENG"},
    }
    return Fake(replies | (more or {}), context=context, public=("/rest/api/2/serverInfo",))


def gitlab(more: Replies | None = None, *, context: str = "") -> Fake:
    replies = {
        "/api/v4/version": {"version": "17.5.1-ee", "revision": "abc"},
        "/api/v4/user": {"username": "ada", "state": "active"},
        "/api/v4/projects": [{"id": 1}],
        "/api/v4/groups/tools%2Fcore": {"id": 7},
        "/api/v4/projects/tools%2Fcore%2Fovia": {"id": 8},
    }
    return Fake(replies | (more or {}), context=context)


def _spaces(request: web.Request) -> Reply:
    found = request.query.get("keys", "DOCS") == "DOCS"
    return {"results": [{"id": "1"}] if found else []}


def confluence_cloud(more: Replies | None = None) -> Fake:
    replies = {
        "/wiki/rest/api/user/current": {"type": "known", "accountId": "5b", "displayName": "Ada Beispiel"},
        "/wiki/api/v2/spaces": _spaces,
    }
    return Fake(replies | (more or {}))


def confluence_data_center(more: Replies | None = None, *, context: str = "") -> Fake:
    replies = {
        "/rest/api/user/current": {"type": "known", "username": "ada", "userKey": "4", "displayName": "Ada Beispiel"},
        "/rest/api/space": {"results": [{"key": "DOCS"}]},
        "/rest/api/space/DOCS": {"key": "DOCS"},
    }
    return Fake(replies | (more or {}), context=context)
