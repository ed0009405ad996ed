"""Payloads as Confluence Cloud and Data Center send them, with all that is said of invented people."""

from typing import Any

Json = dict[str, Any]

ANN, BOB = "557058:ann", "5b10a2844c20165700ede21g"


def cloud_version(number: int, author: str = ANN, at: str = "2026-03-01T10:00:00.000Z", **more: Any) -> Json:
    return {"number": number, "authorId": author, "createdAt": at, "message": "", "minorEdit": False, **more}


def cloud_document(external_id: str = "101", **more: Any) -> Json:
    return {
        "id": external_id, "status": "current", "title": "Thermals over the lake", "spaceId": "7", "parentId": "100",
        "parentType": "page", "position": 3, "authorId": ANN, "ownerId": ANN, "lastOwnerId": None,
        "createdAt": "2026-02-01T08:00:00.000Z", "version": cloud_version(2, BOB),
        "body": {"storage": {"representation": "storage", "value": "<h1>Lift</h1><p>See GLD-7 and GLD-7.</p>"}},
        "_links": {"webui": f"/spaces/GL/pages/{external_id}/Thermals", "tinyui": "/x/abc"}, **more,
    }  # fmt: skip


def cloud_comment(external_id: str, text: str = "Nice", version: Json | None = None, **more: Any) -> Json:
    return {
        "id": external_id, "status": "current", "title": "Re: Thermals", "pageId": "101",
        "version": version or cloud_version(1, BOB), "body": {"storage": {"value": f"<p>{text}</p>"}}, **more,
    }  # fmt: skip


def cloud_envelope(**more: Any) -> Json:
    return {
        "scope": "7", "document": cloud_document(),
        "versions": [cloud_version(2, BOB), cloud_version(1, message="new")],
        "labels": [{"id": "1", "name": "soaring", "prefix": "global"}], "footer_comments": [], "inline_comments": [],
        **more,
    }  # fmt: skip


def person(key: str = "4028ann", name: str = "ann", **more: Any) -> Json:
    return {"type": "known", "username": name, "userKey": key, "displayName": name.title(), **more}


def content(external_id: str = "201", **more: Any) -> Json:
    return {
        "id": external_id, "type": "page", "status": "current", "title": "Winch launches",
        "space": {"id": 9, "key": "GL", "name": "Gliders"},
        "history": {"latest": True, "createdBy": person(), "createdDate": "2026-02-01T08:00:00.000+0100"},
        "version": {"by": person("4028bob", "bob"), "when": "2026-03-01T10:00:00.000+0100", "number": 2,
                    "message": "cable", "minorEdit": True},
        "ancestors": [{"id": "198"}, {"id": "200"}],
        "metadata": {"labels": {"results": [{"prefix": "global", "name": "winch", "id": "5"}], "start": 0,
                                "limit": 200, "size": 1}},
        "body": {"storage": {"value": "<p>Cable broke: OPS-3</p>", "representation": "storage"}},
        "_links": {"webui": "/display/GL/Winch+launches"}, **more,
    }  # fmt: skip


def restricted_content(external_id: str, kind: str, above: list[Json], *, restricted: bool) -> Json:
    """What v1 says with `expand=restrictions.read…,ancestors`, on Cloud and on Data Center."""
    members = [{"type": "known", "accountId": ANN, "displayName": "Ann"}] if restricted else []

    def some(results: list[Json]) -> Json:
        return {"results": results, "start": 0, "limit": 100, "size": len(results)}

    read = {"operation": "read", "restrictions": {"user": some(members), "group": some([])}, "_expandable": {}}
    return {
        "id": external_id, "type": kind, "status": "current", "title": "Winch launches", "ancestors": above,
        "restrictions": {"read": read, "_expandable": {"update": ""}},
    }  # fmt: skip
