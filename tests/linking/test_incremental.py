import asyncio
from typing import Any

import pytest

from ovia_shared.database import linking
from ovia_shared.linking.incremental import NOTHING, link_identities
from tests.linking.conftest import Accounts

MAIL = "ada.brandt@fernweh.example.org"


async def a_known_organisation(accounts: Accounts, size: int = 40) -> None:
    """So many people that a few new accounts are few among them."""
    for n in range(size):
        await accounts.show(f"Person{chr(97 + n % 26)}x Family{n}q", f"person{n}@fernweh.example.org")
    await link_identities(accounts.database, accounts.org_id)


async def test_a_new_account_joins_the_person_known_by_its_mailbox(accounts: Accounts) -> None:
    first = await accounts.show("Ada Brandt", MAIL)
    await a_known_organisation(accounts)
    second = await accounts.show("ada", MAIL, source="gitlab", username="abrandt")
    outcome = await link_identities(accounts.database, accounts.org_id)
    assert (outcome.people, outcome.linked) == (0, 1)
    assert await accounts.person_of(second) == await accounts.person_of(first) is not None
    (row,) = await accounts.believed(second)
    assert row.rule_trace
    assert row.engine_version


async def test_linking_again_changes_nothing(accounts: Accounts) -> None:
    await accounts.show("Ada Brandt", MAIL)
    await a_known_organisation(accounts)
    await accounts.show("Ada Brandt", None, source="jira", username="abrandt")
    await link_identities(accounts.database, accounts.org_id)
    before = await accounts.everything()
    assert await link_identities(accounts.database, accounts.org_id) == NOTHING
    assert await accounts.everything() == before


async def test_few_new_accounts_are_linked_as_all_at_once_would_be(accounts: Accounts, others: Accounts) -> None:
    shown: list[tuple[str, str | None, dict[str, Any]]] = [
        ("Ada Brandt", MAIL, {}),
        ("Brandt, Ada", None, {"source": "jira", "username": "ada.brandt"}),
        ("Noor Haddad", "noor@fernweh.example.org", {}),
        ("noor", "noor@fernweh.example.org", {"source": "gitlab", "username": "nhaddad"}),
        ("Kim Oyelaran", None, {"source": "jira", "username": "koyelaran"}),
    ]
    alone = [await others.show(name, mail, **more) for name, mail, more in shown]
    await a_known_organisation(others)
    await a_known_organisation(accounts)
    stepwise = []
    for name, mail, more in shown:
        stepwise.append(await accounts.show(name, mail, **more))
        await link_identities(accounts.database, accounts.org_id)
    of_all = [await others.person_of(one) for one in alone]
    of_steps = [await accounts.person_of(one) for one in stepwise]
    assert [of_all.index(one) for one in of_all] == [of_steps.index(one) for one in of_steps] == [0, 0, 2, 2, 4]


async def test_a_name_an_account_had_before_still_counts(accounts: Accounts) -> None:
    first = await accounts.show("Ada Brandt", None, source="jira", username="abrandt7", external_id="7")
    await a_known_organisation(accounts)
    await accounts.show("Ada Neumann", None, source="jira", username="aneumann7", external_id="7")
    await link_identities(accounts.database, accounts.org_id)
    second = await accounts.show("Ada Brandt", "brandt.ada@fernweh.example.org")
    await link_identities(accounts.database, accounts.org_id)
    assert await accounts.person_of(second) == await accounts.person_of(first) is not None


async def test_a_pair_that_was_refused_is_never_proposed_again(accounts: Accounts) -> None:
    first = await accounts.show("Ada Brandt", MAIL)
    second = await accounts.show("ada", MAIL, source="gitlab", username="abrandt")
    await a_known_organisation(accounts)
    person = await accounts.person_of(first)
    assert await accounts.person_of(second) == person
    await accounts.set_status(second, "rejected")
    await accounts.show("Ada B.", MAIL, source="gitlab", username="abrandt", external_id="ada <" + MAIL + "> abrandt")
    await link_identities(accounts.database, accounts.org_id)
    assert person not in {row.person_id for row in await accounts.believed(second) if row.active}


@pytest.mark.parametrize("status", ["verified", "ignored"])
async def test_what_a_person_decided_stays(status: str, accounts: Accounts) -> None:
    first = await accounts.show("Ada Brandt", MAIL, external_id="1")
    await a_known_organisation(accounts)
    await accounts.set_status(first, status)
    before = await accounts.believed(first)
    await accounts.show("Release Robot", "robot@fernweh.example.org", external_id="1")
    await link_identities(accounts.database, accounts.org_id)
    assert await accounts.believed(first) == before


async def test_an_account_found_to_be_a_machines_loses_its_mapping_with_an_event(accounts: Accounts) -> None:
    first = await accounts.show("Ada Brandt", MAIL, external_id="1")
    await link_identities(accounts.database, accounts.org_id)
    assert await accounts.person_of(first) is not None
    await accounts.show("Ada Brandt", MAIL, external_id="1", service_account=True, machine_reason="Jira says so")
    await link_identities(accounts.database, accounts.org_id)
    assert await accounts.believed(first) == []
    event = "select action from identity_events where org_id = $1 and identity_id = $2 order by id desc limit 1"
    assert await accounts.value(event, accounts.org_id, first) == "withdraw"


async def test_a_pass_that_fails_halfway_leaves_nothing_and_the_next_one_does_it(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await accounts.show("Ada Brandt", MAIL)
    before = await accounts.everything()

    async def broken(*_: Any, **__: Any) -> None:
        raise OSError("the power is out")

    with monkeypatch.context() as patched:
        patched.setattr(linking, "mark_matched", broken)
        with pytest.raises(OSError, match="power"):
            await link_identities(accounts.database, accounts.org_id)
    assert await accounts.everything() == before
    await link_identities(accounts.database, accounts.org_id)
    assert await accounts.person_of(first) is not None


async def test_passes_at_the_same_time_link_each_account_once(accounts: Accounts) -> None:
    first = await accounts.show("Ada Brandt", MAIL)
    outcomes = await asyncio.gather(*(link_identities(accounts.database, accounts.org_id) for _ in range(4)))
    assert sorted(outcome.linked for outcome in outcomes) == [0, 0, 0, 1]
    assert len(await accounts.believed(first)) == 1


async def test_an_organisation_is_matched_by_itself(accounts: Accounts, others: Accounts) -> None:
    ours = await accounts.show("Ada Brandt", MAIL)
    theirs = await others.show("Ada Brandt", MAIL)
    await link_identities(accounts.database, accounts.org_id)
    assert await others.person_of(theirs) is None
    await link_identities(others.database, others.org_id)
    assert None is not await accounts.person_of(ours) != await others.person_of(theirs)


async def test_every_link_has_its_event_and_the_counts_agree(accounts: Accounts) -> None:
    await a_known_organisation(accounts, 20)
    org = accounts.org_id
    links = await accounts.value("select count(*) from identity_events where org_id = $1 and action = 'link'", org)
    mapped = await accounts.value("select count(*) from mappings where org_id = $1 and known_to = 'infinity'", org)
    counted = await accounts.value("select sum(change) from mapping_counts where org_id = $1", org)
    assert links == mapped == counted == 20
    assert await accounts.value("select count(*) from unmapped_identities where org_id = $1", org) == 0


async def test_a_service_account_keeps_the_reasons_it_was_found_by(accounts: Accounts) -> None:
    bot = await accounts.show("Glider Bot", "bot@fernweh.example.org", service_account=True, machine_reason="an app")
    await link_identities(accounts.database, accounts.org_id)
    trace = "select service_account_trace from identities where org_id = $1 and id = $2"
    rules = {term["rule"] for term in await accounts.value(trace, accounts.org_id, bot)}
    assert "said_by_source" in rules
    assert await accounts.believed(bot) == []


async def test_what_an_account_does_can_give_away_what_its_name_leaves_open(accounts: Accounts) -> None:
    person = await accounts.show("Ada Brandt", MAIL)
    machine = await accounts.show(None, None, source="gitlab", username="fernweh.deploy")
    org = accounts.org_id
    async with accounts.database.transaction(org) as conn:
        connection = await conn.fetchval(
            "insert into connections (org_id, id, kind, name, base_url)"
            " values ($1, gen_random_uuid(), 'git', 'web', '/web') returning id",
            org,
        )
        raw = await conn.fetchval(
            "insert into raw_records (org_id, id, connection_id, stream, external_id, content_hash, payload)"
            " values ($1, gen_random_uuid(), $2, 'commits', '1', '\\x00', '{}') returning id",
            org,
            connection,
        )
        for identity in (person, machine):
            await conn.execute(
                """
                insert into commits (org_id, connection_id, raw_record_id, sha, author_identity_id,
                                     committer_identity_id, authored_at, parent_count, summary)
                select $1, $2, $4, md5(n::text || $3::uuid) || '00000000', $3, $3, at, 1, ''
                  from generate_series(1, 480) n,
                       lateral (select timestamptz '2026-01-01' + (n / 40) * interval '2 hours 1 minute' as at) t
                """,
                org,
                connection,
                identity,
                raw,
            )
    await link_identities(accounts.database, org)
    marked = "select service_account from identities where org_id = $1 and id = $2"
    assert [await accounts.value(marked, org, one) for one in (person, machine)] == [False, True]
    assert await accounts.person_of(person) is not None
    assert await accounts.believed(machine) == []
