"""The handlers of flow."""

from typing import Any

HANDLERS: list[Any] = []
