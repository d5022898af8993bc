"""What bots may call about people, the application, servers and commands.

https://docs.discord.com/developers/resources/user and .../interactions/application-commands
"""

from __future__ import annotations

from tests.fakes.discord import payloads
from tests.fakes.discord.errors import TooMany, forbidden, invalid, unknown
from tests.fakes.discord.rest import Call
from tests.fakes.discord.things import JSON, Guild
from tests.fakes.discord.world import World

ABOUT_CHARS, COMMANDS, DESCRIPTION_CHARS = 400, 100, 100


def me(world: World, call: Call) -> JSON:
    """The bot's own account."""
    return payloads.user(world.me)


def user(world: World, call: Call) -> JSON:
    """Somebody's account."""
    found = world.people.get(call.number("user"))
    if found is None:
        raise unknown("user")
    return payloads.user(found)


def change_me(world: World, call: Call) -> JSON:
    """Change the bot's pictures: throttled, and told in a way that reads like bad input."""
    body = call.object
    for name in ("avatar", "banner"):
        if name in body:
            _throttled(world, name, "everywhere")
            setattr(world.me, name, world.uploads.picture(f"{name}s", world.me.id, body[name], name))
            world.log.note("profile", name=name, value=getattr(world.me, name))
    return payloads.user(world.me)


def _throttled(world: World, name: str, where: int | str) -> None:
    """Two changes of one thing in ten minutes, as was seen of pictures; texts are taken to be no freer."""
    settings = world.limits.settings
    wait_s = world.limits.use(f"profile:{name}:{where}", settings.profile, world.now())
    if wait_s and settings.profile_answer == "429":
        raise TooMany(wait_s)
    if wait_s:
        code = f"{name.upper()}_RATE_LIMIT"
        raise invalid(name, code, f"You are changing your {name} too fast. Try again later.")


def private(world: World, call: Call) -> JSON:
    """Open the private conversation with somebody."""
    person = world.people.get(int(call.object.get("recipient_id") or 0))
    if person is None:
        raise unknown("user")
    return world.channel_of(world.private(person))


def app(world: World, call: Call) -> JSON:
    """The application."""
    return {
        "id": str(world.app),
        "name": world.me.name,
        "icon": None,
        "description": world.about,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": world.app_flags,
        "owner": payloads.user(world.me),
        "team": None,
        "summary": "",
        "redirect_uris": [],
    }


def change_app(world: World, call: Call) -> JSON:
    """Change "about me"."""
    about = str(call.object.get("description") or "")
    if len(about) > ABOUT_CHARS:
        raise invalid("description", "BASE_TYPE_MAX_LENGTH", "Must be 400 or fewer in length.")
    _throttled(world, "about", "everywhere")
    world.about = about
    world.log.note("profile", name="about", value=about)
    return app(world, call)


def gateway(world: World, call: Call) -> JSON:
    """Where the gateway is."""
    limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    return {"url": world.gateway.url, "shards": 1, "session_start_limit": limit}


# --- servers -----------------------------------------------------------------------------------------------


def guild_in(world: World, call: Call) -> Guild:
    """The server of the path, if the bot is in it. Raises ApiError."""
    guild = world.guilds.get(call.number("guild"))
    if guild is None:
        raise unknown("guild")
    if world.me.id not in guild.members:
        raise forbidden(50001)
    return guild


def guild(world: World, call: Call) -> JSON:
    """One server."""
    return payloads.guild(guild_in(world, call))


def member(world: World, call: Call) -> JSON:
    """Somebody in a server."""
    found = guild_in(world, call).members.get(call.number("user"))
    if found is None:
        raise unknown("member")
    return payloads.member(found, world.people[call.number("user")])


def change_my_member(world: World, call: Call) -> JSON:
    """Change how the bot looks in one server; what its bio says is told to nobody."""
    one, body = guild_in(world, call), call.object
    mine = one.members[world.me.id]
    for name in ("avatar", "banner"):
        if name in body:
            _throttled(world, name, one.id)
            kind = f"guilds/{one.id}/users/{world.me.id}"
            setattr(mine, name, world.uploads.picture(kind, f"{name}s", body[name], name))
            world.log.note("profile", name=f"{name}:{one.id}", value=getattr(mine, name))
    if "bio" in body:
        _throttled(world, "bio", one.id)
        mine.bio = str(body["bio"] or "")
        world.log.note("profile", name=f"bio:{one.id}", value=mine.bio)
    return payloads.member(mine, world.me)


# --- commands ----------------------------------------------------------------------------------------------


def publish(world: World, call: Call) -> list[JSON]:
    """Put a whole list of commands in the place of another."""
    scope = int(call.path.get("guild", "0"))
    commands = call.body
    if not isinstance(commands, list) or len(commands) > COMMANDS:
        raise invalid("commands", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
    for number, command in enumerate(commands):
        if not 1 <= len(command.get("description", "")) <= DESCRIPTION_CHARS:
            raise invalid(
                f"{number}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."
            )
    known = {one["name"]: one["id"] for one in world.commands.get(scope, [])}
    kept = [
        command
        | {
            "id": known.get(command["name"], str(world.snowflake())),
            "application_id": str(world.app),
            "version": "1",
            "default_member_permissions": command.get("default_member_permissions"),
        }
        | ({"guild_id": str(scope)} if scope else {})
        for command in commands
    ]
    world.commands[scope] = kept
    world.log.note("commands", guild=scope, commands=kept)
    return kept


def published(world: World, call: Call) -> list[JSON]:
    """The commands as they are."""
    return world.commands.get(int(call.path.get("guild", "0")), [])
