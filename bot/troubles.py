"""What is wrong with each channel just now: told at `/readyz`, and in the log once for every change.

A channel may be in trouble for several reasons at once (`about`); each is taken back by whoever told it.
"""

from __future__ import annotations

import structlog

from bot.words.plain import one_line

log = structlog.get_logger(__name__)

TEXT_CHARS = 400


class Troubles:
    """The troubles of all channels of one process."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, str]] = {}

    def tell(self, channel: str, about: str, text: str, *, final: bool = False) -> None:
        """Something is wrong; "" when it is not any more. `final` when only a restart can mend it."""
        told = self._told.setdefault(channel, {})
        text = one_line(text, TEXT_CHARS)
        if text == told.get(about, ""):
            return
        if not text:
            del told[about]
            log.info("channel well again", channel=channel, about=about)
            return
        told[about] = text
        if final:
            log.error("channel stopped until the next start", channel=channel, about=about, trouble=text)
        else:
            log.warning("channel in trouble", channel=channel, about=about, trouble=text)

    def forget(self, channel: str) -> None:
        """It is not this process's any more."""
        self._told.pop(channel, None)

    def of(self, channel: str) -> str:
        """What is wrong with a channel, in one line; "" when nothing is."""
        return "; ".join(dict.fromkeys(self._told.get(channel, {}).values()))

    def shown(self) -> dict[str, str]:
        """What is wrong with each channel that is in trouble."""
        return {channel: text for channel in self._told if (text := self.of(channel))}
