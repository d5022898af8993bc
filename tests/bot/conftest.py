"""What the tests of the bot's parts share: one assembled bot on an empty, real store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.desk import Floor, open_floor


@pytest.fixture
async def floor(store_url: str) -> AsyncIterator[Floor]:
    """One process of the bot, its clock at noon on a Monday."""
    async with open_floor(store_url) as running:
        yield running
