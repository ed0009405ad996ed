"""Webhook deliveries make what they speak of due, and nothing else."""

import json
from typing import Any

import pytest

from ovia_ingest.running import hints
from ovia_shared.database import connections, planning, webhooks
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.webhook import NewDelivery
from tests.conftest import OpenDatabase, SampleOrganisation

BODY = b'{"webhookEvent": "jira:issue_updated", "issue": {"fields": {"project": {"id": "1"}}}}'


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        (
            ConnectionKind.GITLAB,
            {"object_kind": "merge_request", "project": {"id": 7}},
            [("merge_requests", "7")],
        ),
        (ConnectionKind.GITLAB, {"object_kind": "build", "project_id": 7}, [("jobs", "7")]),
        (ConnectionKind.GITLAB, {"object_kind": "pipeline", "project": ["no", "object"]}, [("pipelines", None)]),
        (ConnectionKind.GITLAB, {"event_name": "project_rename", "project_id": 7}, [("projects", None)]),
        (
            ConnectionKind.JIRA,
            {"webhookEvent": "jira:issue_updated", "issue": {"fields": {"project": {"id": "10"}}}},
            [("issues", "10")],
        ),
        (ConnectionKind.JIRA, {"webhookEvent": "worklog_created", "worklog": {}}, [("issues", None)]),
        (
            ConnectionKind.JIRA,
            {"webhookEvent": "jira:version_released", "version": {"projectId": 3}},
            [("versions", "3")],
        ),
        (ConnectionKind.JIRA, {"webhookEvent": "sprint_closed"}, [("sprints", None), ("issues", None)]),
        (ConnectionKind.JIRA, {"webhookEvent": 7}, []),
        (ConnectionKind.GITLAB, {"object_kind": ["no", "text"]}, []),
        (ConnectionKind.GITLAB, ["no", "object"], []),
        (ConnectionKind.GITLAB, {"object_kind": "wiki_page"}, []),
    ],
)
def test_a_delivery_speaks_of_streams_and_of_the_project_it_names(
    kind: ConnectionKind, body: Any, found: list[hints.Hint]
) -> None:
    assert hints.hints_of(kind, json.dumps(body).encode()) == found


def test_what_cannot_be_read_speaks_of_nothing() -> None:
    for payload in (b"", b"\xff\xfe", b"{", b"[" * 100_000):
        assert hints.hints_of(ConnectionKind.JIRA, payload) == []


async def test_what_deliveries_speak_of_is_due_at_once_and_they_are_done(
    open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    ingest, api, org_id = await open_database("ovia_ingest"), await open_database("ovia_api"), organisations[0].id
    async with ingest.transaction(org_id) as conn:
        connection_id = await connections.ensure(conn, org_id, "jira", "Jira", "https://j.example")
        await planning.plan(conn, org_id, connection_id, [("issues", "1"), ("issues", "2"), ("users", "")])
        await conn.execute("update sync_partitions set next_due_at = now() + interval '1 hour'")
    async with api.transaction(org_id) as conn:
        for number in range(3):
            delivery = NewDelivery(str(number), "issue", BODY, None)
            assert await webhooks.keep(conn, org_id, connection_id, delivery)
    assert await hints.follow(ingest, org_id, connection_id, ConnectionKind.JIRA, 14) == 3
    assert await hints.follow(ingest, org_id, connection_id, ConnectionKind.JIRA, 14) == 0
    async with ingest.transaction(org_id) as conn:
        due = await conn.fetch("select stream, scope from sync_partitions where next_due_at <= now()")
    assert [(row["stream"], row["scope"]) for row in due] == [("issues", "1")]
