"""Buttons that outlive the process that sent them, and forms."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from discord import ButtonStyle, Interaction, TextStyle
from discord.app_commands import AppCommandContext, AppInstallationType, Command
from discord.ui import Button, DynamicItem, Item, Modal, TextInput, View

if TYPE_CHECKING:
    from typing import Self

Carry = Callable[[Interaction[Any], str], Awaitable[None]]
NOTE_CHARS, TEXT_CHARS = 1000, 4000
"""A form's field takes 4,000 characters (https://discord.com/developers/docs/components/reference#text-input)."""


class Commanded(Protocol):
    """What a button needs of the session it is pressed in."""

    async def commanded(self, interaction: Interaction[Any], name: str, arguments: str) -> None:
        """Carry out a command that is acknowledged already."""
        ...


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
        session: Commanded = interaction.client
        if self.command == "close":
            await interaction.response.send_modal(NoteForm(session, self.arguments))
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        await session.commanded(interaction, self.command, self.arguments)


class NoteForm(Modal, title="/close"):
    """The closing note, which may stay empty."""

    note: TextInput[Any] = TextInput(
        label="/note", style=TextStyle.paragraph, required=False, max_length=NOTE_CHARS
    )

    def __init__(self, session: Commanded, case_id: str) -> None:
        super().__init__()
        self._session = session
        self._case_id = case_id

    async def on_submit(self, interaction: Interaction[Any]) -> None:
        """Close the case."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._session.commanded(interaction, "close", f"{self._case_id} {self.note.value}".strip())


class ContactForm(Modal, title="/contact"):
    """A customer's first message, written where others are."""

    text: TextInput[Any] = TextInput(label="…", style=TextStyle.paragraph, max_length=TEXT_CHARS)

    def __init__(self, carry: Carry) -> None:
        super().__init__()
        self._carry = carry

    async def on_submit(self, interaction: Interaction[Any]) -> None:
        """Take the message in, and show the way to the private conversation, where the answer comes."""
        private = await interaction.user.create_dm()
        await interaction.response.send_message(
            f"✅ https://discord.com/channels/@me/{private.id}", ephemeral=True
        )
        await self._carry(interaction, self.text.value)

    @classmethod
    def command(cls, carry: Carry) -> Command[Any, ..., None]:
        """The command that opens the form, in servers and in private."""

        async def contact(interaction: Interaction[Any]) -> None:
            await interaction.response.send_modal(cls(carry))

        made: Command[Any, ..., None] = Command(name="contact", description="✉️", callback=contact)
        made.allowed_contexts = AppCommandContext(guild=True, dm_channel=True, private_channel=True)
        made.allowed_installs = AppInstallationType(guild=True, user=True)
        return made
