"""What a Telegram channel needs to be told, and what in it cannot work."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from adapters.base import BadOptions, Tools, examine_address

OFFICIAL = "https://api.telegram.org"
Surface = Literal["short_description", "photo"]
PUSHED_TO = {443, 80, 88, 8443}
"""The ports that Telegram pushes to, always with TLS (https://core.telegram.org/bots/api#setwebhook); a Bot API
server of one's own pushes anywhere."""
TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True)
class Options:
    """`token` from @BotFather; `agents_chat`: the id of the agents' group, 0 for none; `mode`: how updates come;
    `webhook_secret`: what Telegram shows when it pushes; `profile`: where the published wait is shown; `api_base`:
    the Bot API's address."""

    token: str = field(repr=False)
    mode: Literal["polling", "webhook"] = "polling"
    webhook_secret: str = field(default="", repr=False)
    agents_chat: int = 0
    profile: tuple[Surface, ...] = ("short_description",)
    api_base: str = OFFICIAL


def examine(options: Options, tools: Tools) -> None:
    """Raises BadOptions when an option cannot work."""
    if not TOKEN.fullmatch(options.token):
        raise BadOptions("token", "is no bot token; @BotFather gives one such as 123456:ABC-DEF")
    examine_address("api_base", options.api_base)
    if options.agents_chat > 0:
        raise BadOptions(
            "agents_chat", "is the id of a person; ids of groups are negative, such as -1001234567890"
        )
    if options.mode == "webhook":
        _examine_webhook(options, tools.hook_url)


def _examine_webhook(options: Options, hook_url: str) -> None:
    if not SECRET.fullmatch(options.webhook_secret):
        raise BadOptions(
            "webhook_secret", "must be 1 to 256 letters, digits, _ and -; Telegram shows it to us"
        )
    if not hook_url:
        raise BadOptions("mode", 'is "webhook", but server.public_url does not say where Telegram reaches us')
    address = urlsplit(hook_url)
    reached = address.scheme == "https" and (address.port or 443) in PUSHED_TO
    if options.api_base == OFFICIAL and not reached:
        raise BadOptions(
            "mode",
            'is "webhook", and Telegram pushes only to https:// and port 443, 80, 88 or 8443: see server.public_url',
        )
