"""What Confluence gives whole every time: its users and its spaces."""

from collections.abc import AsyncGenerator, Sequence
from itertools import islice

import msgspec

from ovia_ingest.connectors.confluence import payloads
from ovia_ingest.connectors.confluence.api import IDS_PAGE, PAGE, Confluence, glimpse, segment
from ovia_ingest.sources.listing import Listing
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.errors import SourceError, SourceFault


class _Group(msgspec.Struct):
    id: str | None = None
    name: str | None = None


class _FoundUser(msgspec.Struct):
    user: msgspec.Raw = msgspec.Raw(b"null")


def users(confluence: Confluence) -> Listing:
    """The members of all groups and, on Cloud, whoever the search for users finds besides; each once."""

    async def pages() -> AsyncGenerator[list[RawRecord]]:
        seen: set[str] = set()
        async for found in _members(confluence):
            records = [record for record in map(_user, found) if record is not None and record.external_id not in seen]
            records = list({record.external_id: record for record in records}.values())
            seen.update(record.external_id for record in records)
            if records:
                yield records

    return Listing(confluence.now, pages)


async def _members(confluence: Confluence) -> AsyncGenerator[list[msgspec.Raw]]:
    async for groups in confluence.pages(f"{confluence.v1}/group", {"limit": PAGE}):
        for raw in groups.items:
            group = glimpse(raw, _Group)
            if confluence.cloud:
                path = f"{confluence.v1}/group/{segment(group.id)}/membersByGroupId"
            else:
                path = f"{confluence.v1}/group/{segment(group.name)}/member"
            async for members in confluence.pages(path, {"limit": PAGE}):
                yield members.items
    if confluence.cloud:
        async for people in confluence.pages(f"{confluence.v1}/search/user", {"cql": "type=user", "limit": PAGE}):
            yield [glimpse(raw, _FoundUser).user for raw in people.items]


def _user(raw: msgspec.Raw) -> RawRecord | None:
    user = glimpse(raw, payloads.User)
    external_id = user.accountId or user.userKey or user.username
    return RawRecord(external_id, bytes(raw)) if external_id else None


def spaces(confluence: Confluence, keys: Sequence[str]) -> Listing:
    """The spaces named, or all that are visible."""

    async def pages() -> AsyncGenerator[list[RawRecord]]:
        wanted = iter(keys)
        if not keys:
            async for records, _ in _spaces(confluence, []):
                yield records
        while chunk := list(islice(wanted, PAGE)):
            unseen = {key.upper(): key for key in chunk}
            async for records, names in _spaces(confluence, chunk):
                for name in names:
                    unseen.pop(name.upper(), None)
                yield records
            if unseen:
                named = ", ".join(unseen.values())
                raise SourceError(
                    f"there is no space {named}, or the account may not see it; check the space keys of the connection",
                    fault=SourceFault.FATAL,
                )

    return Listing(confluence.now, pages)


async def _spaces(confluence: Confluence, keys: list[str]) -> AsyncGenerator[tuple[list[RawRecord], list[str]]]:
    params: dict[str, str | int | list[str]]
    if confluence.cloud:
        path = f"{confluence.v2}/spaces"
        params = {"limit": IDS_PAGE, "description-format": "plain"}
        if keys:
            params["keys"] = ",".join(keys)
    else:
        path = f"{confluence.v1}/space"
        params = {"limit": PAGE, "expand": "description.plain"}
        if keys:
            params["spaceKey"] = keys
    async for found in confluence.pages(path, params):
        shown = [(raw, glimpse(raw, payloads.Space)) for raw in found.items]
        records = [RawRecord("" if space.id is None else str(space.id), bytes(raw)) for raw, space in shown]
        yield records, [space.key for _, space in shown if space.key]
