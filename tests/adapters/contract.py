"""What every channel must keep to, whatever platform is behind it. Not a test itself.

An adapter's test file derives a class from `Contract`, gives it the fixture `channel`, and adds what is its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from adapters.base import Arrival, Channel, CommandAnswer, EventOut, MessageOut, Outgoing, Rejected

NOW = 1_767_614_400.0
MESSAGE = MessageOut("K7Q2M4-1-0", "c-1", "c-1", "K7Q2M4", "acknowledgement", "Zażółć 😀\n{x} <b>")
ANSWER = CommandAnswer("command-1", "x-1", "a-1", "Case K7Q2M4 is yours.", ok=True, case_id="K7Q2M4")
EVENT = EventOut("wait-1", "wait.updated", {"queue": "support", "waiting": 3})
EVERYTHING: tuple[Outgoing, ...] = (MESSAGE, ANSWER, EVENT)
GARBAGE = (b"", b"hello", b"{}", b"[" * 100_000, b"\xff\xfe", b"\x00" * 1_000)


async def never(arrival: Arrival) -> None:
    """An inbox nothing must come to."""
    raise AssertionError(arrival)


class Contract:
    """The tests that every channel passes."""

    def test_it_is_a_channel(self, channel: Channel) -> None:
        assert isinstance(channel, Channel)
        assert channel.limits.text_chars > 0
        assert channel.limits.sends_at_once > 0

    @pytest.mark.parametrize("body", GARBAGE)
    @pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}, {"": "\udcff"}])
    def test_whatever_is_pushed_without_proof_is_rejected_with_a_reason(
        self, channel: Channel, headers: Mapping[str, str], body: bytes
    ) -> None:
        with pytest.raises(Rejected, match=r"\w"):
            channel.accept(headers, body, NOW)

    @pytest.mark.parametrize("outgoing", EVERYTHING, ids=lambda outgoing: type(outgoing).__name__)
    async def test_what_is_sent_has_an_id(self, channel: Channel, outgoing: Outgoing) -> None:
        assert await channel.send(outgoing)

    async def test_listening_ends_when_it_is_cancelled(self, channel: Channel) -> None:
        listening = asyncio.create_task(channel.listen(never))
        await asyncio.sleep(0)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening

    async def test_it_may_be_closed_twice(self, channel: Channel) -> None:
        await channel.aclose()
        await channel.aclose()
