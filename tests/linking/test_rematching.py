from typing import Any
from uuid import UUID

from ovia_shared.database import linking
from ovia_shared.linking import rematching
from ovia_shared.linking.incremental import link_identities
from ovia_shared.linking.rematching import Plan
from ovia_shared.models.decision import MatchingSettings
from tests.linking.conftest import Accounts

MAIL = "ada.brandt@fernweh.example.org"
# So strict that nothing is sure but an account by itself.
STRICT = MatchingSettings(auto=0.9999999, conflict=0.6)


async def planned(accounts: Accounts, settings: MatchingSettings | None = None) -> Plan:
    async with accounts.database.transaction(accounts.org_id) as conn:
        return await rematching.plan(conn, accounts.org_id, settings or MatchingSettings())


async def rematched(accounts: Accounts, settings: MatchingSettings | None = None) -> Plan:
    async with accounts.database.transaction(accounts.org_id) as conn:
        await linking.lock(conn, accounts.org_id)
        plan = await rematching.plan(conn, accounts.org_id, settings or MatchingSettings())
        await rematching.carry_out(conn, accounts.org_id, plan)
    return plan


async def three_of_one(accounts: Accounts) -> list[UUID]:
    """Three accounts of Ada's among others', linked."""
    shown: list[tuple[str, str | None, dict[str, Any]]] = [
        ("Ada Brandt", MAIL, {}),
        ("ada", MAIL, {"source": "gitlab", "username": "abrandt"}),
        ("Ada Brandt", None, {"source": "jira", "username": "ada.brandt"}),
    ]
    found = [await accounts.show(name, mail, **more) for name, mail, more in shown]
    for n in range(12):
        await accounts.show(f"Person{chr(97 + n)}x Family{n}q", f"person{n}@fernweh.example.org")
    await link_identities(accounts.database, accounts.org_id)
    return found


async def test_matching_anew_what_was_just_matched_changes_nothing(accounts: Accounts) -> None:
    await three_of_one(accounts)
    before = await accounts.everything()
    plan = await rematched(accounts)
    assert (list(plan.changes), plan.rematch.counts.new_people, plan.rematch.counts.emptied_people) == ([], 0, 0)
    assert plan.rematch.counts.decided == plan.rematch.counts.unchanged == 15
    assert await accounts.everything() == before


async def test_a_preview_writes_nothing_and_says_what_the_change_will_be(accounts: Accounts) -> None:
    found = await three_of_one(accounts)
    before = await accounts.everything()
    preview = await planned(accounts, STRICT)
    assert preview.changes
    assert await accounts.everything() == before
    again = await planned(accounts, STRICT)
    assert again.rematch == preview.rematch
    done = await rematched(accounts, STRICT)
    assert done.rematch.digest == preview.rematch.digest
    for change in done.changes:
        rows = [row for row in await accounts.believed(change.identity_id) if row.active]
        assert [row.status for row in rows] == ([] if change.after is None else [change.after.status])
    assert {change.identity_id for change in done.changes} <= set(found)
    assert (await planned(accounts, STRICT)).changes == []


async def test_a_revised_mapping_is_a_closed_row_a_new_one_and_an_event(accounts: Accounts) -> None:
    await three_of_one(accounts)
    done = await rematched(accounts, STRICT)
    one = next(change for change in done.changes if change.before and change.after)
    org = accounts.org_id
    rows = "select count(*) from mappings where org_id = $1 and identity_id = $2"
    closed = f"{rows} and known_to <> 'infinity'"
    assert (await accounts.value(rows, org, one.identity_id), await accounts.value(closed, org, one.identity_id)) == (
        2,
        1,
    )
    event = "select action from identity_events where org_id = $1 and identity_id = $2 order by id desc limit 1"
    assert await accounts.value(event, org, one.identity_id) == "revise"


async def test_people_keep_their_ids_when_things_go_back(accounts: Accounts) -> None:
    found = await three_of_one(accounts)
    person = await accounts.person_of(found[0])
    await rematched(accounts, STRICT)
    await rematched(accounts)
    assert [await accounts.person_of(one) for one in found] == [person] * 3


async def test_a_verified_mapping_and_a_refused_pair_outlast_a_rematch(accounts: Accounts) -> None:
    found = await three_of_one(accounts)
    person = await accounts.person_of(found[0])
    await accounts.set_status(found[0], "verified")
    await accounts.set_status(found[1], "rejected")
    verified = await accounts.believed(found[0])
    for settings in (MatchingSettings(), STRICT, MatchingSettings(auto=0.5, conflict=0.1)):
        await rematched(accounts, settings)
        assert await accounts.believed(found[0]) == verified
        assert person not in {row.person_id for row in await accounts.believed(found[1]) if row.active}


async def test_nobody_is_refused_into_by_another_door(accounts: Accounts) -> None:
    # Nobody verified Ada: an account of hers must stay, or there would be nobody to refuse.
    found = await three_of_one(accounts)
    person = await accounts.person_of(found[0])
    await accounts.set_status(found[1], "rejected")
    await rematched(accounts)
    assert person not in {row.person_id for row in await accounts.believed(found[1]) if row.active}
    assert person in {await accounts.person_of(found[0]), await accounts.person_of(found[2])}


async def test_a_person_left_without_accounts_is_put_away_unless_somebody_touched_them(accounts: Accounts) -> None:
    found = await three_of_one(accounts)
    org = accounts.org_id
    async with accounts.database.transaction(org) as conn:
        people = [
            await conn.fetchval(
                "insert into people (org_id, id, display_name, version)"
                " values ($1, gen_random_uuid(), 'Ada B.', $2) returning id",
                org,
                version,
            )
            for version in (1, 2)
        ]
    # As if the engine had once thought them to be others.
    await accounts.set_status(found[1], "auto", people[0])
    await accounts.set_status(found[2], "auto", people[1])
    done = await rematched(accounts)
    assert (done.rematch.counts.moved, done.rematch.counts.emptied_people) == (2, 2)
    heir = "select merged_into_id from people where org_id = $1 and id = $2"
    assert await accounts.value(heir, org, people[0]) == await accounts.person_of(found[0])
    assert await accounts.value(heir, org, people[1]) is None
    event = "select count(*) from identity_events where org_id = $1 and person_id = $2 and action = 'put_away'"
    assert [await accounts.value(event, org, person) for person in people] == [1, 0]


async def test_a_rematch_is_one_organisations(accounts: Accounts, others: Accounts) -> None:
    await three_of_one(accounts)
    await three_of_one(others)
    before = await others.everything()
    await rematched(accounts, STRICT)
    assert await others.everything() == before
