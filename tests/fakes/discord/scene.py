"""What people do: they are there, write, change, delete, react, type, and ask something of the bot."""

from __future__ import annotations

import base64

from tests.fakes.discord import rights
from tests.fakes.discord.interactions import ask
from tests.fakes.discord.things import (
    DM,
    FORUM,
    JSON,
    TEXT,
    Channel,
    Guild,
    Interaction,
    Member,
    Message,
    Person,
    Role,
    Tag,
)
from tests.fakes.discord.uploads import Upload
from tests.fakes.discord.world import World

COMMAND, COMPONENT, FORM = 2, 3, 5


class Scene:
    """The acts of one world; all of them take and give plain data."""

    def __init__(self, world: World) -> None:
        self._world = world

    # --- who and where -------------------------------------------------------------------------------------

    def person(self, name: str, locale: str = "en-US", *, installed: bool = False) -> int:
        """Somebody new."""
        made = Person(self._world.snowflake(), name, locale, installed=installed)
        self._world.people[made.id] = made
        return made.id

    def reachable(self, person: int, reachable: bool) -> None:
        """Somebody takes no messages from the bot, or takes them again."""
        self._world.people[person].reachable = reachable

    def guild(self, name: str, owner: int, thread_cap: int = 1000) -> int:
        """A server with the bot in it."""
        world = self._world
        made = Guild(world.snowflake(), name, owner, thread_cap=thread_cap)
        made.roles[made.id] = Role(made.id, "@everyone", rights.bits(*rights.MEMBERS), 0)
        bots = Role(world.snowflake(), "Jono", rights.bits(*rights.BOT), 1)
        made.roles[bots.id] = bots
        made.members |= {owner: Member(), world.me.id: Member({bots.id})}
        world.guilds[made.id] = made
        return made.id

    def role(self, guild: int, name: str, permissions: list[str]) -> int:
        """A role."""
        world, roles = self._world, self._world.guilds[guild].roles
        made = Role(world.snowflake(), name, rights.bits(*permissions), len(roles))
        roles[made.id] = made
        return made.id

    def joins(self, person: int, guild: int, roles: list[int]) -> None:
        """Somebody is in a server, with these roles from now on."""
        self._world.guilds[guild].members[person] = Member(set(roles))

    def channel(self, guild: int, name: str, *, forum: bool = False, tags: list[str] | None = None) -> int:
        """A text channel or a forum."""
        world = self._world
        made = Channel(world.snowflake(), FORUM if forum else TEXT, name, guild, made_at=world.now())
        made.tags = [Tag(world.snowflake(), tag) for tag in tags or []]
        world.channels[made.id] = made
        return made.id

    def private(self, person: int) -> int:
        """The private conversation with the bot."""
        return self._world.private(self._world.people[person]).id

    def deletes_channel(self, channel: int) -> None:
        """Somebody deletes a channel or a thread."""
        self._world.delete(self._world.channels[channel])

    # --- messages ------------------------------------------------------------------------------------------

    def says(self, person: int, text: str, channel: int = 0, files: list[JSON] | None = None) -> int:
        """Somebody writes, to the bot where no channel is named; gives the message's id."""
        world = self._world
        author = world.people[person]
        place = world.channels[channel] if channel else world.private(author)
        kept = [
            world.uploads.keep(
                place.id,
                world.snowflake(),
                Upload(number, one["name"], base64.b64decode(one["content"]), one.get("mime", "")),
                world.now(),
            )
            for number, one in enumerate(files or [])
        ]
        message = Message(world.snowflake(), place.id, author, world.now(), text, attachments=kept)
        return world.put(message).id

    def edits(self, person: int, message: int, text: str, channel: int = 0) -> None:
        """Somebody changes a message of theirs."""
        found = self._message(person, message, channel)
        found.content, found.edited_at = text, self._world.now()
        self._world.edit(found, None, None)

    def deletes(self, person: int, message: int, channel: int = 0) -> None:
        """Somebody deletes a message of theirs."""
        self._world.remove(self._message(person, message, channel))

    def reacts(self, person: int, message: int, emoji: str, channel: int = 0, *, on: bool = True) -> None:
        """Somebody puts a mark at a message, or takes it away."""
        self._world.react(self._message(person, message, channel), self._world.people[person], emoji, on=on)

    def types(self, person: int, channel: int = 0) -> None:
        """Somebody is writing."""
        place = channel or self.private(person)
        self._world.type_in(self._world.channels[place], self._world.people[person])

    def _message(self, person: int, message: int, channel: int) -> Message:
        return self._world.channels[channel or self.private(person)].messages[message]

    # --- asking something of the bot -----------------------------------------------------------------------

    def commands(self, person: int, name: str, options: JSON, channel: int = 0) -> int:
        """Somebody gives a command; gives the interaction's id. In a server its own commands go first."""
        place = channel or self.private(person)
        guild = self._world.channels[place].guild
        scopes = [guild, 0] if guild else [0]
        found = [
            (scope, one)
            for scope in scopes
            for one in self._world.commands.get(scope, [])
            if one["name"] == name and (not scope or self._is_offered(one, person, place))
        ]
        assert found, f"/{name} is not offered here"
        scope, command = found[0]
        data: JSON = {
            "id": command["id"],
            "name": name,
            "type": 1,
            "options": [{"name": key, "type": 3, "value": value} for key, value in options.items()],
        }
        if scope:
            data["guild_id"] = str(scope)
        return self._ask(COMMAND, "command", name, person, place, data)

    def _is_offered(self, command: JSON, person: int, place: int) -> bool:
        needed = command.get("default_member_permissions")
        given = self._world.permissions(self._world.channels[place], person)
        return needed is None or not int(needed) & ~given

    def presses(self, person: int, channel: int, message: int, custom_id: str) -> int:
        """Somebody presses a button; gives the interaction's id."""
        data = {"custom_id": custom_id, "component_type": 2}
        return self._ask(COMPONENT, "button", custom_id, person, channel, data, source=message)

    def submits(self, person: int, channel: int, interaction: int, text: str) -> int:
        """Somebody fills in the form that answered an interaction; gives the new interaction's id."""
        shown = next(one for one in self._world.interactions.values() if one.id == interaction)
        assert shown.modal is not None, "no form was shown"
        [row] = shown.modal["components"]
        [field] = row["components"]
        filled = {"type": 4, "id": 2, "custom_id": field["custom_id"], "value": text}
        components = [{"type": 1, "id": 1, "components": [filled]}]
        data = {"custom_id": shown.modal["custom_id"], "components": components}
        return self._ask(FORM, "form", shown.modal["custom_id"], person, channel, data)

    def _ask(
        self, kind: int, what: str, name: str, person: int, channel: int, data: JSON, source: int = 0
    ) -> int:
        world = self._world
        place, number = world.channels[channel], world.snowflake()
        assert place.type != DM or person in place.people
        interaction = Interaction(
            number, f"token-{number}-{'x' * 150}", kind, world.people[person], channel, place.guild, world.now(),
            source=source,
        )  # fmt: skip
        world.log.note("asked", id=number, kind=what, name=name, person=person, channel=channel)
        ask(world, interaction, data)
        return number
