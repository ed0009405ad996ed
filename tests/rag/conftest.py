"""What tests of Ask share."""

from collections.abc import AsyncIterator

import pytest

from tests.rag.providers.fake_model import FakeModel, running


@pytest.fixture
async def fake_model() -> AsyncIterator[FakeModel]:
    """A server of models and vectors, to be asked at `fake_model.base_url`, that misbehaves as it is told to."""
    async with running() as fake:
        yield fake
