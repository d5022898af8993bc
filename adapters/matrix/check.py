"""Who the homeserver takes the bot for, and whether it would work as it is configured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from adapters.base import Busy, Finding, Refused, Undelivered, maybe_object, maybe_text
from adapters.matrix.calls import CLIENT, Calls, quoted
from adapters.matrix.options import Options
from adapters.matrix.sync import NOTHING

NEEDED = (1, 11)
"""Since this version files are fetched with the token: https://spec.matrix.org/v1.11/changelog/"""
SEALED = "is encrypted, and nothing of it can be read: make one without encryption"
MESSAGE, TOPIC = "m.room.message", "m.room.topic"


async def who(calls: Calls) -> str:
    """Whose token it is. Raises Refused or Busy."""
    user = maybe_text(await calls.ask("GET", f"{CLIENT}/account/whoami"), "user_id")
    if not user:
        raise Busy("that is no homeserver's answer: it has no user_id")
    return user


async def register(calls: Calls, user: str) -> None:
    """Make the bot's account, if it is not there: the homeserver makes none by itself. Raises Refused or Busy."""
    name = user.removeprefix("@").partition(":")[0]
    wanted = {"type": "m.login.application_service", "username": name, "inhibit_login": True}
    try:
        await calls.ask("POST", f"{CLIENT}/register", json=wanted)
    except Refused as error:
        if "M_USER_IN_USE" not in str(error):
            raise


async def sealed(calls: Calls, room_id: str) -> str:
    """What is wrong where a room is encrypted, "" where it is not. Raises Busy or Refused."""
    return SEALED if await _state(calls, room_id, "m.room.encryption") else ""


async def findings(calls: Calls, options: Options, hook_url: str) -> list[Finding]:
    """What was looked at, and what is wrong with it."""
    try:
        user = await who(calls)
    except Undelivered as error:
        return [Finding("the token", str(error))]
    other = "" if user == options.user else f"it is that of {user}: set user, or take the bot's own token"
    found = [Finding(f"the token is that of {options.user}", other)]
    rooms = ((options.agents_room, MESSAGE, "agents_room"), (options.topic_room, TOPIC, "topic_room"))
    looks = [("the homeserver", _version(calls))]
    looks += [(key, _room(calls, options.user, key, room, kind)) for room, kind, key in rooms if room]
    for what, look in looks:
        try:
            found.append(await look)
        except Undelivered as error:
            found.append(Finding(what, str(error)))
    pushed = f"events are pushed to {hook_url}: the url in the registration"
    return [*found, Finding(pushed if options.secrets else "events are pulled")]


async def _version(calls: Calls) -> Finding:
    versions = (await calls.ask("GET", "/_matrix/client/versions")).get("versions")
    told = [one for one in versions if isinstance(one, str)] if isinstance(versions, list) else []
    new = any(_number(one) >= NEEDED for one in told)
    return Finding("the homeserver speaks Matrix 1.11", "" if new else "it is older: files cannot be fetched")


def _number(version: str) -> tuple[int, ...]:
    parts = version.removeprefix("v").split(".")
    return tuple(map(int, parts)) if version.startswith("v") and all(map(str.isdecimal, parts)) else ()


async def _room(calls: Calls, user: str, key: str, room_id: str, kind: str) -> Finding:
    joined = (await calls.ask("GET", f"{CLIENT}/joined_rooms")).get("joined_rooms")
    if not isinstance(joined, list) or room_id not in joined:
        return await _outside(calls, key, room_id)
    if kind == MESSAGE and await sealed(calls, room_id):
        return Finding(key, SEALED)
    levels = await _state(calls, room_id, "m.room.power_levels")
    needed = _level(levels, "events", kind, "state_default" if kind == TOPIC else "events_default", 50)
    if _level(levels, "users", user, "users_default", 0) < needed:
        return Finding(key, f"the bot may not send {kind}: give it a power level of {needed}")
    return Finding(f"{key}: the bot is in it, and may write")


async def _outside(calls: Calls, key: str, room_id: str) -> Finding:
    """A room that the bot is not in: an invitation is enough, as it goes in by itself."""
    room = {"rooms": [room_id], "timeline": {"limit": 1}, "state": NOTHING, "ephemeral": NOTHING}
    wanted = {"presence": NOTHING, "account_data": NOTHING, "room": room}
    query = {"filter": json.dumps(wanted), "timeout": 0, "set_presence": "offline"}
    try:
        told = await calls.ask("GET", f"{CLIENT}/sync", query=query)
    except Undelivered:
        return Finding(f"{key}: the bot is not in it yet; once it is invited, `jono run` goes in")
    if room_id in maybe_object(maybe_object(told, "rooms"), "invite"):
        return Finding(f"{key}: the bot is invited, and `jono run` goes in")
    return Finding(key, "the bot is neither in it nor invited: invite it")


async def _state(calls: Calls, room_id: str, kind: str) -> Mapping[str, Any]:
    """A room's state; {} where there is none."""
    try:
        return await calls.ask("GET", f"{CLIENT}/rooms/{quoted(room_id)}/state/{kind}")
    except Refused as error:
        if "M_NOT_FOUND" in str(error):
            return {}
        raise


def _level(levels: Mapping[str, Any], table: str, name: str, default: str, without: int) -> int:
    """A power level: https://spec.matrix.org/latest/client-server-api/#mroompower_levels"""
    rows = levels.get(table)
    row = rows.get(name) if isinstance(rows, dict) else None
    found = row if row is not None else levels.get(default, without if default == "state_default" else 0)
    return found if type(found) is int else 0
