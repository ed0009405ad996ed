import pytest

from ovia_shared.matching.normalise import full_name, mailbox


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann Lee", "ann  LEE"),
        ("Lee, Ann", "Ann Lee"),
        ("José Núñez", "Jose Nunez"),
        ("Ольга Ёлкина", "ёлкина ольга"),
        ("Ann_Lee", "Ann.Lee"),
    ],
)
def test_spellings_of_one_full_name_compare_equal(one: str, other: str) -> None:
    assert full_name(one) == full_name(other) is not None


@pytest.mark.parametrize(
    "name", [None, "", "alex", "root root", "Your Name", "A B", "12 34", "Unknown Author", "🙂 🙂"]
)
def test_what_is_no_full_name_is_no_evidence(name: str | None) -> None:
    assert full_name(name) is None


def test_a_mailbox_ignores_case_and_plus_tag() -> None:
    assert mailbox("Ann.Lee+git@Example.ORG") == mailbox("ann.lee@example.org") == "ann.lee@example.org"


def test_the_id_in_a_code_hosts_noreply_mailbox_is_kept() -> None:
    assert mailbox("123+ann@users.noreply.github.com") != mailbox("456+ann@users.noreply.github.com")


@pytest.mark.parametrize(
    "email",
    [
        None,
        "",
        "ann",
        "ann@",
        "@example.org",
        "ann@localhost",
        "noreply@github.com",
        "root@example.org",
        "a b@example.org",
    ],
)
def test_a_mailbox_nobody_owns_is_no_evidence(email: str | None) -> None:
    assert mailbox(email) is None
