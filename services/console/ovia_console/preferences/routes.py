"""The handlers of preferences."""

from typing import Any

HANDLERS: list[Any] = []
