"""What a Matrix channel needs to be told, and what in it cannot work."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from adapters.base import BadOptions, Tools, each, examine_address

USER = re.compile(r"@[^\s:]+:[^\s/]+")
ROOM = re.compile(r"![^\s]+")
Surface = Literal["presence", "topic"]


@dataclass(frozen=True, slots=True)
class Options:
    """`api_base`: the homeserver's address; `token`: the bot's access token, or the application service's `as_token`;
    `user`: the bot, such as `@jono:example.org`; `hs_token`: what the homeserver shows when it pushes, or several
    during rotation, "" where events are pulled; `agents_room`: the id of the agents' room, "" for none; `profile`:
    where the published wait is shown; `topic_room`: the id of the room whose topic shows it."""

    api_base: str
    token: str = field(repr=False)
    user: str
    hs_token: str | tuple[str, ...] = field(default="", repr=False)
    agents_room: str = ""
    profile: tuple[Surface, ...] = ("presence",)
    topic_room: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the homeserver may show when it pushes; none where events are pulled."""
        return tuple(one for one in each(self.hs_token) if one)


def examine(options: Options, tools: Tools) -> None:
    """Raises BadOptions when an option cannot work."""
    examine_address("api_base", options.api_base)
    for key, secrets in (("token", (options.token,)), ("hs_token", options.secrets)):
        if not all(one.isascii() and one.isprintable() and " " not in one and one for one in secrets):
            raise BadOptions(key, "is no token; see the registration, or the session's access token")
    if not USER.fullmatch(options.user):
        raise BadOptions("user", "is the bot's whole name on Matrix, such as @jono:example.org")
    for key in ("agents_room", "topic_room"):
        if (room := getattr(options, key)) and not ROOM.fullmatch(room):
            raise BadOptions(
                key, "is the id of a room, such as !abc:example.org; see the room's settings, Advanced"
            )
    if "topic" in options.profile and not options.topic_room:
        raise BadOptions("topic_room", 'is empty, but profile has "topic"')
    if options.secrets and not tools.hook_url:
        raise BadOptions(
            "hs_token", "is set, but server.public_url does not say where the homeserver reaches us"
        )
