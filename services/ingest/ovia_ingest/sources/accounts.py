"""Accounts as the sources show them: what makes their ids unique, and which of them are no person's."""

from functools import lru_cache
from urllib.parse import urlsplit

from ovia_ingest.sources.values import line
from ovia_shared.matching.service_accounts import detect
from ovia_shared.models.identity import NewIdentity

LONGEST_MAIL = 320


def on_host(external_id: str | int, base_url: str) -> str:
    """An id that is unique only on its server, made unique among servers: `42@gitlab.example`."""
    return f"{external_id}@{urlsplit(base_url).netloc}"


@lru_cache(maxsize=8192)
def account(
    source: str,
    external_id: str,
    *,
    username: str | None = None,
    email: str | None = None,
    display_name: str | None = None,
    active: bool | None = None,
    machine_reason: str | None = None,
) -> NewIdentity:
    """An account as it was shown. One that a source or its name gives away as a machine's is a service account."""
    name, login = line(display_name), line(username, 320)
    mail = line(email, LONGEST_MAIL + 1)
    if mail is not None and (len(mail) > LONGEST_MAIL or "@" not in mail):
        mail = None
    reason = machine_reason or detect(login, name, mail).reason
    return NewIdentity(
        source=source,
        external_id=external_id,
        username=login,
        email=mail,
        display_name=name,
        service_account=reason is not None,
        active=active,
        machine_reason=reason,
    )
