"""Small signs to customers that a human is there: somebody writes, somebody has seen it. Nothing depends on them."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.base import Channel, Seeing, Typing
from bot.case import Case
from bot.store.store import Store

LOOKED_AT = 20
"""So many of the last entries are looked through for the customer's last message."""


class Signs:
    """Shows signs where the platform has them."""

    def __init__(self, store: Store, channels: Mapping[str, Channel]) -> None:
        self._store = store
        self._channels = channels

    async def typing(self, case: Case) -> None:
        """An answer is being written. Raises StoreDown."""
        channel = self._channels[case.channel]
        if isinstance(channel, Typing) and not case.public:
            await channel.show_typing(case.conversation_id, await self._last_ref(case))

    async def seen(self, case: Case) -> None:
        """A human has taken the case up and read it. Raises StoreDown."""
        channel = self._channels[case.channel]
        if isinstance(channel, Seeing) and not case.public:
            await channel.show_seen(case.conversation_id, await self._last_ref(case))

    async def _last_ref(self, case: Case) -> str:
        """The platform's name of the last message in private that the customer wrote; "" where it has none."""
        said = await self._store.transcript(case.queue, case.id, LOOKED_AT)
        written = (entry for entry in reversed(said) if entry["by"] == "customer" and "public" not in entry)
        return str(next((entry["ref"] for entry in written if "ref" in entry), ""))
