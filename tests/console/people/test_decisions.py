"""The history of somebody as lines of a page."""

from typing import Any

import pytest

from ovia_console.people.decisions import _shown, account_name


def event(number: int, decision: str | None, identity: str | None = None, undoes: str | None = None) -> dict[str, Any]:
    return {
        "id": str(number),
        "decision_id": decision,
        "identity_id": identity,
        "undoes": undoes,
        "action": "undo" if undoes else "link",
    }


def account(number: str, **more: str | None) -> dict[str, Any]:
    known: dict[str, Any] = {"username": None, "email": None, "display_name": None}
    return {"identity": known | {"id": number, "source": "jira", "external_id": f"id {number}"} | more}


def test_what_was_decided_at_once_is_one_line_with_all_its_accounts() -> None:
    shown = _shown([event(3, "b", "2"), event(2, "b", "1"), event(1, "a", "1")], [account("1"), account("2")])
    assert [one.accounts for one in shown] == [["Jira: id 2", "Jira: id 1"], ["Jira: id 1"]]


def test_what_was_taken_back_is_not_offered_to_be_taken_back_again() -> None:
    shown = _shown([event(2, "b", undoes="a"), event(1, "a")], [])
    assert [(one.taken_back, one.can_undo) for one in shown] == [(False, True), (True, False)]


def test_an_event_without_a_decision_cannot_be_taken_back() -> None:
    shown = _shown([event(2, None), event(1, None)], [])
    assert [one.can_undo for one in shown] == [False, False]


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ({"username": "ann", "email": "a@b.example"}, "Jira: ann"),
        ({"email": "a@b.example", "display_name": "Ann"}, "Jira: a@b.example"),
        ({"display_name": "Ann"}, "Jira: Ann"),
        ({}, "Jira: id 1"),
    ],
)
def test_an_account_is_called_by_the_best_name_it_has(known: dict[str, str], name: str) -> None:
    assert account_name(account("1", **known)["identity"]) == name
