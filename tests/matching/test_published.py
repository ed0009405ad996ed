"""The published scoring rule, by fixtures: two accounts, whether they share a team, and the score and band."""

import pytest

from ovia_shared.matching.activity import Activity
from ovia_shared.matching.engine import match
from ovia_shared.matching.published import SETTINGS, score
from tests.matching.accounts import account, all_links

A = {"name": "Ann Lindqvist", "email": "ann@example.org", "username": "ann.lindqvist"}
# No letter of this name is one of hers, so nothing of it is alike.
B = {"name": "Bob Ewoe", "email": "bewo@example.net", "username": "bewo"}

FIXTURES = {
    "everything agrees": (A, A, True, 1.0, "auto"),
    "everything but the team": (A, A, False, 0.9, "auto"),
    "no e-mail on one side": (A, A | {"email": None}, True, 0.6, "conflict"),
    "no e-mail, no team": (A, A | {"email": None}, False, 0.5, "conflict"),
    "another e-mail": (A, A | {"email": "ann@example.net"}, True, 0.6, "conflict"),
    "e-mail in another case": (A, A | {"email": "ANN@Example.org"}, False, 0.9, "auto"),
    "e-mail only": (A, B | {"email": "ann@example.org"}, False, 0.5, "conflict"),
    "e-mail and name": (A, A | {"username": "bewo"}, False, 0.7, "conflict"),
    "e-mail and name and team": (A, A | {"username": "bewo"}, True, 0.8, "conflict"),
    "e-mail and login": (A, A | {"name": "Bob Ewoe"}, False, 0.7, "conflict"),
    "e-mail, login and team": (A, A | {"name": "Bob Ewoe"}, True, 0.8, "conflict"),
    "name only": (A, {"name": "Ann Lindqvist", "email": None, "username": None}, False, 0.3, None),
    "name and team": (A, {"name": "Ann Lindqvist", "email": None, "username": None}, True, 0.4, None),
    "login only": (A, {"name": None, "email": None, "username": "ann.lindqvist"}, False, 0.3, None),
    "name in another order": (A, A | {"name": "Lindqvist, Ann"}, False, 0.9, "auto"),
    "login without its dot": (A, A | {"username": "annlindqvist"}, False, 0.9, "auto"),
    "a slip in the name": (A, A | {"name": "Ann Lindqvits"}, False, 0.9, "auto"),
    "nothing": (A, B, False, 0.1, None),
    "only the team": (A, B, True, 0.2, None),
}


@pytest.mark.parametrize("fixture", FIXTURES)
def test_the_published_score_and_band(fixture: str) -> None:
    one_says, other_says, same_team, expected, band = FIXTURES[fixture]
    one, other = account(**one_says), account(**other_says, source="jira")  # type: ignore[arg-type]
    total = sum(term.contribution for term in score(one, other, same_team=same_team))
    # A slip costs a little.
    assert total == pytest.approx(expected, abs=0.005 if "slip" in fixture else 0.001)
    places = {made.id: frozenset(["gliders"]) for made in (one, other)} if same_team else {}
    decisions = match([one, other], settings=SETTINGS, activity=Activity(places))
    compared = [link for link in all_links(decisions) if link.reason.account != link.reason.other]
    assert {link.status for link in compared} == ({band} if band else set())


def test_its_trace_sums_to_its_confidence() -> None:
    decisions = match([account(**A), account(**A, source="jira")], settings=SETTINGS)  # type: ignore[arg-type]
    for link in all_links(decisions):
        assert sum(term.contribution for term in decisions.explain(link)) == pytest.approx(link.confidence, abs=0.001)
    assert decisions.engine_version == "published-1"
