"""Credentials: sealed for one connection, opened by any key in use, sealed anew by the newest."""

from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.errors import BadSettings
from ovia_shared.security.credentials import CredentialsVault

ORG, CONNECTION = uuid4(), uuid4()
OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))
SECRET = {"token": "hush-hush"}

printable = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(org_id=st.uuids(), connection_id=st.uuids(), values=st.dictionaries(printable, printable, max_size=4))
def test_what_was_sealed_is_opened(org_id: UUID, connection_id: UUID, values: dict[str, str]) -> None:
    vault = CredentialsVault(NEW)
    assert vault.open(org_id, connection_id, vault.seal(org_id, connection_id, values)) == values


def test_the_ciphertext_shows_nothing() -> None:
    sealed = CredentialsVault(NEW).seal(ORG, CONNECTION, SECRET)
    assert b"hush" not in sealed
    assert sealed != CredentialsVault(NEW).seal(ORG, CONNECTION, SECRET)


def test_an_older_key_still_opens() -> None:
    sealed = CredentialsVault(OLD).seal(ORG, CONNECTION, SECRET)
    assert CredentialsVault(f"{NEW}, {OLD}").open(ORG, CONNECTION, sealed) == SECRET


def test_after_resealing_the_older_key_can_go() -> None:
    sealed = CredentialsVault(OLD).seal(ORG, CONNECTION, SECRET)
    resealed = CredentialsVault(f"{NEW},{OLD}").reseal(sealed)
    assert CredentialsVault(NEW).open(ORG, CONNECTION, resealed) == SECRET
    with pytest.raises(BadSettings):
        CredentialsVault(OLD).open(ORG, CONNECTION, resealed)


def test_a_wrong_key_says_what_to_do_and_shows_nothing() -> None:
    sealed = CredentialsVault(OLD).seal(ORG, CONNECTION, SECRET)
    with pytest.raises(BadSettings, match="OVIA_CREDENTIALS_KEYS") as caught:
        CredentialsVault(FOREIGN).open(ORG, CONNECTION, sealed)
    assert str(CONNECTION) in caught.value.message
    assert FOREIGN not in caught.value.message
    with pytest.raises(BadSettings):
        CredentialsVault(FOREIGN).reseal(sealed)


@pytest.mark.parametrize(("org_id", "connection_id"), [(uuid4(), CONNECTION), (ORG, uuid4())])
def test_credentials_moved_to_another_row_are_refused(org_id: UUID, connection_id: UUID) -> None:
    vault = CredentialsVault(NEW)
    with pytest.raises(BadSettings, match="another"):
        vault.open(org_id, connection_id, vault.seal(ORG, CONNECTION, SECRET))


@given(st.binary(max_size=200))
def test_a_damaged_ciphertext_is_refused(damaged: bytes) -> None:
    with pytest.raises(BadSettings):
        CredentialsVault(NEW).open(ORG, CONNECTION, damaged)


@pytest.mark.parametrize(
    "keys",
    ["", " , ", "not-a-key", f"{NEW},short", "ключ", NEW[:-2]],
    ids=["empty", "commas", "words", "one good one bad", "no ascii", "cut"],
)
def test_bad_keys_are_named_and_never_repeated(keys: str) -> None:
    with pytest.raises(BadSettings, match="OVIA_CREDENTIALS_KEYS") as caught:
        CredentialsVault(keys)
    for key in filter(None, (piece.strip() for piece in keys.split(","))):
        assert key not in caught.value.message
