"""The handlers of teams."""

from typing import Any

HANDLERS: list[Any] = []
