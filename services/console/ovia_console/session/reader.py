"""For whom a page is made: what they may do, their language, their clock and their colours."""

from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from litestar.connection import ASGIConnection

from ovia_console.words.translations import LANGUAGES, of_browser
from ovia_shared.models.token import Role

Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = ("auto", "light", "dark")
# Readable by scripts: what they hold is nobody's secret.
LANGUAGE_COOKIE, THEME_COOKIE, TIMEZONE_COOKIE = "ovia_language", "ovia_theme", "ovia_timezone"
_ZONES = frozenset(available_timezones())


class Taste(msgspec.Struct, frozen=True):
    """How somebody likes their pages, signed in or not."""

    language: str
    theme: Theme
    timezone: str

    @property
    def zone(self) -> ZoneInfo:
        """Their clock."""
        return ZoneInfo(self.timezone)


class Account(msgspec.Struct, frozen=True):
    """Who is signed in, as the api tells at `/me`; kept in the sealed cookie."""

    name: str
    role: Role
    organisation: str
    token_id: str = ""
    person_id: UUID | None = None


class Reader(msgspec.Struct, frozen=True):
    """Somebody signed in. `token` is theirs, and never leaves the console but towards the services."""

    account: Account
    taste: Taste
    token: str

    def may(self, role: str) -> bool:
        """Whether their role is this one or includes it."""
        return self.account.role.reaches(Role(role))


def taste_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Taste:
    """As their cookies say; what these do not say, as their browser does."""
    cookies = connection.cookies
    language = cookies.get(LANGUAGE_COOKIE, "")
    theme = cookies.get(THEME_COOKIE, "")
    timezone = cookies.get(TIMEZONE_COOKIE, "").replace("%2F", "/")
    return Taste(
        language=language if language in LANGUAGES else of_browser(connection.headers.get("accept-language", "")),
        theme=next((one for one in THEMES if one == theme), "auto"),
        timezone=timezone if timezone in _ZONES else "UTC",
    )
