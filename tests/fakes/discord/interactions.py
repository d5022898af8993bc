"""How bots answer what people ask of them: https://docs.discord.com/developers/interactions/receiving-and-responding.

The first answer must come within three seconds; then there is a quarter of an hour for what follows.
"""

from __future__ import annotations

from tests.fakes.discord import mentions, payloads
from tests.fakes.discord.errors import bad, unknown
from tests.fakes.discord.messages import calling, components_of, content_of, rewrite
from tests.fakes.discord.rest import Call
from tests.fakes.discord.things import EPHEMERAL, JSON, LOADING, Interaction, Message
from tests.fakes.discord.world import World

MESSAGE, DEFERRED, LATER, UPDATE, MODAL = 4, 5, 6, 7, 9
NAMES = {MESSAGE: "message", DEFERRED: "deferred", LATER: "update", UPDATE: "update", MODAL: "modal"}
FIRST_S, LIFE_S = 3.0, 900.0


def callback(world: World, call: Call) -> JSON | None:
    """The first answer."""
    interaction = world.interactions.get(call.path["hook"])
    if interaction is None or interaction.id != call.number("interaction"):
        raise unknown("interaction")
    if interaction.answered:
        raise bad(40060, "Interaction has already been acknowledged.")
    delay_s = world.now() - interaction.at
    if delay_s > FIRST_S:
        raise unknown("interaction")
    kind, data = int(call.object["type"]), call.object.get("data") or {}
    interaction.answered = kind
    ephemeral = bool(int(data.get("flags") or 0) & EPHEMERAL)
    message = None
    if kind == MODAL:
        interaction.modal = data
    elif kind in (MESSAGE, DEFERRED):
        message = _show(world, call, interaction, data, ephemeral=ephemeral, loading=kind == DEFERRED)
        interaction.original = message.id
    world.log.note(
        "answered",
        id=interaction.id,
        delay_s=delay_s,
        answer=NAMES[kind],
        ephemeral=ephemeral,
        modal=interaction.modal,
    )
    if call.query.get("with_response", "").lower() not in ("true", "1"):
        return None
    told: JSON = {"id": str(interaction.id), "type": interaction.kind}
    resource: JSON = {"type": kind}
    if message is not None:
        told |= {"response_message_id": str(message.id), "response_message_ephemeral": ephemeral}
        resource["message"] = world.body_of(message)
    return {"interaction": told, "resource": resource}


def follow_up(world: World, call: Call) -> JSON:
    """A further message; the first one after "thinking" takes its place."""
    interaction = _alive(world, call)
    body = call.object
    channel = world.channels[interaction.channel]
    original = channel.messages.get(interaction.original)
    if original is not None and original.flags & LOADING:
        rewrite(world, call, channel, original, mentions.IN_INTERACTIONS)
        return world.body_of(original)
    ephemeral = bool(int(body.get("flags") or 0) & EPHEMERAL)
    return world.body_of(_show(world, call, interaction, body, ephemeral=ephemeral))


def original(world: World, call: Call) -> JSON:
    """The first answer, as it is."""
    return world.body_of(_original(world, _alive(world, call)))


def change_original(world: World, call: Call) -> JSON:
    """Change the first answer."""
    interaction = _alive(world, call)
    message = _original(world, interaction)
    rewrite(world, call, world.channels[message.channel], message, mentions.IN_INTERACTIONS)
    return world.body_of(message)


def _alive(world: World, call: Call) -> Interaction:
    interaction = world.interactions.get(call.path["hook"])
    if interaction is None or world.now() - interaction.at > LIFE_S or not interaction.answered:
        raise unknown("webhook")
    return interaction


def _original(world: World, interaction: Interaction) -> Message:
    message = world.channels[interaction.channel].messages.get(interaction.original)
    if message is None:
        raise unknown("message")
    return message


def _show(
    world: World, call: Call, interaction: Interaction, body: JSON, *, ephemeral: bool, loading: bool = False
) -> Message:
    channel, content = world.channels[interaction.channel], content_of(body)
    if not (content or loading):
        raise bad(50006, "Cannot send an empty message")
    called, parse = calling(world, channel, content, body, mentions.IN_INTERACTIONS, None)
    message = Message(
        world.snowflake(),
        channel.id,
        world.me,
        world.now(),
        content,
        type=20,
        flags=LOADING if loading else 0,
        components=components_of(world, body),
        ephemeral_to=interaction.person.id if ephemeral else 0,
        interaction=interaction.id,
    )
    return world.put(message, called, parse)


def ask(world: World, interaction: Interaction, data: JSON) -> None:
    """Somebody asks: every session is told."""
    world.interactions[interaction.token] = interaction
    channel = world.channels[interaction.channel]
    body: JSON = {
        "id": str(interaction.id),
        "application_id": str(world.app),
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "data": data,
        "channel_id": str(channel.id),
        "channel": world.channel_of(channel),
        "locale": interaction.person.locale,
        "app_permissions": str(world.permissions(channel, world.me.id)),
        "entitlements": [],
        "attachment_size_limit": 10 * 1024**2,
        "context": 0 if interaction.guild else 1,
    }
    person = payloads.user(interaction.person)
    if interaction.guild:
        member = payloads.member(world.guilds[interaction.guild].members[interaction.person.id])
        permissions = str(world.permissions(channel, interaction.person.id))
        body |= {
            "guild_id": str(interaction.guild),
            "guild_locale": "en-US",
            "member": member | {"user": person, "permissions": permissions},
            "authorizing_integration_owners": {"0": str(interaction.guild)},
        }
    else:
        body |= {"user": person, "authorizing_integration_owners": {"1": person["id"]}}
    if interaction.source:
        body["message"] = world.body_of(channel.messages[interaction.source])
    world.tell_interaction(body, interaction.id)
