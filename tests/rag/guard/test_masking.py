"""Secrets in text of sources are not shown, and nothing unseen is."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovia_rag.guard.masking import clean, mask, visible
from ovia_rag.guard.private_keys import MASK

ROOT = Path(__file__).parents[3]
LETTERS = "abcdEFGH1234ijklMNOP5678qrstUVWX"
KEY = "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"] * 6)
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

# A text, and what must not be left of it.
SECRETS = [
    (f"use {token} here", token)
    for token in (
        "AKIAIOSFODNN7EXAMPLE",
        f"ghp_{LETTERS}0123",
        f"github_pat_{LETTERS}",
        f"glpat-{LETTERS[:20]}",
        f"glrt-{LETTERS[:20]}",
        f"glsa_{LETTERS}_1a2b3c4d",
        "xoxb-123456789012-123456789012-abcdEFGHijklMNOPqrstUVWX",
        f"AIza{LETTERS}abc",
        f"sk_live_{LETTERS[:24]}",
        f"sk-proj-{LETTERS}",
        f"sk-ant-api03-{LETTERS}",
        f"ATATT3xFfGF0{LETTERS}=1A2B3C4D",
        f"npm_{LETTERS}abcd",
        f"pypi-AgEIcHlwaS5vcmc{LETTERS}",
        f"SG.{LETTERS[:22]}.{LETTERS}",
        "123456789:AAabcdEFGH1234ijklMNOP5678qrstUVWXY",
        f"hf_{LETTERS}",
        f"hvs.{LETTERS}",
        f"whsec_{LETTERS}",
        "ovia_" + "a2" * 26 + "_" + "b7" * 26,
        JWT,
    )
] + [
    (f"-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n-----END RSA PRIVATE KEY-----", "MIIEvQ"),
    (f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY}", "MIIEvQ"),
    (f"{KEY}\n-----END PRIVATE KEY-----\nand more", "MIIEvQ"),
    (f"in the middle:\n{KEY}\nof it", "MIIEvQ"),
    ("key: |\\n-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqh\\n-----END PRIVATE KEY-----", "MIIEvQ"),
    ("postgresql://ovia:tr0ub4dor@db.example/ovia", "tr0ub4dor"),
    ("https://bot:p%40ss@git.example/x.git", "p%40ss"),
    ("redis://:s3cret@cache:6379/0", "s3cret"),
    ("https://hooks.slack.com/services/T00000000/B00000000/abcdEFGH1234ijkl", "abcdEFGH1234"),
    ("Authorization: Bearer abcdef0123456789abcdef", "abcdef0123456789"),
    ("curl -H 'Authorization: Basic dXNlcjpwYXNzd29yZA=='", "dXNlcjpw"),
    ("password=hunter2", "hunter2"),
    ("DB_PASSWORD=correcthorse", "correcthorse"),
    ('dbPassword: "Qwerty!23"', "Qwerty!23"),
    ("password: Qwerty123", "Qwerty123"),
    ("The password is Winter2026!", "Winter2026"),
    ("Пароль: Зима2026", "Зима2026"),
    ("токен: 1a2b3c4d5e6f7a8b", "1a2b3c4d"),
    ("client_secret = 'abcdEFGH1234ijkl'", "abcdEFGH1234"),
    ('"api_key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"', "0f1e2d3c"),
    ("https://x.example/file?token=abc123def456&x=1", "abc123def456"),
    ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtn"),
    ("pass\u200bword=hunter2", "hunter2"),
]
HARMLESS = [
    "The password must have at least 12 characters.",
    "Password: required, see the wiki.",
    "token = page.next_page_token",
    "signature = authors.signature(rng, author)",
    "password=$DB_PASSWORD and token=${TOKEN} and secret=<yours>",
    "Token: none. Key: GLD-12.",
    "the commit 3f786850e387550fdab836ed7e6dc881de23001b fixed it",
    "id 01a20af0-a147-7024-8fd4-1781055c22fc, sha256 of the image",
    "max_tokens=1024, tokens: 500 a day",
    "compass: north, passport: needed, keyboard: mechanical",
    "https://gitlab.example/group/project/-/merge_requests/12?tab=notes",
    "user:group@host is how scp names a place",
    "Ключ задачи: GLD-12. Ключевой результат: рост.",
    "Секрет успеха — в тестах. Токен: это строка.",
    "sk-learn is not sklearn",
    "2026-03-14T10:30:00Z 10.0.0.1:5432 v1.2.3-rc1",
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_is_masked_and_what_is_around_it_stays(text: str, secret: str) -> None:
    cleaned = clean(f"Before it. {text}\nAfter it.")
    assert secret not in cleaned
    assert MASK in cleaned
    assert cleaned.startswith("Before it. ")
    assert cleaned.endswith("After it.")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert clean(text) == text


def test_our_own_documentation_is_hardly_touched() -> None:
    texts = [path.read_text() for path in sorted((ROOT / "docs").rglob("*.md"))]
    masked = sum(mask(text).count(MASK) - text.count(MASK) for text in texts)
    # Those are examples of secrets.
    assert masked <= 12
    assert len(texts) > 50


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("one\r\ntwo\rthree\u2028four\u0085five", "one\ntwo\nthree\nfour\nfive"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("zero\u200b width\ufeff joined\u200d", "zero width joined"),
        ("hid" + "".join(chr(0xE0000 + ord(one)) for one in "den") + "\U000e0101", "hid"),
        ("tab\tand\nline stay, as do é, ё, 中 and 🙂", "tab\tand\nline stay, as do é, ё, 中 and 🙂"),
    ],
)
def test_what_is_not_seen_is_taken_out(text: str, seen: str) -> None:
    assert visible(text) == seen


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


PIECES = st.sampled_from(
    [
        "password", "=", ":", " ", "'", '"', "token", "abc123xyz", "https://u:", "@h", "\n", MASK, "Bearer ", "ключ",
        "-----BEGIN PRIVATE KEY-----",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_cleaning_twice_changes_nothing_however_secrets_are_put_together(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@settings(max_examples=100, deadline=None)
@given(
    st.from_regex(r"[A-Za-z0-9]{20,30}", fullmatch=True),
    st.sampled_from(["glpat-", "ghp_0123456789", "hvs.", "sk-proj-0"]),
    st.text(alphabet="абв xyz.,\n", max_size=40),
)
def test_a_token_is_found_wherever_it_stands(rest: str, make: str, around: str) -> None:
    assert rest not in clean(f"{around} {make}{rest} {around}")


HOSTILE = [
    "password" * 4000, "a" * 40_000, "-----BEGIN PRIVATE KEY-----" * 800, "-----END PRIVATE KEY-----\n" * 800,
    "https://a:" * 4000, ("A" * 60 + "\n") * 500, "token='" * 4000, "x." * 15_000, " is " * 8000, "0" * 40_000,
    "\n" * 30_000 + "-----END PRIVATE KEY-----",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_takes_no_longer_than_other_text(text: str) -> None:
    # A pattern that goes back and forth would not end within the time that a test may take.
    assert isinstance(clean(text), str)
    assert re.search(r"[\x00-\x08]", clean(text)) is None
