import math
from collections.abc import Sequence
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.database.ids import new_id
from ovia_shared.matching.evidence import AUTO_CONFIDENCE
from ovia_shared.matching.first_pass import match
from ovia_shared.models.decision import Decisions, Link
from ovia_shared.models.identity import Account


def account(name: str | None, email: str | None, person: UUID | None = None) -> Account:
    return Account(new_id(), "git_commit_author", None, email, name, person)


def all_links(decisions: Decisions) -> list[Link]:
    return [link for person in decisions.people for link in person.links] + [link for _, link in decisions.links]


def grouped(decisions: Decisions) -> set[frozenset[UUID]]:
    return {frozenset(link.identity_id for link in person.links) for person in decisions.people}


def rules(link: Link) -> list[str]:
    return [trace.rule for trace in link.rule_trace]


def test_accounts_with_one_mailbox_are_one_person() -> None:
    one, other = account("Ann Lee", "ann@example.org"), account("annie", "ANN@example.org")
    (person,) = match([one, other], []).people
    assert {link.identity_id for link in person.links} == {one.id, other.id}
    assert person.display_name == "Ann Lee"
    assert all(rules(link) == ["same_mailbox"] and link.status == "auto" for link in person.links)


def test_accounts_with_one_full_name_are_one_person() -> None:
    one, other = account("Ann Lee", "ann@example.org"), account("Lee, Ann", "lee@example.net")
    (person,) = match([one, other], []).people
    assert [rules(link) for link in person.links] == [["same_full_name"]] * 2


def test_strangers_become_people_of_their_own() -> None:
    decisions = match([account("Ann Lee", "ann@example.org"), account("Bo Ek", "bo@example.org")], [])
    assert len(decisions.people) == 2
    assert [rules(link) for link in all_links(decisions)] == [["first_account"]] * 2


def test_an_account_without_evidence_stays_an_orphan() -> None:
    nobody = [account("root", "root@localhost"), account(None, None), account("alex", None)]
    assert match(nobody, []) == match([], [])


def test_a_mailbox_shared_by_three_people_links_none_of_them() -> None:
    team = [account(name, "team.build@example.org") for name in ("Ann Lee", "Bo Ek", "Cy Dahl")]
    assert grouped(match(team, [])) == {frozenset([one.id]) for one in team}


def test_a_changed_surname_at_one_mailbox_is_still_one_person() -> None:
    one, other = account("Ann Lee", "ann@example.org"), account("Ann Berg", "ann@example.org")
    assert len(match([one, other], []).people) == 1


def test_a_very_common_full_name_is_left_to_a_reviewer() -> None:
    many = [account("Wei Zhang", f"wei{n}@example{n}.org") for n in range(12)]
    links = all_links(match(many, []))
    assert len(links) == 12
    assert all(link.status == "conflict" and link.confidence < AUTO_CONFIDENCE for link in links)
    assert "12 mailboxes" in links[0].rule_trace[0].evidence


def test_a_new_account_joins_the_person_it_shares_a_mailbox_with() -> None:
    ann = new_id()
    decisions = match([account("annie", "ann@example.org")], [account("Ann Lee", "ann@example.org", ann)])
    ((person_id, link),) = decisions.links
    assert (person_id, link.status, decisions.people) == (ann, "auto", ())


def test_evidence_for_two_known_people_is_a_conflict_and_merges_nobody() -> None:
    ann, bo = new_id(), new_id()
    mapped = [account("Ann Lee", "ann@example.org", ann), account("Bo Ek", "bo@example.org", bo)]
    ((person_id, link),) = match([account("Ann Lee", "bo@example.org")], mapped).links
    assert person_id == bo
    assert link.status == "conflict"
    assert "other_candidate" in rules(link)


def test_a_rejected_pair_is_never_proposed_again() -> None:
    ann = new_id()
    again = account("annie", "ann@example.org")
    decisions = match([again], [account("Ann Lee", "ann@example.org", ann)], {(again.id, ann)})
    assert ann not in {person_id for person_id, _ in decisions.links}


accounts = st.lists(
    st.tuples(
        st.sampled_from([None, "", "Ann Lee", "Lee, Ann", "Bo Ek", "Cy Dahl", "root", "Анна Ли", "Wei Zhang"]),
        st.sampled_from(
            [None, "", "ann@example.org", "ANN@example.org", "bo@example.org", "team@example.org", "x@y.z"]
        ),
        st.sampled_from([None, None, None, 1, 2, 3]),
    ),
    max_size=14,
)


def _prepared(
    drawn: Sequence[tuple[str | None, str | None, int | None]],
) -> tuple[list[Account], list[Account]]:
    people = {n: new_id() for n in (1, 2, 3)}
    made = [account(name, email, people[person] if person else None) for name, email, person in drawn]
    return [one for one in made if one.person_id is None], [one for one in made if one.person_id is not None]


@given(accounts, st.randoms(use_true_random=False))
def test_the_outcome_does_not_depend_on_the_order_of_accounts(drawn: list, random: object) -> None:  # type: ignore[type-arg]
    unmapped, mapped = _prepared(drawn)
    first = match(unmapped, mapped)
    random.shuffle(unmapped)  # type: ignore[attr-defined]
    random.shuffle(mapped)  # type: ignore[attr-defined]
    second = match(unmapped, mapped)
    assert grouped(first) == grouped(second)
    assert first.links == second.links
    assert {p.display_name for p in first.people} == {p.display_name for p in second.people}


@given(accounts)
def test_every_account_is_linked_at_most_once_and_its_trace_explains_its_confidence(drawn: list) -> None:  # type: ignore[type-arg]
    unmapped, mapped = _prepared(drawn)
    links = all_links(match(unmapped, mapped))
    ids = [link.identity_id for link in links]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {one.id for one in unmapped}
    for link in links:
        logit = sum(trace.contribution for trace in link.rule_trace)
        assert link.rule_trace
        assert link.confidence == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-6)
        assert (link.status == "auto") == (link.confidence >= AUTO_CONFIDENCE)


@given(accounts)
def test_matching_again_after_applying_the_decisions_decides_nothing(drawn: list) -> None:  # type: ignore[type-arg]
    unmapped, mapped = _prepared(drawn)
    decisions = match(unmapped, mapped)
    person_of = {link.identity_id: person for person, link in decisions.links}
    for made in decisions.people:
        person_of.update(dict.fromkeys((link.identity_id for link in made.links), new_id()))
    rest = [one for one in unmapped if one.id not in person_of]
    now = mapped + [
        msgspec.structs.replace(one, person_id=person_of[one.id]) for one in unmapped if one.id in person_of
    ]
    again = match(rest, now)
    assert (again.people, again.links) == ((), ())
