"""Addresses as people write them: what is opened, what is refused, and what is never shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_ingest.connectors.git.location import GitLocation
from ovia_shared.errors import SourceError, SourceFault


@pytest.mark.parametrize(
    ("text", "address", "name"),
    [
        ("https://git.example/team/shop.git", "https://git.example/team/shop.git", "shop"),
        ("HTTPS://Git.Example:8443/team/shop/", "https://git.example:8443/team/shop", "shop"),
        ("http://[::1]:80/shop.git", "http://[::1]:80/shop.git", "shop"),
        ("ssh://git@git.example:22/team/shop.git", "ssh://git@git.example:22/team/shop.git", "shop"),
        ("ssh://git:secret@git.example/shop", "ssh://git@git.example/shop", "shop"),
        ("git@git.example:team/shop.git", "git@git.example:team/shop.git", "shop"),
        ("git@git.example:/srv/shop.git", "git@git.example:/srv/shop.git", "shop"),
        ("git.example:shop", "git.example:shop", "shop"),
        ("git://git.example/shop", "git://git.example/shop", "shop"),
        ("file:///srv/shop.git", "file:///srv/shop.git", "shop"),
        ("file://localhost/srv/shop.git", "file:///srv/shop.git", "shop"),
    ],
)
def test_a_url_is_a_url(text: str, address: str, name: str) -> None:
    location = GitLocation.parse(f"  {text}\n")
    assert (location.kind, location.address, location.name) == ("url", address, name)
    assert location.credentials is None
    assert location.authorization() is None


def test_anything_else_is_a_path_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "host:shop").mkdir()
    for text, path in {
        "shop": tmp_path / "shop",
        "./host:shop": tmp_path / "host:shop",
        "host:shop": tmp_path / "host:shop",
        "-shop": tmp_path / "-shop",
        "/srv/../srv/shop.git": Path("/srv/shop.git"),
    }.items():
        location = GitLocation.parse(text)
        assert (location.kind, location.address) == ("path", str(path)), text
    assert GitLocation.parse("/srv/shop/.git").name == "shop"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "a\0b",
        "https://x/\ny",
        "https://x/" + "y" * 2000,
        "ext::sh -c touch% /tmp/x",
        "EXT::sh",
        "::x",
        "ftp://x/y",
        "https:///y",
        "https://x:port/y",
        "https://[x/y",
        "https://x/y?private_token=z",
        "https://x/y#z",
        "ssh://-oProxyCommand=touch/x",
        "ssh://-oProxyCommand=x@host/y",
        "-oProxyCommand=touch:x",
        "file://host/x",
        "file://",
    ],
)
def test_what_git_should_not_be_asked_to_open_is_refused(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        GitLocation.parse(text)
    assert caught.value.fault is SourceFault.FATAL


def test_credentials_are_split_off_and_hidden() -> None:
    location = GitLocation.parse("https://bot:t%40ken@git.example/shop.git")
    assert location.address == "https://git.example/shop.git"
    assert location.credentials == {"username": "bot", "password": "t@ken"}
    assert location.authorization() == ("https://git.example/shop.git", "Authorization: Basic Ym90OnRAa2Vu")
    assert "t@ken" not in repr(location) + str(location) + f"{location}"
    masked = location.masker()
    said = masked("t@ken t%40ken Ym90OnRAa2Vu https://bot:t%40ken@git.example/ https://eve:other@git.example/")
    assert not any(secret in said for secret in ("t@ken", "t%40ken", "Ym90", "other"))


def test_a_token_in_place_of_a_name_is_hidden_too() -> None:
    masked = GitLocation.parse("https://T0KEN:x-oauth-basic@git.example/shop.git").masker()
    assert "T0KEN" not in masked("fatal: T0KEN is not known")


def test_kept_credentials_are_the_same_as_written_ones() -> None:
    written = GitLocation.parse("https://bot:token@git.example/shop")
    kept = GitLocation.parse("https://git.example/shop").with_credentials({"username": "bot", "password": "token"})
    assert kept == written


def test_no_refusal_repeats_a_secret() -> None:
    for text in ("https://u:s3cret@x:port/y", "ftp://u:s3cret@x/y", "https://u:s3cret@/y", "ext::u:s3cret@x"):
        with pytest.raises(SourceError) as caught:
            GitLocation.parse(text)
        assert "s3cret" not in caught.value.message


@given(st.text() | st.text().map("https://{}".format) | st.text().map("a@b:{}".format))
def test_every_text_is_a_location_or_refused(text: str) -> None:
    try:
        location = GitLocation.parse(text)
    except SourceError:
        return
    assert 0 < len(location.name) <= 200
    assert location.address
