"""What the console is made of: the handlers of every feature, each a folder of its own."""

from typing import Any

from ovia_console.people import listing

FEATURES: list[Any] = [listing.show]
