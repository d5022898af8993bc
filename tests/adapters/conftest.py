"""What tests of channels have in common: the door to the far end, what is reported, and far ends that fail."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, ClientTimeout

from adapters.base import calling
from bot.fetch import open_session
from tests.fakes.servers import free_port
from tests.fakes.silent import silent_server


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """The bot's own door, open to loopback."""
    async with open_session(allow_private=True) as session:
        yield session


@pytest.fixture
def reports() -> list[str]:
    """What the channel reported."""
    return []


@pytest.fixture
def nobody() -> str:
    """An address at which nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
async def silent(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The address of somebody who never answers, and for whom nobody waits long."""
    monkeypatch.setattr(calling, "TIMEOUT", ClientTimeout(total=0.1))
    async with silent_server() as address:
        yield address
