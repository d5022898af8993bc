"""What a Discord channel's table holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Surface = Literal["presence", "about", "banner", "guild_banner", "guild_bio"]


@dataclass(frozen=True, slots=True)
class Options:
    """`token` from the developer portal; `guild`: the agents' server; `agents_channel`: a forum or text channel there;
    `agent_role`: whoever has it is an agent; `profile`: where the published wait is shown; `api_base` and
    `gateway_url`: Discord's addresses."""

    token: str = field(repr=False)
    guild: int = 0
    agents_channel: int = 0
    agent_role: int = 0
    profile: tuple[Surface, ...] = ("presence",)
    api_base: str = "https://discord.com/api/v10"
    gateway_url: str = "wss://gateway.discord.gg/"
