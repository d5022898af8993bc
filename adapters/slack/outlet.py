"""Where the published wait is shown: a channel's topic, and the status of a person.

Slack tells each new topic in its channel, in a line of its own: so it changes seldom.
"""

from __future__ import annotations

from adapters.base import Outlet, Refused, Shown, maybe_object
from adapters.slack.calls import Calls
from adapters.slack.text import escape, plain

TOPIC = Outlet("topic", least_s=900, chars=250)
"""https://docs.slack.dev/reference/methods/conversations.setTopic"""
STATUS = Outlet("status", least_s=60, chars=100)
"""https://docs.slack.dev/reference/methods/users.profile.set; no bot has a status, so it is a person's."""


async def read_topic(calls: Calls, channel: str) -> Shown:
    """The topic that stands there now."""
    told = maybe_object(await calls.ask("conversations.info", channel=channel), "channel")
    return {"": plain(str(maybe_object(told, "topic").get("value", "")))}


async def show_topic(calls: Calls, channel: str, shown: Shown) -> None:
    """Put it there."""
    await calls.post(
        "conversations.setTopic", {"channel": channel, "topic": escape(_text(shown))}, sends=False
    )


async def read_status(calls: Calls) -> Shown:
    """The status that stands there now."""
    profile = maybe_object(await calls.ask("users.profile.get"), "profile")
    return {"": plain(str(profile.get("status_text", "")))}


async def show_status(calls: Calls, shown: Shown) -> None:
    """Put it there; it does not end by itself. With no text the emoji goes, too: else that alone would stay."""
    text = _text(shown)
    profile = {"status_text": escape(text), "status_expiration": 0} | ({} if text else {"status_emoji": ""})
    await calls.post("users.profile.set", {"profile": profile}, sends=False)


def _text(shown: Shown) -> str:
    if isinstance(shown, bytes):
        raise Refused("a text is wanted")
    return shown.get("", "") if shown else ""
