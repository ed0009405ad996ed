"""The handlers of dashboard."""

from typing import Any

HANDLERS: list[Any] = []
