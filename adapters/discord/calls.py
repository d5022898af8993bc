"""A REST call to Discord, and what its failure says of the message.

Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from discord import DiscordServerError, HTTPException, LoginFailure, RateLimited

from adapters.base import Busy, Gone, Refused, Uncertain, Undelivered

SLEEPS_S = 30.0
"""The library waits out shorter limits itself; longer ones are the bot's to wait for."""
BAN_PAUSE_S = 300.0
"""A 429 that is not the API's own comes from the shield before it, which bans for minutes."""
TOKEN_PAUSE_S = 60.0
"""Ten thousand refused requests within ten minutes ban the address."""
PROFILE_PAUSE_S = 900.0
UNREACHABLE = {50007: "they take no messages from the bot", 50278: "no server in common, and not installed"}
PLACE_GONE = {10003: "the channel is gone", 10008: "the message is gone"}
ACKNOWLEDGED = 40060
ARCHIVED = 50083
TOO_LATE = {10015, 10062, 50027}
"""Interactions live for a quarter of an hour, and only if they were acknowledged within three seconds."""
TOO_FAST = {20028: 30.0, 40003: 60.0, 160006: 300.0}
"""Written to too fast, private channels opened too fast, too many active threads: in seconds."""


@contextmanager
def calling(*, in_room: bool = False, sends: bool = True) -> Iterator[None]:
    """Raises Refused, Gone (for what is missing in a room), Busy or Uncertain for what the library raises inside.
    What only reads is never uncertain."""
    try:
        yield
    except RateLimited as error:
        raise Busy("too many requests", error.retry_after) from error
    except LoginFailure as error:
        raise Busy("the token is not accepted", TOKEN_PAUSE_S) from error
    except HTTPException as error:
        raise _undelivered(error, in_room) from error
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Busy(f"no connection: {type(error).__name__}") from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        reason = f"no answer: {type(error).__name__}"
        raise (Uncertain(reason) if sends else Busy(reason)) from error


def _undelivered(error: HTTPException, in_room: bool) -> Undelivered:
    if isinstance(error, DiscordServerError):
        return Busy("Discord answers with an error")
    if error.code in PLACE_GONE:
        return (Gone if in_room else Refused)(PLACE_GONE[error.code])
    if error.code in UNREACHABLE:
        return Refused(UNREACHABLE[error.code])
    if error.code in TOO_LATE:
        return Refused("whoever asked waits no longer")
    if error.code in TOO_FAST:
        return Busy(f"Discord wants it slower (code {error.code})", TOO_FAST[error.code])
    if error.status == 429:
        return Busy("too many requests", BAN_PAUSE_S)
    if error.status == 401:
        return Busy("the token is not accepted", TOKEN_PAUSE_S)
    if "RATE_LIMIT" in repr(getattr(error, "_errors", None)):
        # Pictures are limited by an answer that reads like bad input; trying again makes it longer.
        return Busy("the profile was changed too often", PROFILE_PAUSE_S)
    return Refused(f"{error.text or 'refused'} (code {error.code})")
