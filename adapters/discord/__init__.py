"""Discord: customers in private messages, agents in a forum or text channel of their server.

The gateway is listened to by one process; everything is sent by REST, from any process and without a session.

    calls     what a failed call says of the message
    rest      the client that sends
    text      text as it was written, whatever marks it holds
    session   the gateway: what happens, as arrivals
    intake    taking in, in order, also what was missed
    reading   messages as arrivals
    desk      what is asked by commands, buttons and forms
    commands  slash commands, made from the desk's table
    buttons   buttons and forms
    answers   answers to what was asked
    room      the agents' channel
    media     files
    outlet    what people see of the bot
    check     whether it would work

Invariant: no message mentions anybody, whatever it says.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, BinaryIO, cast

import discord
import yarl
from discord import Client, PartialMessage

from adapters.base import (
    Arrival,
    BadOptions,
    CommandAnswer,
    EditOut,
    EventOut,
    File,
    Finding,
    Inbox,
    Limits,
    MessageOut,
    NameRoom,
    OpenRoom,
    Outgoing,
    Post,
    Receipt,
    ShowCard,
    Shown,
    Tools,
    Undelivered,
    Untrusted,
)
from adapters.discord import media, outlet
from adapters.discord.answers import answer, answer_on
from adapters.discord.calls import calling
from adapters.discord.check import findings
from adapters.discord.options import Options
from adapters.discord.rest import Rest
from adapters.discord.room import NO_MENTIONS, SAME, Room, number_of
from adapters.discord.session import Session
from adapters.discord.text import TEXT_CHARS, cut, escape, measure, nonce

__all__ = ["Discord", "Options", "open_channel"]

TITLE_CHARS = 100
"""https://discord.com/developers/docs/resources/channel#start-thread-in-forum-or-media-channel"""


class Discord:
    """One bot."""

    wants_events = False

    def __init__(self, options: Options, tools: Tools) -> None:
        self._options = options
        self._tools = tools
        self._session: Session | None = None
        self._rest = Rest(options.token)
        self.outlets = tuple(outlet.OUTLETS[name] for name in options.profile)
        self.limits = Limits(
            text_chars=TEXT_CHARS,
            resend_is_safe=True,
            measure=measure,
            file_bytes=media.UPLOAD_BYTES,
            one_reader=True,
            room=options.agents_channel != 0,
            title_chars=TITLE_CHARS,
        )

    # --- in ------------------------------------------------------------------------------------------------

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Everything comes by the gateway."""
        raise Untrusted("Discord's messages come by the gateway, not by requests")

    async def listen(self, inbox: Inbox) -> None:
        """One session with the gateway. Raises Down or Unusable."""
        self._session = Session(self._options, self._tools, inbox)
        try:
            await self._session.run_once()
        finally:
            self._session = None

    # --- out -----------------------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> str:
        """Send to a customer, an agent or the room. Raises Refused, Gone, Busy or Uncertain."""
        in_room = isinstance(outgoing, ShowCard | NameRoom | Post | Receipt)
        with calling(in_room=in_room):
            return await self._sent(outgoing)

    async def _sent(self, outgoing: Outgoing) -> str:
        async with self._rest.client() as client:
            match outgoing:
                case MessageOut():
                    return await self._message(client, outgoing)
                case EditOut():
                    return await self._edit(client, outgoing)
                case CommandAnswer():
                    return await self._answer(client, outgoing)
                case EventOut():
                    return SAME
                case _:
                    return await self._in_room(client, outgoing)

    async def _message(self, client: Client, out: MessageOut) -> str:
        if out.answer_to:
            return await answer_on(client, out.answer_to, out.text)
        text = "\n".join(filter(None, (out.text, *media.places_in(out.attachments))))
        async with media.with_content(client, self._tools.http, out.attachments) as attachments:
            sent = await client.get_partial_messageable(number_of(out.conversation_id)).send(
                escape(text) or None,
                files=media.files_of(attachments),
                nonce=nonce(out.key),
                allowed_mentions=NO_MENTIONS,
            )
        return str(sent.id)

    async def _edit(self, client: Client, out: EditOut) -> str:
        channel = client.get_partial_messageable(number_of(out.conversation_id))
        message = PartialMessage(channel=channel, id=number_of(out.message_id))
        if out.text is None:
            await message.delete()
        else:
            await message.edit(content=escape(out.text), allowed_mentions=NO_MENTIONS)
        return out.message_id

    async def _answer(self, client: Client, out: CommandAnswer) -> str:
        if out.answer_to.startswith("i"):
            return await answer(client, out.answer_to, out.text)
        place, _, message_id = out.answer_to[1:].partition(":")
        channel = client.get_partial_messageable(number_of(place))
        reference = PartialMessage(channel=channel, id=number_of(message_id)).to_reference(
            fail_if_not_exists=False
        )
        sent = await channel.send(
            cut(out.text), reference=reference, nonce=nonce(out.key), allowed_mentions=NO_MENTIONS
        )
        return str(sent.id)

    async def _in_room(self, client: Client, out: OpenRoom | ShowCard | NameRoom | Post | Receipt) -> str:
        room = Room(client, self._options.agents_channel)
        match out:
            case OpenRoom():
                return await room.open(out)
            case ShowCard():
                return await room.card(out)
            case NameRoom():
                return await room.name(out)
            case Post():
                text = "\n".join(filter(None, (out.text, *media.places_in(out.attachments))))
                async with media.with_content(client, self._tools.http, out.attachments) as attachments:
                    return await room.post(replace(out, text=text, attachments=tuple(attachments)))
            case Receipt():
                return await room.mark(out)

    # --- beside --------------------------------------------------------------------------------------------

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """Write a file that somebody sent here. Raises Refused or Busy."""
        with calling(sends=False):
            async with self._rest.client() as client:
                await media.fetch(client, self._tools.http, file, into)

    async def show_typing(self, conversation_id: str, ref: str) -> None:
        """Show it for ten seconds."""
        with contextlib.suppress(Undelivered), calling():
            async with self._rest.client() as client:
                await client.http.send_typing(number_of(conversation_id))

    async def read_outlet(self, name: str) -> Shown:
        """What stands there now. Raises Refused or Busy."""
        with calling(sends=False):
            async with self._rest.client() as client:
                return await outlet.read(client, name, self._options.guild)

    async def show_outlet(self, name: str, shown: Shown) -> None:
        """Put it there. Raises Refused, Busy or Uncertain."""
        with calling():
            if name == outlet.PRESENCE.name:
                await outlet.show_presence(self._session, shown)
            else:
                async with self._rest.client() as client:
                    await outlet.show(client, name, shown, self._options.guild)

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        try:
            with calling(sends=False):
                async with self._rest.client() as client:
                    return await findings(client, self._options)
        except Undelivered as error:
            return [
                Finding("the token", f"{error}; take it anew from the developer portal, under Bot (token)")
            ]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._rest.aclose()


def open_channel(options: Options, tools: Tools) -> Discord:
    """Raises BadOptions when an option cannot work."""
    if options.token.count(".") < 2:
        raise BadOptions("token", "is no bot token; the developer portal gives one under Bot, Reset Token")
    for name in ("guild", "agents_channel", "agent_role"):
        if getattr(options, name) < 0:
            raise BadOptions(name, "is no id of Discord; copy it with a right click in developer mode")
    if options.agents_channel and not options.guild:
        raise BadOptions("guild", "is missing: set it to the id of the server that agents_channel is in")
    for name in ("api_base", "gateway_url"):
        if "://" not in getattr(options, name):
            raise BadOptions(name, "must be an address such as https://discord.com/api/v10")
    # It warns of voice, which nobody wants here, and of limits, with addresses that hold tokens.
    logging.getLogger("discord").setLevel(logging.ERROR)
    _point_to(options)
    return Discord(options, tools)


def _point_to(options: Options) -> None:
    """The library has no option for it: these addresses are the process's."""
    discord.http.Route.BASE = options.api_base
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(options.gateway_url)
    if options.api_base != Options(token="").api_base:
        asset = cast(Any, discord.asset.Asset)
        asset.BASE = str(yarl.URL(options.api_base).origin())
