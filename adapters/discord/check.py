"""Whether the bot would work as it is configured: its token, intents, server, channel, rights, role."""

from __future__ import annotations

from discord import Client, ForumChannel, Guild, Permissions, TextChannel

from adapters.base import ROOM_STATES, Finding, Undelivered
from adapters.discord.calls import calling
from adapters.discord.options import Options

NEEDED = Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    create_private_threads=True,
    manage_threads=True,
    add_reactions=True,
    attach_files=True,
    read_message_history=True,
)
"""What the bot does in the agents' channel."""
ACTIVE_THREADS, NEARLY = 1000, 900
"""https://discord.com/developers/docs/topics/threads#limits"""


async def findings(client: Client, options: Options) -> list[Finding]:
    """What was looked at, and what is wrong with it. `client` is logged in."""
    assert client.user is not None
    found = [Finding(f"the token: it is {client.user}'s"), *await _intents(client, options)]
    if not options.agents_channel:
        return [*found, Finding("no agents' channel: agents work elsewhere")]
    try:
        with calling():
            guild = await client.fetch_guild(options.guild)
    except Undelivered as error:
        way_out = "invite the bot with the link of docs/discord.md, and set guild to the server's id"
        return [*found, Finding("the agents' server", f"{error}; {way_out}")]
    return [*found, *_role(guild, options), *await _channel(client, guild, options)]


async def _intents(client: Client, options: Options) -> list[Finding]:
    flags = (await client.application_info()).flags
    allowed = flags.gateway_message_content or flags.gateway_message_content_limited
    if not options.agents_channel or allowed:
        return [Finding("the intents")]
    return [Finding("the intents", "Message Content is off: turn it on in the developer portal, under Bot")]


def _role(guild: Guild, options: Options) -> list[Finding]:
    if not options.agent_role:
        return [Finding("no agents' role: only those in the list of agents are agents")]
    role = guild.get_role(options.agent_role)
    wrong = (
        ""
        if role
        else f"the server “{guild.name}” has no role {options.agent_role}: set agent_role to its id"
    )
    return [Finding("the agents' role" + (f" “{role.name}”" if role else ""), wrong)]


async def _channel(client: Client, guild: Guild, options: Options) -> list[Finding]:
    assert client.user is not None
    what = "the agents' channel"
    try:
        with calling():
            channel = await guild.fetch_channel(options.agents_channel)
            me = await guild.fetch_member(client.user.id)
            active = len(await guild.active_threads())
    except Undelivered as error:
        return [
            Finding(what, f"{error}; set agents_channel to the id of a forum or text channel the bot can see")
        ]
    if not isinstance(channel, ForumChannel | TextChannel):
        return [Finding(what, "is neither a forum nor a text channel")]
    missing = [name for name, wanted in NEEDED if wanted and not getattr(channel.permissions_for(me), name)]
    wrong = f"missing permissions: {', '.join(missing)}; give them to the bot's role in #{channel.name}"
    found = [Finding(f"{what} #{channel.name}", wrong if missing else "")]
    if isinstance(channel, ForumChannel):
        tags = {tag.name.lower() for tag in channel.available_tags}
        absent = [state for state in ROOM_STATES if state not in tags]
        hint = f": tags that are not there are left out ({', '.join(absent)})" if absent else ""
        found.append(Finding(f"the forum's tags{hint}"))
    crowded = f"{active} of {ACTIVE_THREADS} are in use: archive old ones" if active >= NEARLY else ""
    return [*found, Finding(f"active threads: {active}", crowded)]
