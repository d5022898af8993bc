"""A call to the Bot API, and what its failure says of the message.

python-telegram-bot raises one `TimedOut` for three things: no free connection and no connection at all (nothing
left, so the message is certainly not delivered), and no answer (perhaps it is). The cause underneath tells.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from adapters.base import Busy, ChannelError, Down, Gone, Refused, Uncertain, Unusable

# The library warns of every 429 until one asks for the type that it will give from its next major version on.
os.environ.setdefault("PTB_TIMEDELTA", "true")

NEVER_LEFT = (httpx.PoolTimeout, httpx.ConnectTimeout, httpx.ConnectError)
"""No request was written, so nothing was delivered."""
GATEWAY_TIMEOUT = "(504)"
"""Somebody in between did not wait for Telegram, which perhaps did it."""
PLACE_GONE = (
    "message thread not found",
    "topic_deleted",
    "topic_id_invalid",
    "message to edit not found",
    "message to be replied not found",
)
"""What is said of a deleted topic or card (https://github.com/tdlib/telegram-bot-api, Client.cpp, and seen)."""
UNCHANGED = ("message is not modified", "topic_not_modified")
REASON_CHARS = 200


class Request(HTTPXRequest):
    """The library's HTTP, strict with answers. One that makes no sense is not logged: it may hold what people wrote."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer. Raises TelegramError for what is none of Telegram's."""
        try:
            read = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict) or not read.keys() & {"result", "description"}:
            raise TelegramError("Invalid server response")
        return read


class Migrated(Exception):
    """The group became a supergroup with another id; nothing was delivered."""

    def __init__(self, chat_id: int) -> None:
        super().__init__(str(chat_id))
        self.chat_id = chat_id


@contextmanager
def sending() -> Iterator[None]:
    """Raises Refused, Gone, Busy, Uncertain or Migrated for what the library raises inside."""
    try:
        yield
    except TelegramError as error:
        _undelivered(error)


async def unless_unchanged(call: Awaitable[object]) -> None:
    """Make a change; that it stands there already is fine."""
    try:
        await call
    except BadRequest as error:
        if not any(words in error.message.lower() for words in UNCHANGED):
            raise


def _foreign(error: TelegramError) -> bool:
    """Whether somebody in between answered: a proxy, say, whose 403 or 404 says nothing of us."""
    return type(error.__cause__) is TelegramError


def _undelivered(error: TelegramError) -> NoReturn:
    match error:
        case RetryAfter():
            raise Busy("too many requests", _seconds(error)) from error
        case ChatMigrated():
            raise Migrated(error.new_chat_id) from error
        case BadRequest() | Forbidden() if not _foreign(error):
            # Before NetworkError, of which BadRequest is a kind.
            gone = any(words in error.message.lower() for words in PLACE_GONE)
            raise (Gone if gone else Refused)(error.message[:REASON_CHARS]) from error
        case InvalidToken():
            # Somebody must mend it, and may: the message waits.
            raise Busy("the token is not accepted") from error
        case NetworkError() if isinstance(error.__cause__, NEVER_LEFT):
            raise Busy(f"no connection: {type(error.__cause__).__name__}") from error
        case NetworkError() if isinstance(error.__cause__, httpx.HTTPError):
            raise Uncertain(f"no answer: {type(error.__cause__).__name__}") from error
        case NetworkError() if GATEWAY_TIMEOUT in error.message:
            raise Uncertain("no answer: gateway timeout") from error
        case NetworkError() | Forbidden():
            raise Busy("Telegram answers with an error") from error
        case _ if type(error) is TelegramError:
            raise Uncertain("an answer that makes no sense") from error
        case _:
            raise Busy(type(error).__name__) from error


def _seconds(error: RetryAfter) -> float:
    """The library changes from a number to a timedelta."""
    told = error.retry_after
    return float(told) if isinstance(told, int) else told.total_seconds()


@contextmanager
def listening() -> Iterator[None]:
    """Raises Down or Unusable for what the library raises inside."""
    try:
        yield
    except TelegramError as error:
        raise _unheard(error) from error


def _unheard(error: TelegramError) -> ChannelError:
    match error:
        case _ if _foreign(error):
            return Down("somebody in between answers for Telegram")
        case InvalidToken():
            return Unusable("the token is not accepted; take it anew from @BotFather (token)")
        case Conflict():
            return Down("another program reads with the same token; stop it, or make a bot of its own for it")
        case BadRequest() | Forbidden():
            return Unusable(error.message[:REASON_CHARS])
        case RetryAfter():
            return Down("Telegram asks for fewer requests")
        case _:
            return Down(f"Telegram cannot be reached ({type(error.__cause__ or error).__name__})")
