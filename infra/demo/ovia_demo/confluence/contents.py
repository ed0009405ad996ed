"""What both flavours of Confluence share: which pages are visible, whose accounts they name, and their bodies."""

import re
from datetime import datetime

from aiohttp import web

from ovia_demo import rendering
from ovia_demo.organisation.code_model import Page, PageVersion
from ovia_demo.organisation.model import Account, Comment, Product
from ovia_demo.serving import TOKEN, World, milliseconds, token_of

# Groups and whether they hold everybody.
GROUPS = (("confluence-users", True), ("confluence-administrators", False), ("site-guests", False))
_MENTION = re.compile(r"\{\{([pm]-\d+)\}\}")


class NotFound(Exception):
    """Answered with 404 in the words of the API that was asked."""


class Contents:
    def __init__(self, world: World, *, cloud: bool) -> None:
        self.world = world
        self.cloud = cloud

    def allowed(self, request: web.Request) -> bool:
        token, way = token_of(request)
        ways = ("basic",) if self.cloud else ("basic", "bearer")
        return token == TOKEN and way in ways and "token" not in self.world.revoked

    def spaces(self) -> list[Product]:
        return [one for one in self.world.organisation.products if one.space_key not in self.world.revoked]

    def space(self, id_or_key: str) -> Product:
        for one in self.spaces():
            if id_or_key in (str(one.space_id), one.space_key):
                return one
        raise NotFound(f"No space with key or id : {id_or_key}")

    def pages(self, kind: str) -> list[Page]:
        visible = {one.key for one in self.spaces()}
        return [
            one for one in self.world.pages.values() if one.kind == kind and not one.deleted and one.product in visible
        ]

    def page(self, number: str, kind: str | None = None) -> Page:
        one = self.world.pages.get(int(number)) if number.isdecimal() else None
        visible = {space.key for space in self.spaces()}
        if one is None or one.deleted or one.product not in visible or kind not in (None, one.kind):
            raise NotFound(f"No content found with id: ContentId{{id={number}}}")
        return one

    def account(self, actor: str, at: datetime | None = None) -> Account | None:
        return self.world.account("confluence", actor, at)

    def account_id(self, actor: str, at: datetime | None = None) -> str | None:
        account = self.account(actor, at)
        return None if account is None else account.external_id

    def accounts(self) -> list[Account]:
        found = [one for actor in self.world.actors.values() for one in actor.accounts if one.source == "confluence"]
        return [one for one in found if one.name != "Former user"]

    def members(self, group: str) -> list[Account]:
        """Everybody who is active; administrators are the first two."""
        if group == "confluence-users":
            return [one for one in self.accounts() if one.active and not one.machine]
        return [one for one in self.accounts() if one.active][:2] if group == "confluence-administrators" else []

    def reader(self) -> Account:
        return next(one for one in self.accounts() if one.active)

    def mention(self, actor: str) -> str:
        account = self.account(actor)
        if account is None:
            return "somebody"
        name = "account-id" if self.cloud else "userkey"
        value = account.external_id if self.cloud else account.data_center_id
        return f'<ac:link><ri:user ri:{name}="{value}" /></ac:link>'

    def body(self, page: Page) -> str:
        return _MENTION.sub(lambda match: self.mention(match[1]), page.body)

    def comment_body(self, comment: Comment) -> str:
        return rendering.storage(comment.text, self.mention)

    def last(self, page: Page) -> PageVersion:
        return page.versions[-1]

    def indexed(self, page: Page) -> int:
        """What CQL's `lastmodified` compares: the index saw some edits minutes before they were dated."""
        return milliseconds(self.last(page).at) - page.id % 7 * 60_000
