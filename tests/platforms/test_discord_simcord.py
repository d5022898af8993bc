"""Discord's behaviour as somebody else understood it: the adapter on simcord, https://simcord.readthedocs.io/.

simcord fakes the REST calls and gateway events of one Client inside the process. It knows no `enforce_nonce`, no
profile and no presence: those stand in the tests against our own wire fake.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import discord
import pytest
import simcord
from simcord.env import Env

from adapters.base import (
    AgentCommand,
    AgentEdit,
    Arrival,
    Button,
    CommandAnswer,
    CommandHelp,
    CustomerEdit,
    CustomerMessage,
    MessageOut,
    NameRoom,
    OpenRoom,
    Post,
    Receipt,
    Refused,
    ShowCard,
    Tools,
)
from adapters.discord import Discord, Options
from adapters.discord.session import Session

ROWS = (
    CommandHelp("claim", "[CASE]", "take a case", True, {"fi": "ota yhteydenotto"}, {"fi": "ota"}),
    CommandHelp("reply", "[CASE] TEXT", "answer the customer", True),
    CommandHelp("wait", "", "how long you will wait", False),
)
CARD = (Button("Claim", "claim", "K7Q2M4"), Button("Close", "close", "K7Q2M4"))


@dataclass
class House:
    """A bot in a server, with an agent, somebody else, and a customer who shares the server."""

    env: Env
    session: Session
    channel: Discord
    options: Options
    forum: Any
    text: Any
    ann: Any
    zed: Any
    aino: Any
    arrivals: list[Arrival] = field(default_factory=list)

    def last(self, kind: type[Arrival]) -> Any:
        """The last arrival, which is of this kind."""
        assert isinstance(self.arrivals[-1], kind), self.arrivals
        return self.arrivals[-1]


@pytest.fixture(params=["forum", "text"])
def kind(request: pytest.FixtureRequest) -> str:
    """What agents_channel is."""
    return str(request.param)


@pytest.fixture
async def house(kind: str) -> AsyncIterator[House]:
    arrivals: list[Arrival] = []

    async def inbox(arrival: Arrival) -> None:
        arrivals.append(arrival)

    async with aiohttp.ClientSession() as http:
        tools = Tools("dc", http, lambda: 0.0, ROWS)
        session = Session(Options("a.b.c", agents_channel=1), tools, inbox)
        env = Env(session)
        guild = env.create_guild("Acme")
        allowed = discord.Permissions(view_channel=True, send_messages_in_threads=True, manage_threads=True)
        role = guild.create_role("Agents", permissions=allowed)
        forum, text = guild.create_forum_channel("cases"), guild.create_text_channel("desk")
        agents_channel = (forum if kind == "forum" else text).id
        options = Options("a.b.c", guild=guild.id, agents_channel=agents_channel, agent_role=role.id)
        session._options = options
        ann = guild.add_member(env.create_user("ann", global_name="Ann"), roles=[role])
        zed = guild.add_member(env.create_user("zed", global_name="Zed"))
        aino = guild.add_member(env.create_user("aino", global_name="Aino"))
        await env.start()
        taking = asyncio.create_task(session.take_in())
        channel = Discord(options, tools)
        channel._rest._client = session
        yield House(env, session, channel, options, forum, text, ann, zed, aino, arrivals)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        await env.shutdown()


async def opened(house: House) -> tuple[str, str]:
    """A case's room with its card: the place, and the card's id."""
    case = OpenRoom("k-open", "K7Q2M4", "title", "K7Q2M4 · Aino", "waiting", "A card", CARD)
    place, _, card = (await house.channel.send(case)).partition(" ")
    card = await house.channel.send(ShowCard("k-card", place, card, "The card", CARD))
    await house.env.settle()
    return place, card


def shown(house: House, place: str) -> list[discord.Message]:
    """What stands in a thread."""
    for parent in (house.forum, house.text):
        for thread in parent.threads:
            if str(thread.id) == place:
                return list(thread.history())
    raise AssertionError(f"no thread {place}")


def field_of(form: Any) -> str:
    """The id of a form's only field."""
    [row] = form.modal["components"]
    [text] = row["components"]
    return str(text["custom_id"])


# --- customers ---------------------------------------------------------------------------------------------


async def test_a_private_message_is_a_customers(house: House) -> None:
    message = await house.aino.send_dm("Where is my parcel?")
    arrived = house.last(CustomerMessage)
    assert (arrived.text, arrived.customer.name) == ("Where is my parcel?", "Aino")
    assert arrived.conversation_id == str(message.channel.id)
    await house.aino.user.edit(message, "Where is it?")
    assert house.last(CustomerEdit).text == "Where is it?"
    await house.aino.user.delete(message)
    assert house.last(CustomerEdit).text is None


async def test_what_is_sent_to_a_customer_is_shown_as_written_and_mentions_nobody(house: House) -> None:
    await house.aino.send_dm("hello")
    conversation = house.last(CustomerMessage).conversation_id
    text = "@everyone <@1> *not bold* https://shop.example/a_b_c"
    await house.channel.send(MessageOut("k-1", conversation, "1", "K7Q2M4", "reply", text))
    message = house.aino.user.dm_channel.last_message
    assert discord.utils.remove_markdown(message.content).replace("\\", "") == text.replace("*", "")
    assert not message.mention_everyone
    assert not message.mentions


async def test_too_long_a_message_is_refused(house: House) -> None:
    await house.aino.send_dm("hello")
    conversation = house.last(CustomerMessage).conversation_id
    with pytest.raises(Refused):
        await house.channel.send(MessageOut("k-1", conversation, "1", None, "reply", "x" * 2001))


async def test_a_customers_command_is_answered_to_them_alone(house: House) -> None:
    result = await house.aino.slash(house.text, "wait")
    asked = house.last(CustomerMessage)
    assert asked.text == "/wait"
    assert result.deferred
    answer = MessageOut(
        "k-1", asked.conversation_id, "1", None, "answer", "About 15 minutes.", answer_to=asked.answer_to
    )
    await house.channel.send(answer)
    assert result.ephemeral


async def test_contact_opens_a_form_and_its_text_is_the_first_message(house: House) -> None:
    form = await house.aino.slash(house.text, "contact")
    done = await house.aino.submit_modal(form, {field_of(form): "My order is late"})
    assert house.last(CustomerMessage).text == "My order is late"
    assert done.ephemeral


# --- agents ------------------------------------------------------------------------------------------------


async def test_a_case_gets_a_post_or_a_private_thread(house: House, kind: str) -> None:
    place, card = await opened(house)
    thread = house.session.get_channel(int(place))
    assert isinstance(thread, discord.Thread)
    assert thread.name == "K7Q2M4 · Aino"
    assert thread.is_private() == (kind == "text")
    [message] = shown(house, place)
    assert (str(message.id), message.content) == (card, "The card")


async def test_what_an_agent_writes_in_the_thread_is_a_reply_or_a_note(house: House) -> None:
    place, _ = await opened(house)
    thread = next(t for parent in (house.forum, house.text) for t in parent.threads if str(t.id) == place)
    message = await house.ann.send(thread, "Tomorrow.")
    reply = house.last(AgentCommand)
    assert (reply.command, reply.arguments, reply.place, reply.member) == ("reply", "Tomorrow.", place, True)
    await house.channel.send(Receipt("k-2", place, reply.ref, "delivered"))
    assert [str(one.emoji) for one in (await message.fetch()).reactions] == ["✅"]
    await house.ann.edit(message, "Today!")
    assert house.last(AgentEdit).text == "Today!"
    await house.ann.send(thread, "// a regular")
    note = house.last(AgentCommand)
    assert (note.command, note.arguments) == ("note", "a regular")


async def test_agents_commands_are_seen_by_those_who_may_manage_threads(house: House) -> None:
    result = await house.ann.slash(house.text, "claim", case="K7Q2M4")
    given = house.last(AgentCommand)
    assert (given.command, given.arguments, given.member) == ("claim", "K7Q2M4", True)
    assert result.deferred
    await house.channel.send(
        CommandAnswer(
            "k-3", given.id, given.agent.id, "Case K7Q2M4 is yours.", True, "K7Q2M4", given.answer_to
        )
    )
    assert result.ephemeral
    with pytest.raises(simcord.SetupError):
        await house.zed.slash(house.text, "claim", case="K7Q2M4")


async def test_a_command_with_several_arguments_is_put_together(house: House) -> None:
    await house.ann.slash(house.text, "reply", text="On its way", case="K7Q2M4")
    assert house.last(AgentCommand).arguments == "K7Q2M4 On its way"


async def test_buttons_work_before_and_after_a_restart(house: House) -> None:
    place, _ = await opened(house)
    await house.ann.click(shown(house, place)[0], label="Claim")
    assert house.last(AgentCommand).arguments == "K7Q2M4"
    again = Session(house.options, house.session._tools, house.session._intake._inbox)
    await house.env.restart_bot(again)
    house.arrivals.clear()
    await house.ann.click(shown(house, place)[0], label="Claim")
    assert house.last(AgentCommand).command == "claim"


async def test_closing_asks_for_a_note(house: House) -> None:
    place, _ = await opened(house)
    form = await house.ann.click(shown(house, place)[0], label="Close")
    await house.ann.submit_modal(form, {field_of(form): "refunded"})
    given = house.last(AgentCommand)
    assert (given.command, given.arguments) == ("close", "K7Q2M4 refunded")


async def test_posts_and_the_end_of_a_case(house: House) -> None:
    place, _ = await opened(house)
    await house.channel.send(Post("k-4", place, "👤 Aino:\nhello"))
    assert shown(house, place)[-1].content == "👤 Aino\\:\nhello"
    await house.channel.send(NameRoom("k-5", place, "title", "closed", open=False))
    thread = house.session.get_channel(int(place))
    assert thread is None or (isinstance(thread, discord.Thread) and thread.archived)
