"""The handlers of queue."""

from typing import Any

HANDLERS: list[Any] = []
