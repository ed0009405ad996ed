"""Answers without a server. aioresponses makes responses as aiohttp up to 3.13 did; newer ones want a writer too."""

from typing import Any
from unittest.mock import Mock

from aiohttp import ClientResponse
from aioresponses import aioresponses


class _Response(ClientResponse):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"stream_writer": Mock(output_size=0), **options})


class MockedSource(aioresponses):
    """aioresponses for the aiohttp we use."""

    def add(self, *args: Any, **options: Any) -> None:
        super().add(*args, **{"response_class": _Response, **options})
