"""The handlers of people."""

from typing import Any

from ovia_console.people import listing

HANDLERS: list[Any] = [listing.show]
