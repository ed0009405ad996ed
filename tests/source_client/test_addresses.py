"""Which addresses a source may have."""

import pytest
from yarl import URL

from ovia_shared.errors import InvalidInput
from ovia_shared.source_client.addresses import base_address, is_link_local, same_origin


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://jira.company.example", "https://jira.company.example"),
        (" https://jira.company.example/ ", "https://jira.company.example"),
        ("https://company.example/jira/", "https://company.example/jira"),
        ("HTTP://LOCALHOST:8080", "http://localhost:8080"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("http://127.0.0.1", "http://127.0.0.1"),
    ],
)
def test_an_address_people_open_is_a_base_url(given: str, kept: str) -> None:
    assert str(base_address(given)) == kept


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "begin with https"),
        ("jira.company.example", "begin with https"),
        ("ftp://jira.company.example", "begin with https"),
        ("file:///etc/passwd", "begin with https"),
        ("https://", "host"),
        ("https://jira company.example", "host"),
        ("https://jira.company.example\n.evil.example", "host"),
        ("https://jira.company.example:99999", "not a URL"),
        ("https://[::1", "not a URL"),
        ("https://ada:hunter2-hunter2@jira.company.example", "credentials"),
        ("https://ada@jira.company.example", "credentials"),
        ("https://jira.company.example/?os_auth=1", "?"),
        ("https://jira.company.example/#top", "#"),
        ("http://169.254.169.254/latest", "allow_link_local"),
        ("http://[fe80::1%25eth0]/", "allow_link_local"),
        ("http://[fd00:ec2::254]/", "allow_link_local"),
        ("http://[::ffff:169.254.169.254]/", "allow_link_local"),
        ("http://[64:ff9b::a9fe:a9fe]/", "allow_link_local"),
        ("http://[2002:a9fe:a9fe::]/", "allow_link_local"),
    ],
)
def test_anything_else_is_refused_with_its_reason(given: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        base_address(given)
    assert caught.value.field == "base_url"
    assert reason in caught.value.message
    assert "hunter2" not in caught.value.message


def test_a_link_local_address_may_be_allowed() -> None:
    assert base_address("http://169.254.1.2:8080/x", allow_link_local=True).host == "169.254.1.2"


def test_private_and_public_addresses_are_not_link_local() -> None:
    for host in ("10.0.0.1", "192.168.1.1", "127.0.0.1", "::1", "fd00::1", "192.0.2.1", "2001:db8::1", "jira.example"):
        assert not is_link_local(host)


def test_scheme_host_and_port_make_the_origin() -> None:
    here = URL("https://jira.example/jira")
    assert same_origin(here, URL("https://jira.example:443/other"))
    for other in ("http://jira.example/jira", "https://jira.example:8443/jira", "https://evil.example/jira"):
        assert not same_origin(here, URL(other))
