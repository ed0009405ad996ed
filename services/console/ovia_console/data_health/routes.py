"""The handlers of data health."""

from typing import Any

HANDLERS: list[Any] = []
