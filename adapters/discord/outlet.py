"""Where the published wait is shown: the bot's presence, its "about me", its banner; and those of one server.

Changes of a profile are throttled on purpose, to about two in ten minutes, and trying again makes it worse
(https://github.com/discord/discord-api-docs/discussions/4562): so pictures and texts change seldom.
"""

from __future__ import annotations

from collections.abc import Mapping

from discord import Client, CustomActivity, Member

from adapters.base import Busy, Outlet, Refused, Shown

PRESENCE = Outlet("presence", least_s=30, chars=128, in_session=True)
ABOUT = Outlet("about", least_s=900, chars=400)
BANNER = Outlet("banner", least_s=900, format="discord")
GUILD_BANNER = Outlet("guild_banner", least_s=900, format="discord")
GUILD_BIO = Outlet("guild_bio", least_s=900, chars=190)
"""https://discord.com/developers/docs/resources/guild#modify-current-member; a bio can be written, but not read."""
OUTLETS = {outlet.name: outlet for outlet in (PRESENCE, ABOUT, BANNER, GUILD_BANNER, GUILD_BIO)}


async def show_presence(session: Client | None, shown: Shown) -> None:
    """The line under the bot's name, as long as the session lasts."""
    if session is None or not session.is_ready():
        raise Busy("there is no session with the gateway")
    text = _text(shown)
    await session.change_presence(activity=CustomActivity(text) if text else None)


async def read(client: Client, name: str, guild: int) -> Shown:
    """What stands in the profile now, in the server `guild` where it is one of its own."""
    if name == ABOUT.name:
        return {"": (await client.application_info()).description}
    if name == BANNER.name:
        assert client.user is not None
        user = await client.fetch_user(client.user.id)
        return await user.banner.read() if user.banner is not None else None
    if name == GUILD_BANNER.name:
        banner = (await _me_in(client, guild)).guild_banner
        return await banner.read() if banner is not None else None
    return None


async def show(client: Client, name: str, shown: Shown, guild: int) -> None:
    """Put it into the profile."""
    if name == ABOUT.name:
        await (await client.application_info()).edit(description=_text(shown))
    elif name == BANNER.name:
        assert client.user is not None
        await client.user.edit(banner=_picture(shown))
    elif name == GUILD_BANNER.name:
        await (await _me_in(client, guild)).edit(banner=_picture(shown))
    elif name == GUILD_BIO.name:
        await (await _me_in(client, guild)).edit(bio=_text(shown) or None)


async def _me_in(client: Client, guild: int) -> Member:
    """The bot as a member of the server."""
    assert client.user is not None
    return await (await client.fetch_guild(guild)).fetch_member(client.user.id)


def _picture(shown: Shown) -> bytes | None:
    if isinstance(shown, Mapping):
        raise Refused("a picture is wanted")
    return shown


def _text(shown: Shown) -> str:
    if isinstance(shown, bytes):
        raise Refused("a text is wanted")
    return shown.get("", "") if shown else ""
