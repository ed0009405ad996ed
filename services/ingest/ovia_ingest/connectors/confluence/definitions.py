"""Spaces and users of Confluence as canonical rows and accounts."""

from collections.abc import Callable

import msgspec

from ovia_ingest.connectors.confluence import payloads
from ovia_ingest.connectors.confluence.api import address
from ovia_ingest.sources import accounts
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Normalised
from ovia_ingest.sources.values import clean, line, long_text, moment
from ovia_shared.models.canonical.projects import Project
from ovia_shared.models.identity import NewIdentity

VERSION = 1
SOURCE = "confluence"
LONGEST_ID = 512

Normaliser = Callable[[bytes], Normalised]


def person(account_id: str | None) -> NewIdentity | None:
    """The account behind a bare account id, which is all that Cloud's API v2 says of authors."""
    known = clean(account_id or "").strip()[:LONGEST_ID]
    return accounts.account(SOURCE, known) if known else None


def user(shown: payloads.User | None, context: Context) -> NewIdentity | None:
    """The account of a user as shown anywhere in v1; None where nobody is named."""
    if shown is None:
        return None
    if shown.accountId:
        external_id = shown.accountId
    elif shown.userKey or shown.username:
        external_id = accounts.on_host(shown.userKey or shown.username or "", context.base_url)
    else:
        return None
    external_id = clean(external_id).strip()[:LONGEST_ID]
    if not external_id:
        return None
    return accounts.account(
        SOURCE,
        external_id,
        username=shown.username,
        email=shown.email,
        display_name=shown.displayName or shown.publicName,
        active=None if shown.status is None else shown.status == "current",
        machine_reason="an app, says Confluence" if shown.accountType == "app" else None,
    )


def users(context: Context) -> Normaliser:
    """The normaliser of users."""

    def normalise(payload: bytes) -> Normalised:
        account = user(msgspec.json.decode(payload, type=payloads.User), context)
        if account is None:
            raise ValueError("the user has no id")
        return Normalised(accounts=(account,))

    return normalise


def spaces(context: Context) -> Normaliser:
    """The normaliser of spaces."""

    def normalise(payload: bytes) -> Normalised:
        space = msgspec.json.decode(payload, type=payloads.Space)
        if space.id is None or not str(space.id):
            raise ValueError("the space has no id")
        lead = person(space.authorId)
        key = line(space.key, 255) or str(space.id)
        described = space.description.plain if space.description is not None else None
        row = Project(
            external_id=str(space.id),
            kind="space",
            key=key,
            name=line(space.name) or key,
            url=line(address(context, space.links.webui if space.links is not None else None), 2000),
            description=long_text(described.value if described is not None else None, "description", []),
            archived=(space.status or "").lower() == "archived",
            lead_account=lead.external_id if lead is not None else None,
            created_at=moment(space.createdAt),
        )
        return Normalised((row,), (lead,) if lead is not None else ())

    return normalise
