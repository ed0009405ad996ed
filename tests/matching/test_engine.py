import math
from collections.abc import Sequence
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.database.ids import new_id
from ovia_shared.matching.activity import NONE, Activity
from ovia_shared.matching.engine import DEFAULT, Constraints, match
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.identity import Account
from tests.matching.accounts import account, all_links, grouped, rules


def test_accounts_with_one_mailbox_are_one_person() -> None:
    one, other = account("Ann Lee", "ann@example.org"), account("annie", "ANN@example.org")
    decisions = match([one, other])
    (person,) = decisions.people
    assert {link.identity_id for link in person.links} == {one.id, other.id}
    assert (person.display_name, person.primary_email) == ("Ann Lee", "ann@example.org")
    assert all("same_mailbox" in rules(decisions, link) for link in person.links)


def test_accounts_with_one_full_name_are_one_person_in_whatever_script_or_order() -> None:
    made = [
        account("Анна Щербакова", "a@example.org"),
        account("Shcherbakova, Anna", "shch@example.net"),
        account("Anna Shcherbakowa", None, username="annas", source="gitlab"),
    ]
    assert grouped(match(made)) == {frozenset(one.id for one in made)}


def test_a_login_made_of_the_name_finds_its_owner_across_sources() -> None:
    git = account("Ondrej Krahulik", "ondrej.krahulik@example.org")
    jira = account("okrahulik", None, username="okrahulik", source="jira")
    (person,) = match([git, jira]).people
    assert {link.identity_id for link in person.links} == {git.id, jira.id}


def test_a_former_name_still_counts() -> None:
    now = account("Ann Bergqvist", None, username="ann.b", source="jira", former=("Ann Leifsdottir",))
    then = account("Ann Leifsdottir", "leifsdottir@example.org")
    assert grouped(match([now, then])) == {frozenset([now.id, then.id])}


def test_strangers_become_people_of_their_own() -> None:
    decisions = match([account("Ann Lee", "ann@example.org"), account("Bo Ek", "bo@example.org")])
    assert len(decisions.people) == 2
    assert [rules(decisions, link) for link in all_links(decisions)] == [["first_account"]] * 2


def test_an_account_without_evidence_stays_an_orphan() -> None:
    nobody = [account("root", "root@localhost"), account(None, None), account("alex", None)]
    decisions = match(nobody)
    assert (decisions.people, decisions.links) == ((), ())


def test_a_mailbox_shared_by_three_people_links_none_of_them() -> None:
    team = [account(name, "team.build@example.org") for name in ("Ann Lee", "Bo Ek", "Cy Dahl")]
    assert grouped(match(team)) == {frozenset([one.id]) for one in team}


def test_one_weak_bridge_does_not_make_two_people_one() -> None:
    ann = [account("Ann Lindqvist", "ann@example.org"), account("Ann Lindqvist", "ann@example.net")]
    bo = [account("Bo Sandström", "bo@example.org"), account("Bo Sandström", "bo@example.net")]
    bridge = account("Bo Sandström", "ann@example.org")
    together = grouped(match([*ann, *bo, bridge]))
    assert not any(ann[0].id in group and bo[0].id in group for group in together)


def test_a_common_full_name_alone_is_left_to_a_reviewer() -> None:
    first = [account(f"Wei Family{n}", f"wei.family{n}@example{n}.org") for n in range(30)]
    last = [account(f"Given{n} Zhang", f"given{n}.zhang@example{n}.net") for n in range(30)]
    many = [account("Wei Zhang", f"mail{n}@sample{n}.org") for n in range(12)]
    decisions = match([*first, *last, *many])
    ids = {one.id for one in many}
    auto = [group & ids for group in grouped(decisions)]
    assert all(len(group) <= 1 for group in auto)


def test_a_new_account_joins_the_person_it_shares_a_mailbox_with() -> None:
    ann = new_id()
    decisions = match([account("annie", "ann@example.org"), account("Ann Lee", "ann@example.org", ann)])
    ((person_id, link),) = decisions.links
    assert (person_id, link.status, decisions.people) == (ann, "auto", ())


def test_evidence_for_two_known_people_is_a_conflict_and_merges_nobody() -> None:
    ann, bo = new_id(), new_id()
    known = [account("Ann Leifsdottir", "ann@example.org", ann), account("Bo Ekberg", "bo@example.org", bo)]
    decisions = match([account("Ann Leifsdottir", "bo@example.org"), *known])
    ((person_id, link),) = decisions.links
    assert person_id in (ann, bo)
    assert link.status == "conflict"
    assert "another_person" in rules(decisions, link)


def test_a_rejected_pair_is_never_proposed_again() -> None:
    ann = new_id()
    again = account("annie", "ann@example.org")
    known = account("Ann Lee", "ann@example.org", ann)
    decisions = match([again, known], Constraints(frozenset({(again.id, ann)})))
    assert ann not in {person_id for person_id, _ in decisions.links}


def test_two_accounts_active_at_the_same_time_are_less_likely_one_person() -> None:
    one = account("Ann Lee", None, username="ann.lee", source="jira")
    other = account("Ann Lee", None, username="alee", source="jira")
    pair = (min(one.id, other.id), max(one.id, other.id))
    apart = match([one, other], activity=Activity({}, frozenset([pair])))
    calm = match([one, other])
    strength = [
        max((link.confidence for link in all_links(d) if link.reason.pair >= 0), default=0) for d in (apart, calm)
    ]
    assert strength[0] < strength[1]


def test_working_on_the_same_few_things_speaks_for_one_person() -> None:
    one, other = account("A. Lindqvist", None, username="al", source="jira"), account("Ann Lindqvist", "x@example.org")
    rest = [account(f"Given{n} Family{n}", f"g{n}@example.org") for n in range(40)]
    places = {made.id: frozenset(["shop"]) for made in (one, other)} | {made.id: frozenset(["all"]) for made in rest}
    low = MatchingSettings(conflict=0.2)
    plain, acting = (match([one, other, *rest], settings=low, activity=known) for known in (NONE, Activity(places)))
    found = [
        {link.identity_id: link.confidence for link in all_links(d) if link.reason.pair >= 0} for d in (plain, acting)
    ]
    strength = [max(known.get(one.id, 0), known.get(other.id, 0)) for known in found]
    assert strength[0] < strength[1]


def test_an_organisation_may_ask_for_more_certainty() -> None:
    made = [account("annie", "ann@example.org"), account("Ann Lee", "ann@example.org")]
    strict = match(made, settings=MatchingSettings(auto=0.9999, conflict=0.5))
    assert {link.status for link in all_links(strict)} == {"auto", "conflict"}
    assert len(strict.people) == 1


accounts = st.lists(
    st.tuples(
        st.sampled_from(
            [None, "", "Ann Lee", "Lee, Ann", "Bo Ek", "Cy Dahl", "root", "Анна Ли", "Wei Zhang", "annlee"]
        ),
        st.sampled_from(
            [
                None,
                "",
                "ann@example.org",
                "ANN@example.org",
                "bo@example.org",
                "team@example.org",
                "x@y.z",
                "a.lee@q.example",
            ]
        ),
        st.sampled_from([None, None, "alee", "bo"]),
        st.sampled_from([None, None, None, 1, 2, 3]),
    ),
    max_size=14,
)


def _prepared(drawn: Sequence[tuple[str | None, str | None, str | None, int | None]]) -> list[Account]:
    people = {n: new_id() for n in (1, 2, 3)}
    return [
        account(name, email, people[person] if person else None, username=login, source="jira" if login else "git")
        for name, email, login, person in drawn
    ]


@given(accounts, st.randoms(use_true_random=False))
def test_the_outcome_does_not_depend_on_the_order_of_accounts(drawn: list, random: object) -> None:  # type: ignore[type-arg]
    made = _prepared(drawn)
    first = match(made)
    random.shuffle(made)  # type: ignore[attr-defined]
    second = match(made)
    assert grouped(first) == grouped(second)
    assert {(person, link.identity_id, link.status, link.confidence) for person, link in first.links} == {
        (person, link.identity_id, link.status, link.confidence) for person, link in second.links
    }
    assert {p.display_name for p in first.people} == {p.display_name for p in second.people}


@given(accounts)
def test_every_account_is_linked_at_most_once_and_its_trace_explains_its_confidence(drawn: list) -> None:  # type: ignore[type-arg]
    made = _prepared(drawn)
    decisions = match(made)
    links = all_links(decisions)
    ids = [link.identity_id for link in links]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {one.id for one in made if one.person_id is None}
    for link in links:
        trace = decisions.explain(link)
        logit = sum(term.contribution for term in trace)
        assert trace
        assert link.confidence == pytest.approx(1 / (1 + math.exp(-logit)), abs=2e-3)
        assert link.status != "auto" or link.confidence >= DEFAULT.auto


@given(accounts)
def test_matching_again_after_applying_the_decisions_decides_nothing(drawn: list) -> None:  # type: ignore[type-arg]
    made = _prepared(drawn)
    decisions = match(made)
    person_of: dict[UUID, UUID] = {link.identity_id: person for person, link in decisions.links}
    for person in decisions.people:
        person_of.update(dict.fromkeys((link.identity_id for link in person.links), new_id()))
    now = [one if one.person_id else msgspec.structs.replace(one, person_id=person_of.get(one.id)) for one in made]
    again = match(now)
    assert (again.people, again.links) == ((), ())
