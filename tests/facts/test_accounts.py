"""Accounts people use, and what follows when one turns out to be a machine's."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from ovia_shared.database import organisation_settings, service_accounts
from ovia_shared.database.facts.deriving import FAMILIES
from ovia_shared.models.fact_settings import Classification
from tests.facts.conftest import Ledger, day


async def _answered_by(ledger: Ledger, account: UUID) -> None:
    await ledger.account(account)
    await ledger.put("merge_requests", external_id="20", created_at=day(0))
    await ledger.put(
        "merge_request_events", merge_request_external_id="20", external_id="1", kind="approved", occurred_at=day(1),
        actor_identity_id=account,
    )  # fmt: skip


async def test_an_account_counts_while_it_is_in_use_and_a_persons(ledger: Ledger) -> None:
    account = uuid4()
    await ledger.account(account)
    await ledger.derive()
    known = await ledger.facts("identity.account")
    assert [(one["entity_id"], one["attributes"]) for one in known] == [(str(account), {"source": "gitlab"})]
    await ledger.account(account, active=False)
    await ledger.derive()
    assert await ledger.facts("identity.account") == []
    await ledger.account(account, active=True)
    await ledger.derive()
    assert await ledger.facts("identity.account") == known
    await ledger.account(account, service_account=True)
    await ledger.derive()
    assert await ledger.facts("identity.account") == []


async def test_an_account_that_turns_out_to_be_a_machines_has_answered_nothing(ledger: Ledger) -> None:
    account = uuid4()
    await _answered_by(ledger, account)
    await ledger.derive()
    assert [one["value"] for one in await ledger.facts("merge_request.first_response")] == [24]
    # As linking finds it, in its own words.
    async with ledger.admin.transaction():
        await service_accounts.found(ledger.admin, ledger.org_id, [(account, "a bot's name", ())])
    await ledger.derive()
    assert await ledger.facts("merge_request.first_response") == []
    await ledger.account(account, service_account=False)
    await ledger.derive()
    assert [one["value"] for one in await ledger.facts("merge_request.first_response")] == [24]


async def test_other_settings_say_that_facts_changed_because_of_them(ledger: Ledger) -> None:
    await ledger.put("work_items", external_id="1", key="GLD-1", created_at=day(0))
    await ledger.derive()
    assert await ledger.admin.fetch("select * from definition_changes") == []
    # The ledger's own service may not write settings; the api's does.
    await ledger.admin.execute("select set_config('ovia.org_id', $1, false)", str(ledger.org_id))
    await organisation_settings.write(
        ledger.admin, ledger.org_id, "classification", Classification(bug_types=("task",)), "Ada"
    )
    assert await ledger.derive() == (1, 1)
    noted = await ledger.admin.fetch(
        """
        select d.family, d.reason, count(f.*) as facts
          from definition_changes d
          join facts f on f.org_id = d.org_id and (f.known_from = d.moment or f.known_to = d.moment)
         group by d.family, d.reason
        """
    )
    assert [tuple(one) for one in noted] == [("work_items", "settings", 2)]
    assert await ledger.derive() == (0, 0)


async def test_what_did_not_change_is_not_looked_at(ledger: Ledger) -> None:
    # Written long ago: what was written within the hour may be looked at twice.
    await ledger.put("projects", changed_at=datetime.now(UTC) - timedelta(hours=2))
    await ledger.derive()
    # What no row says: whoever looks at these again, closes it.
    for family in FAMILIES:
        await ledger.admin.execute(
            """
            insert into facts (org_id, id, kind, entity_kind, connection_id, entity_id, project_external_id,
                               occurred_at, attributes, derivation_version, row_hash, known_from)
            values ($1, $2, $3, 'nothing', $4, $2::uuid::text, '1', now(), '{}', 1, $2, now() - interval '1 day')
            """,
            ledger.org_id, uuid4(), family.kinds[0], ledger.connection_id,
        )  # fmt: skip
    assert await ledger.derive() == (0, 0)
    assert await ledger.derive(from_scratch=True) == (0, len(FAMILIES))


async def test_a_newer_derivation_says_that_facts_changed_because_of_it(ledger: Ledger) -> None:
    await ledger.put("work_items", external_id="1", key="GLD-1", created_at=day(0))
    await ledger.derive()
    await ledger.admin.execute("update derivations set version = 0")
    assert await ledger.derive() == (0, 0)
    assert await ledger.admin.fetch("select * from definition_changes") == []
    await ledger.admin.execute("update derivations set version = 0; update facts set known_to = now()")
    await ledger.derive()
    noted = await ledger.admin.fetch("select family, reason from definition_changes")
    assert [tuple(one) for one in noted] == [("work_items", "version")]
