"""What people ask of the bot by commands, buttons and forms.

Everything is acknowledged at once, as Discord waits three seconds only, and answered by whoever carries it out. What
Discord has given up meanwhile, so that people were told that it failed, is not carried out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from discord import HTTPException, Interaction, Member, User

from adapters.base import AgentCommand, CustomerMessage, Inbox, Person
from adapters.discord.calls import ACKNOWLEDGED
from adapters.discord.intake import PRIVATE, Intake
from adapters.discord.reading import person

NOT_REACHED = "❌ ✉️"


class Desk:
    """Turns what is asked into arrivals."""

    def __init__(self, inbox: Inbox, intake: Intake, is_agent: Callable[[User | Member], bool]) -> None:
        self._inbox = inbox
        self._intake = intake
        self._is_agent = is_agent

    async def agents_command(self, interaction: Interaction[Any], name: str, arguments: str) -> None:
        """An agent gave a command, pressed a button, or filled in its form."""
        if not await acknowledged(interaction):
            return
        await self._inbox(
            AgentCommand(
                id=str(interaction.id),
                agent=person(interaction.user),
                command=name,
                arguments=arguments,
                place=str(interaction.channel_id or ""),
                member=self._is_agent(interaction.user),
                answer_to=answer_to(interaction),
            )
        )

    async def customers_command(self, interaction: Interaction[Any], name: str, arguments: str) -> None:
        """A customer gave a command; only they see the answer, wherever they are."""
        if await acknowledged(interaction):
            await self._wrote(interaction, f"/{name} {arguments}".strip(), answer_to(interaction))

    async def contacted(self, interaction: Interaction[Any], text: str) -> None:
        """A customer filled in the form: the conversation goes on in private, and they are shown the way there."""
        if await acknowledged(interaction):
            place = await self._wrote(interaction, text, "")
            way = f"✅ https://discord.com/channels/@me/{place}" if place else NOT_REACHED
            await quietly(interaction.edit_original_response(content=way))

    async def _wrote(self, interaction: Interaction[Any], text: str, answer: str) -> str:
        """Take it in as a message; gives the private conversation, "" when there can be none."""
        try:
            private = await interaction.user.create_dm()
        except (HTTPException, aiohttp.ClientError, OSError):
            await quietly(interaction.edit_original_response(content=NOT_REACHED))
            return ""
        customer = Person(str(interaction.user.id), interaction.user.display_name, interaction.locale.value)
        # From now on this conversation is known, and can be caught up with.
        self._intake.learn(f"{PRIVATE}{private.id}", interaction.id)
        await self._inbox(
            CustomerMessage(str(interaction.id), str(private.id), customer, text, answer_to=answer)
        )
        return str(private.id)


async def acknowledged(interaction: Interaction[Any]) -> bool:
    """Tell Discord that there will be an answer, for this person alone; False when it waits for none any more."""
    try:
        await interaction.response.defer(ephemeral=True, thinking=True)
    except HTTPException as error:
        return error.code == ACKNOWLEDGED
    except (aiohttp.ClientError, OSError, TimeoutError):
        # Perhaps it was: then somebody waits. If not, the answer is refused, and nothing is lost.
        return True
    return True


async def quietly(call: Awaitable[object]) -> None:
    """A courtesy: nothing depends on it."""
    try:
        await call
    except (HTTPException, aiohttp.ClientError, OSError, TimeoutError):
        return


def answer_to(interaction: Interaction[Any]) -> str:
    """How an interaction is answered, from any process, for a quarter of an hour."""
    return f"i{interaction.application_id}:{interaction.token}"
