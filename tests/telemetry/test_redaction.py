"""No secret leaves the process in a log, however it got into an event."""

import json
import logging
from typing import Any
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.security import tokens
from ovia_shared.telemetry.logging import MASK, configure, mask, redact

# The mark at the beginning keeps a password from being a word of the sentence around it.
passwords = st.text("abcdefghijkmnopqrstuvwxyz0123456789!$%&*+-.;=?^~@", min_size=8, max_size=40).map("0!{}".format)
around = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
secret_names = st.sampled_from(
    [
        "password",
        "PASSWORD",
        "db_passwd",
        "client_secret",
        "Authorization",
        "private_token",
        "api_token",
        "PRIVATE-TOKEN",
        "access_token",
        "api-key",
        "credentials",
        "Set-Cookie",
    ]
)


def nested(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3),
            st.tuples(inner),
            st.dictionaries(st.text("abcxyz", min_size=1, max_size=5), inner, min_size=1, max_size=3),
        ),
        max_leaves=4,
    )


@given(data=st.data(), org_id=st.uuids(), token_id=st.uuids(), before=around, after=around)
def test_a_token_never_leaves_at_any_depth(
    data: st.DataObject, org_id: UUID, token_id: UUID, before: str, after: str
) -> None:
    token, _ = tokens.make(org_id, token_id)
    secret = token.rpartition("_")[2]
    value = data.draw(nested(st.just(f"{before} {token} {after}")))
    assert secret not in repr(redact(None, "info", {"event": "seen", "value": value}))


@given(
    password=passwords, user=st.sampled_from(["", "ada", "ovia_api"]), scheme=st.sampled_from(["https", "postgresql"])
)
def test_a_password_in_an_address_never_leaves(password: str, user: str, scheme: str) -> None:
    address = f"{scheme}://{user}:{password}@db.fernweh.test/ovia"
    shown = mask(f"cannot reach {address} now")
    assert password not in shown
    assert "db.fernweh.test/ovia now" in shown


@given(name=secret_names, data=st.data(), secret=passwords)
def test_a_value_with_a_secrets_name_never_leaves(name: str, data: st.DataObject, secret: str) -> None:
    value = data.draw(nested(st.just(secret)))
    assert redact(None, "info", {name: value}) == {name: MASK}
    assert redact(None, "info", {"request": {"headers": {name: value}}}) == {"request": {"headers": {name: MASK}}}


@given(scheme=st.sampled_from(["Bearer", "bearer", "Basic", "BASIC"]), secret=st.text("abcXYZ019._~+/=-", min_size=8))
def test_an_authorization_header_never_leaves(scheme: str, secret: str) -> None:
    assert secret not in mask(f"sent Authorization: {scheme} {secret}, got 401")


@pytest.mark.parametrize(
    "text",
    [
        "GET /projects?private_token={}&page=2",
        "PRIVATE-TOKEN: {}",
        "password={}",
        "the api_key={}, sent by mistake",
        "glpat-{}",
        "ghp_{}",
        "ATATT3x{}",
    ],
)
def test_what_the_sources_call_a_secret_never_leaves(text: str) -> None:
    assert "hushHush1234567890" not in mask(text.format("hushHush1234567890"))


@given(
    st.dictionaries(
        st.sampled_from(["event", "rows", "ratio", "ok", "nothing"]),
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text("abc def,.!?", max_size=30)
        ),
    )
)
def test_what_is_no_secret_stays_as_it_is(event: dict[str, Any]) -> None:
    assert redact(None, "info", dict(event)) == event


def test_a_count_of_credentials_may_be_said() -> None:
    assert redact(None, "info", {"credentials": 3}) == {"credentials": 3}


@pytest.fixture
def restored_logging() -> Any:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_every_log_of_the_process_is_one_json_line_without_secrets(
    restored_logging: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("api", "info")
    token, _ = tokens.make(UUID(int=1), UUID(int=2))
    structlog.get_logger().info("ours", header=f"Bearer {token}")
    structlog.get_logger().debug("too fine")
    logging.getLogger("a.library").warning("theirs: %s", f"postgresql://ada:hush-hush@db/ovia {token}")
    try:
        raise ValueError(f"cannot use {token}")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("a.library").exception("failed too")
    lines = capsys.readouterr().out.splitlines()
    events = [json.loads(line) for line in lines]
    assert events[0]["event"] == "ours"
    assert len(events) == 4
    assert {event["service"] for event in events} == {"api"}
    assert {"timestamp", "level"} <= set(events[0])
    assert token.rpartition("_")[2] not in "".join(lines)
    assert "hush-hush" not in "".join(lines)
