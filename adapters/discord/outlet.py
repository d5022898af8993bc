"""Where the published wait is shown: the bot's presence, its "about me", its banner.

Changes of a profile are throttled on purpose, to about two in ten minutes, and trying again makes it worse
(https://github.com/discord/discord-api-docs/discussions/4562): so pictures and texts change seldom.
"""

from __future__ import annotations

from collections.abc import Mapping

from discord import Client, CustomActivity

from adapters.base import Busy, Outlet, Refused, Shown

PRESENCE = Outlet("presence", least_s=30, chars=128, in_session=True)
ABOUT = Outlet("about", least_s=900, chars=400)
BANNER = Outlet("banner", least_s=900, format="discord")
OUTLETS = {outlet.name: outlet for outlet in (PRESENCE, ABOUT, BANNER)}


async def show_presence(session: Client | None, shown: Shown) -> None:
    """The line under the bot's name, as long as the session lasts."""
    if session is None or not session.is_ready():
        raise Busy("there is no session with the gateway")
    text = _text(shown)
    await session.change_presence(activity=CustomActivity(text) if text else None)


async def read(client: Client, name: str) -> Shown:
    """What stands in the profile now."""
    if name == ABOUT.name:
        return {"": (await client.application_info()).description}
    if name == BANNER.name:
        assert client.user is not None
        user = await client.fetch_user(client.user.id)
        return await user.banner.read() if user.banner is not None else None
    return None


async def show(client: Client, name: str, shown: Shown) -> None:
    """Put it into the profile."""
    if name == ABOUT.name:
        await (await client.application_info()).edit(description=_text(shown))
    elif name == BANNER.name:
        if isinstance(shown, Mapping):
            raise Refused("a banner is a picture")
        assert client.user is not None
        await client.user.edit(banner=shown)


def _text(shown: Shown) -> str:
    if isinstance(shown, bytes):
        raise Refused("a text is wanted")
    return shown.get("", "") if shown else ""
