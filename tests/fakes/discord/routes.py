"""All routes of the API, who handles them, and which take the bot's token."""

from __future__ import annotations

from tests.fakes.discord import account, channels, interactions, messages
from tests.fakes.discord.rest import Route

MESSAGE = "/channels/{channel}/messages/{message}"
HOOK = "/webhooks/{app}/{hook}"
COMMANDS = "/applications/{app}/commands"
GUILD_COMMANDS = "/applications/{app}/guilds/{guild}/commands"

ROUTES: list[Route] = [
    ("GET /users/@me", account.me, True),
    ("PATCH /users/@me", account.change_me, True),
    ("POST /users/@me/channels", account.private, True),
    ("GET /users/{user}", account.user, True),
    ("GET /oauth2/applications/@me", account.app, True),
    ("GET /applications/@me", account.app, True),
    ("PATCH /applications/@me", account.change_app, True),
    ("GET /gateway", account.gateway, False),
    ("GET /gateway/bot", account.gateway, True),
    ("GET /guilds/{guild}", account.guild, True),
    ("GET /guilds/{guild}/members/{user}", account.member, True),
    ("PATCH /guilds/{guild}/members/@me", account.change_my_member, True),
    ("GET /guilds/{guild}/threads/active", channels.active, True),
    (f"PUT {COMMANDS}", account.publish, True),
    (f"GET {COMMANDS}", account.published, True),
    (f"PUT {GUILD_COMMANDS}", account.publish, True),
    (f"GET {GUILD_COMMANDS}", account.published, True),
    ("GET /channels/{channel}", channels.get, True),
    ("PATCH /channels/{channel}", channels.change, True),
    ("POST /channels/{channel}/threads", channels.start, True),
    ("GET /channels/{channel}/threads/archived/public", channels.archived, True),
    ("GET /channels/{channel}/threads/archived/private", channels.archived, True),
    ("POST /channels/{channel}/typing", messages.typing, True),
    ("GET /channels/{channel}/messages", messages.history, True),
    ("POST /channels/{channel}/messages", messages.create, True),
    (f"GET {MESSAGE}", messages.one, True),
    (f"PATCH {MESSAGE}", messages.change, True),
    (f"DELETE {MESSAGE}", messages.delete, True),
    (f"PUT {MESSAGE}/reactions/{{emoji}}/@me", messages.react, True),
    (f"DELETE {MESSAGE}/reactions/{{emoji}}/@me", messages.unreact, True),
    ("POST /interactions/{interaction}/{hook}/callback", interactions.callback, False),
    (f"POST {HOOK}", interactions.follow_up, False),
    (f"GET {HOOK}/messages/@original", interactions.original, False),
    (f"PATCH {HOOK}/messages/@original", interactions.change_original, False),
]
