"""Asking Jira: where its API is, and its several ways to page."""

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from ovia_ingest.sources.context import Context
from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.models.source import Deployment
from ovia_shared.source_client.client import SourceClient

PAGE = 100
USERS_PAGE = 1000


class _ValuesPage(msgspec.Struct):
    values: list[msgspec.Raw] = []
    isLast: bool | None = None  # noqa: N815 (Jira's spelling)
    total: int | None = None


class _User(msgspec.Struct):
    accountType: str | None = None  # noqa: N815


class Jira:
    """The API of one Jira, whichever product it is."""

    def __init__(self, client: SourceClient, context: Context) -> None:
        self.client = client
        self.cloud = context.deployment is not Deployment.DATA_CENTER
        self.root = "/rest/api/3" if self.cloud else "/rest/api/2"

    async def now(self) -> datetime:
        """Jira's time. Asks who we are: a token that no longer counts would read an empty Jira without an error."""
        return (await self.client.get(f"{self.root}/myself")).date

    async def array(self, path: str, params: Mapping[str, str | int] | None = None) -> list[msgspec.Raw]:
        """A bare array in one answer."""
        return (await self.client.get(path, params)).decode(list[msgspec.Raw])

    async def values(self, path: str, **params: str | int) -> AsyncGenerator[list[msgspec.Raw]]:
        """Pages of `values` by `startAt`, until the source says that one is the last."""
        start = 0
        while True:
            answer = await self.client.get(path, {**params, "startAt": start, "maxResults": PAGE})
            page = answer.decode(_ValuesPage)
            yield page.values
            start += len(page.values)
            if page.isLast is True or not page.values:
                return
            if page.isLast is None and page.total is not None and start >= page.total:
                return

    async def people(self) -> AsyncGenerator[list[msgspec.Raw]]:
        """Pages of users. Only an empty one is the last: Jira drops users from a page without filling it up."""
        path = "/users/search" if self.cloud else "/user/search"
        params: dict[str, str | int | bool] = {} if self.cloud else {"username": ".", "includeInactive": True}
        start, before = 0, b""
        while True:
            answer = await self.client.get(f"{self.root}{path}", {**params, "startAt": start, "maxResults": USERS_PAGE})
            page = answer.decode(list[msgspec.Raw])
            if not page:
                return
            if answer.body == before:
                raise SourceError(f"{self.root}{path} gives the same page again and again", fault=SourceFault.RETRIABLE)
            before = answer.body
            yield page
            start += USERS_PAGE

    async def all_of(self, path: str, key: str) -> list[msgspec.Raw]:
        """All comments or worklogs of an issue: pages of a list called `key`."""
        found: list[msgspec.Raw] = []
        while True:
            answer = await self.client.get(path, {"startAt": len(found), "maxResults": PAGE})
            page: dict[str, Any] = answer.decode(dict[str, msgspec.Raw])
            items = msgspec.json.decode(page.get(key, b"[]"), type=list[msgspec.Raw])
            found += items
            total = msgspec.json.decode(page["total"], type=int) if "total" in page else len(found)
            if not items or len(found) >= total:
                return found
