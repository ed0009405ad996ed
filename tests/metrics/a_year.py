"""A year of an organisation's work, for previews of what settings change."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from ovia_shared.database.ids import new_id
from tests.facts.conftest import Ledger

NOW = datetime.now(UTC)
_STATUSES = ("To Do", "Doing", "Testing", "Done")


async def somebody(ledger: Ledger) -> UUID:
    """The account of the team's member; the ids of product and team are those of the account, for the tests."""
    account, person = new_id(), new_id()
    insert = ledger.admin.execute
    await insert(
        "insert into identities (org_id, id, source, external_id) values ($1, $2, 'jira', 'ada')",
        ledger.org_id,
        account,
    )
    await insert("insert into people (org_id, id, display_name) values ($1, $2, 'Ada')", ledger.org_id, person)
    await insert(
        """
        insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version,
                              verified_by, verified_at)
        values ($1, gen_random_uuid(), $2, $3, 'verified', 1, '[]', 'test', 'test', now())
        """,
        ledger.org_id, account, person,
    )  # fmt: skip
    await insert("insert into teams (org_id, id, name) values ($1, $2, 'Wings')", ledger.org_id, account)
    await insert(
        """
        insert into team_memberships (org_id, id, team_id, person_id, valid_from)
        values ($1, gen_random_uuid(), $2, $3, '2020-01-01')
        """,
        ledger.org_id, account, person,
    )  # fmt: skip
    await insert("insert into products (org_id, id, name) values ($1, $2, 'Glider')", ledger.org_id, account)
    return account


async def a_year(ledger: Ledger, account: UUID) -> None:
    await ledger.put("projects", external_id="1", key="GLD")
    await ledger.put("projects", external_id="2", key="KIT")
    await ledger.admin.execute(
        """
        insert into product_projects (org_id, product_id, connection_id, project_external_id) values ($1, $2, $3, '1')
        """,
        ledger.org_id, account, ledger.connection_id,
    )  # fmt: skip
    for status, category in zip(_STATUSES, ("todo", "in_progress", None, "done"), strict=True):
        await ledger.put("status_definitions", external_id=status, name=status, category=category)
    await ledger.put("environments", external_id="1", name="production", tier=None)
    await ledger.put("environments", external_id="2", name="live", tier=None)
    await ledger.put(
        "merge_requests", external_id="9", number=9, project_external_id="1", author_identity_id=account,
        created_at=NOW - timedelta(days=5),
    )  # fmt: skip
    await ledger.put(
        "sprints", external_id="1", start_at=NOW - timedelta(days=99), completed_at=NOW - timedelta(days=60)
    )
    for number in range(24):
        await _one_piece_of_work(ledger, number, NOW - timedelta(days=15 * number + 10), account)
    await _an_incident(ledger, NOW - timedelta(days=50))


async def _an_incident(ledger: Ledger, at: datetime) -> None:
    """Tested five days later, and mended ten days later: which of them ended it, the workflow says."""
    await ledger.put(
        "work_items", external_id="900", key="GLD-900", type="Incident", created_at=at, status="Testing",
        status_category=None,
    )  # fmt: skip
    await ledger.put(
        "work_item_transitions", work_item_external_id="900", history_external_id="900", from_value="To Do",
        from_text="To Do", to_value="Testing", to_text="Testing", occurred_at=at + timedelta(days=5),
    )  # fmt: skip
    sha = "9" * 40
    await ledger.put(
        "merge_requests", external_id="901", number=901, created_at=at, state="merged", head_sha=sha,
        merged_at=at + timedelta(days=9),
    )  # fmt: skip
    await ledger.put("source_references", subject_external_id="901", target="GLD-900")
    await ledger.put("deployments", external_id="902", sha=sha, finished_at=at + timedelta(days=10))


async def _one_piece_of_work(ledger: Ledger, number: int, at: datetime, account: UUID) -> None:
    """An item that goes through all statuses, its merge request, pipeline and deployment, three days later."""
    project, whose = ("1", account) if number % 3 else ("2", None)
    item, labels, later = str(100 + number), ["panne"] if number % 2 else [], at + timedelta(days=3)
    await ledger.put(
        "work_items", external_id=item, key=f"GLD-{item}", type="Panne" if number % 4 else "Bug", created_at=at,
        project_external_id=project, assignee_identity_id=whose, status="Done", status_category="done", labels=labels,
    )  # fmt: skip
    await ledger.put("sprint_memberships", work_item_external_id=item, sprint_external_id="1", added_at=at)
    for step, status in enumerate(_STATUSES[1:], start=1):
        # Every fifth is still being tested, every seventh not even that.
        if not (status == "Done" and number % 5 == 0) and not (step > 1 and number % 7 == 0):
            await ledger.put(
                "work_item_transitions", work_item_external_id=item, history_external_id=f"{item}{step}",
                from_value=_STATUSES[step - 1], from_text=_STATUSES[step - 1], to_value=status, to_text=status,
                occurred_at=at + timedelta(days=step),
            )  # fmt: skip
    sha = f"{number:040}"
    merged = number % 4 != 0
    await ledger.put(
        "merge_requests", external_id=str(200 + number), number=number, project_external_id=project, created_at=at,
        state="merged" if merged else "open", merged_at=later if merged else None, labels=labels, head_sha=sha,
        author_identity_id=whose, additions=number, deletions=1,
    )  # fmt: skip
    await ledger.put(
        "merge_request_commits", merge_request_external_id=str(200 + number), sha=sha, authored_at=at, committed_at=at
    )
    await ledger.put(
        "pipelines", external_id=str(300 + number), status="failed" if number % 3 == 1 else "success", sha=sha,
        ref="main" if number % 2 else "release/1", project_external_id=project, actor_identity_id=whose,
        created_at=at, started_at=at, finished_at=later,
    )  # fmt: skip
    await ledger.put(
        "deployments", external_id=str(400 + number), sha=sha, finished_at=later, project_external_id=project,
        environment_external_id=str(1 + number % 2), actor_identity_id=whose,
    )  # fmt: skip
