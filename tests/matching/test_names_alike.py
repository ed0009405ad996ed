import pytest

from ovia_shared.matching.names import Relation, read_name, relate, sent_via
from ovia_shared.matching.profile import read_profile
from tests.matching.accounts import account


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Jin Nan Zhang", "Zhang Jinnan", Relation.EQUAL),
        ("Wei Zhi Jun", "ZhijunWei", Relation.EQUAL),
        ("Val W", "Val Wanjura", Relation.INITIALS),
        ("K. Ivanova", "Khadija Ivanova", Relation.INITIALS),
        ("H.M. Brand", "Merijn Brand", Relation.INITIALS),
        ("Jin Nan Zhang", "Zhang Nanjin", Relation.SAME_FIRST),
    ],
)
def test_names_that_are_one_persons_are_told_from_those_that_are_not(one: str, other: str, expected: Relation) -> None:
    relation = relate(read_name(one), read_name(other))
    assert relation == relate(read_name(other), read_name(one))
    assert relation is expected


@pytest.mark.parametrize("name", ["Ann Lee via RT", "Ann Lee (via RT)", "Ann Lee (via Review Board"])
def test_what_a_tracker_sends_for_somebody_is_not_from_their_mailbox(name: str) -> None:
    assert sent_via(name)
    profile = read_profile(account(name, "tracker@example.org"))
    assert profile.mailbox.address is None
    assert profile.handles == ()


@pytest.mark.parametrize("name", ["Olivia Viarda", "Via Lee", None, ""])
def test_people_called_via_have_their_mailbox(name: str | None) -> None:
    assert not sent_via(name)


def test_a_first_name_is_told_from_a_login() -> None:
    assert read_profile(account("Neil", "mister@example.org")).only_called
    assert not read_profile(account("neil", "neil@example.org")).only_called
    assert not read_profile(account("Neil Young", "neil@example.org")).only_called
    assert not read_profile(account(None, "neil@example.org")).only_called
