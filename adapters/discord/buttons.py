"""Buttons that outlive the process that sent them, and forms."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from discord import ButtonStyle, Interaction, TextStyle
from discord.app_commands import AppCommandContext, AppInstallationType, Command
from discord.ui import Button, DynamicItem, Item, Modal, TextInput, View

from adapters.discord.desk import Desk, quietly

if TYPE_CHECKING:
    from typing import Self

Carry = Callable[[Interaction[Any], str], Awaitable[None]]
NOTE_CHARS, TEXT_CHARS = 1000, 4000
"""A form's field takes 4,000 characters (https://discord.com/developers/docs/components/reference#text-input)."""


class WithDesk(Protocol):
    """What a button needs of the session it is pressed in."""

    desk: Desk


class CaseButton(DynamicItem[Button[View]], template=r"jono:(?P<command>[a-z]+)(?: (?P<arguments>.+))?"):
    """A button under a card or a post: pressing it gives the command that its id holds."""

    def __init__(self, command: str, arguments: str) -> None:
        custom_id = f"jono:{command} {arguments}".strip()
        super().__init__(Button(label=command, style=ButtonStyle.secondary, custom_id=custom_id))
        self.command = command
        self.arguments = arguments

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction[Any], item: Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button again, from its id alone."""
        return cls(match["command"], match["arguments"] or "")

    async def callback(self, interaction: Interaction[Any]) -> None:
        """Closing asks for a note first; everything else is carried out at once."""
        session: WithDesk = interaction.client
        if self.command == "close":
            await quietly(interaction.response.send_modal(NoteForm(session.desk, self.arguments)))
        else:
            await session.desk.agents_command(interaction, self.command, self.arguments)


class NoteForm(Modal, title="/close"):
    """The closing note, which may stay empty."""

    note: TextInput[Any] = TextInput(
        label="/note", style=TextStyle.paragraph, required=False, max_length=NOTE_CHARS
    )

    def __init__(self, desk: Desk, case_id: str) -> None:
        super().__init__()
        self._desk = desk
        self._case_id = case_id

    async def on_submit(self, interaction: Interaction[Any]) -> None:
        """Close the case."""
        await self._desk.agents_command(interaction, "close", f"{self._case_id} {self.note.value}".strip())


class ContactForm(Modal, title="/contact"):
    """A customer's first message, written where others are."""

    text: TextInput[Any] = TextInput(label="…", style=TextStyle.paragraph, max_length=TEXT_CHARS)

    def __init__(self, carry: Carry) -> None:
        super().__init__()
        self._carry = carry

    async def on_submit(self, interaction: Interaction[Any]) -> None:
        """Take the message in."""
        await self._carry(interaction, self.text.value)

    @classmethod
    def command(cls, carry: Carry) -> Command[Any, ..., None]:
        """The command that opens the form, in servers and in private."""

        async def contact(interaction: Interaction[Any]) -> None:
            await quietly(interaction.response.send_modal(cls(carry)))

        made: Command[Any, ..., None] = Command(name="contact", description="✉️", callback=contact)
        made.allowed_contexts = AppCommandContext(guild=True, dm_channel=True, private_channel=True)
        made.allowed_installs = AppInstallationType(guild=True, user=True)
        return made
