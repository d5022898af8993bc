"""What must be configured for Slack, and whether it can work."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from adapters.base import BadOptions, Tools, each, examine_address

OFFICIAL = "https://slack.com/api"
CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
FIND_CHANNEL = "click the channel's name in Slack: its id stands at the bottom of About"


@dataclass(frozen=True, slots=True)
class Options:
    """`token`: the bot's; `signing_secret`: what requests are signed with, or several during rotation; `app_token`: for
    Socket Mode, which needs no public address; `customers`: channels in which customers write, beside private
    messages; `agents_channel`: where cases are shown; `topic_channel`: whose topic shows the wait; `user_token`: of the
    person whose status shows it; `api_base`: Slack's address."""

    token: str = field(repr=False)
    signing_secret: str | tuple[str, ...] = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    customers: tuple[str, ...] = ()
    agents_channel: str = ""
    topic_channel: str = ""
    user_token: str = field(default="", repr=False)
    api_base: str = OFFICIAL


def examine(options: Options, tools: Tools) -> None:
    """Raises BadOptions when an option cannot work."""
    _examine_token("token", options.token, "xoxb-", "OAuth & Permissions, Bot User OAuth Token")
    _examine_token(
        "app_token", options.app_token, "xapp-", "Basic Information, App-Level Tokens", needed=False
    )
    _examine_token(
        "user_token", options.user_token, "xoxp-", "OAuth & Permissions, User OAuth Token", needed=False
    )
    if not options.app_token and not all(each(options.signing_secret) or ("",)):
        raise BadOptions("signing_secret", "is missing; it stands under Basic Information, App Credentials")
    for key in ("customers", "agents_channel", "topic_channel"):
        for channel in filter(None, each(getattr(options, key))):
            if not CHANNEL.fullmatch(channel):
                raise BadOptions(key, f"{channel!r} is no id of a channel; {FIND_CHANNEL}")
    if options.agents_channel and options.agents_channel in options.customers:
        raise BadOptions("customers", "the agents' channel cannot be one of the customers'")
    examine_address("api_base", options.api_base)
    if not options.app_token and not tools.hook_url.startswith(
        "https://" if options.api_base == OFFICIAL else "http"
    ):
        raise BadOptions(
            "adapter",
            'is "slack", and Slack pushes to https:// only: see server.public_url, or set app_token',
        )


def _examine_token(key: str, token: str, prefix: str, where: str, *, needed: bool = True) -> None:
    if not token and not needed:
        return
    if not (token.startswith(prefix) and token.isascii() and token.isprintable()):
        raise BadOptions(key, f"must begin with {prefix}; it stands in the app's settings under {where}")
