"""The handlers of ask."""

from typing import Any

HANDLERS: list[Any] = []
