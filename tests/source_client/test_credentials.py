"""How a source is told who reads, and what of that is hidden."""

import base64
from urllib.parse import quote

import pytest

from ovia_shared.errors import InvalidInput
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import Deployment, SourceCredentials
from ovia_shared.source_client.credentials import authorization, hide, secrets_of


def headers(kind: ConnectionKind, token: str, user: str | None = None) -> dict[str, str]:
    return authorization(kind, Deployment.AUTO, SourceCredentials(token, user))


def test_a_user_and_a_token_are_basic_authentication() -> None:
    pair = base64.b64encode("jürgen@x.example:tok:en".encode()).decode()
    assert headers(ConnectionKind.JIRA, "tok:en", "jürgen@x.example") == {"Authorization": f"Basic {pair}"}


def test_a_token_alone_is_a_bearer_token() -> None:
    assert headers(ConnectionKind.CONFLUENCE, "abc") == {"Authorization": "Bearer abc"}


@pytest.mark.parametrize("user", [None, "ada"])
def test_gitlab_takes_a_private_token(user: str | None) -> None:
    assert headers(ConnectionKind.GITLAB, "abc", user) == {"PRIVATE-TOKEN": "abc"}


def test_nobody_reads_without_credentials() -> None:
    assert authorization(ConnectionKind.JIRA, Deployment.CLOUD, None) == {}


def test_the_end_of_a_line_is_not_part_of_a_token() -> None:
    assert headers(ConnectionKind.JIRA, " abc\n") == {"Authorization": "Bearer abc"}


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "töken", "  ", "a\x00b"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_quoted(token: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        headers(ConnectionKind.GITLAB, token)
    assert caught.value.field == "credentials.token"
    assert token not in caught.value.message


@pytest.mark.parametrize("user", [None, "ada@x.example"])
@pytest.mark.parametrize("kind", [ConnectionKind.JIRA, ConnectionKind.GITLAB])
def test_every_spelling_of_a_secret_is_hidden(kind: ConnectionKind, user: str | None) -> None:
    token = "s3cr3t/token+with=signs"
    sent = headers(kind, token, user)
    secrets = secrets_of(sent, None)
    for spelling in (token, quote(token, safe=""), *sent.values()):
        hidden = hide(f"<{spelling}>", secrets)
        assert "s3cr3t" not in hidden
        assert "***" in hidden
    assert hide("nothing to hide", secrets) == "nothing to hide"


def test_headers_that_tell_no_secret_are_not_hidden() -> None:
    assert secrets_of({"Accept": "application/json"}) == ()
