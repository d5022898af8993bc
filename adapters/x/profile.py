"""The account's banner and bio, by two calls that X describes no more, and may end any day:
https://developer.x.com/en/docs/x-api/v1/accounts-and-users/manage-account-settings/overview

Each place of the profile switches itself off once X says that there is no such call, or none for us.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO

from aiohttp import ClientSession

from adapters.base import Answered, Busy, Outlet, Refused, Shown, download
from adapters.x.calls import Calls

BANNER = Outlet("banner", least_s=900, format="x", encoding="png")
"""1500 x 500: `x` among `bot.formats`."""
BIO = Outlet("bio", least_s=900, chars=160)
OUTLETS = (BANNER, BIO)
ENDED = frozenset({403, 404, 410})
BANNER_BYTES = 5_000_000
ME = "/2/users/me?user.fields=description,profile_banner_url"


class Places:
    """What can be shown in the profile. `report` takes what is switched off, "" when nothing is."""

    def __init__(self, calls: Calls, http: ClientSession, report: Callable[[str], None]) -> None:
        self._calls = calls
        self._http = http
        self._report = report
        self._off: dict[str, str] = {}

    async def read(self, name: str) -> Shown:
        """What stands there now. Raises Refused or Busy."""
        me = await self._calls.ask(ME)
        if name == BIO.name:
            bio = me.get("description")
            return {"": bio if isinstance(bio, str) else ""}
        address = me.get("profile_banner_url")
        if not isinstance(address, str) or not address:
            return None
        picture = BytesIO()
        answer = await download(self._http, f"{address}/1500x500", picture, most_bytes=BANNER_BYTES)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
        return picture.getvalue()

    async def show(self, name: str, shown: Shown) -> None:
        """Put it there. Raises Refused, Busy or Uncertain."""
        if name in self._off:
            raise Refused(self._off[name])
        answer = await (self._show_bio(shown) if name == BIO.name else self._show_banner(shown))
        if answer.status in ENDED:
            self._off[name] = f"X lets the {name} be changed by no app of ours (HTTP {answer.status})"
            self._report("; ".join(self._off.values()))
            raise Refused(self._off[name])
        self._calls.judge(answer, sends=False)

    async def _show_bio(self, shown: Shown) -> Answered:
        if not isinstance(shown, Mapping):
            raise Refused("a bio is text")
        return await self._calls.put("/1.1/account/update_profile.json", {"description": shown.get("", "")})

    async def _show_banner(self, shown: Shown) -> Answered:
        if isinstance(shown, Mapping):
            raise Refused("a banner is no text")
        if shown is None:
            return await self._calls.put("/1.1/account/remove_profile_banner.json", {})
        return await self._calls.put("/1.1/account/update_profile_banner.json", {}, ("banner", shown))
