"""A call to the Bot API, and what its failure says of the message.

python-telegram-bot raises one `TimedOut` for three things: no free connection and no connection at all (nothing
left, so the message is certainly not delivered), and no answer (perhaps it is). The cause underneath tells.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import NoReturn

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

from adapters.base import Busy, ChannelError, Down, Gone, Refused, Uncertain, Unusable

NEVER_LEFT = (httpx.PoolTimeout, httpx.ConnectTimeout, httpx.ConnectError)
"""No request was written, so nothing was delivered."""
PLACE_GONE = (
    "message thread not found",
    "topic_deleted",
    "topic_id_invalid",
    "message to edit not found",
    "message to reply not found",
)
"""What the Bot API says of a deleted topic or card (https://core.telegram.org/bots/api#making-requests; seen)."""
UNCHANGED = ("message is not modified", "topic_not_modified")


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
    except AttributeError as error:
        # The library expects an object in an error's body; a proxy in between may answer anything.
        raise Busy("an answer that makes no sense") from error


async def unless_unchanged(call: Awaitable[object]) -> None:
    """Make a change; that it stands there already is fine."""
    try:
        await call
    except BadRequest as error:
        if not any(words in error.message.lower() for words in UNCHANGED):
            raise


def _undelivered(error: TelegramError) -> NoReturn:
    match error:
        case RetryAfter():
            raise Busy("too many requests", _seconds(error)) from error
        case ChatMigrated():
            raise Migrated(error.new_chat_id) from error
        case BadRequest():
            # Before NetworkError, of which it is a kind.
            gone = any(words in error.message.lower() for words in PLACE_GONE)
            raise (Gone if gone else Refused)(error.message) from error
        case Forbidden():
            raise Refused(error.message) from error
        case InvalidToken():
            # Somebody must mend it, and may: the message waits.
            raise Busy("the token is not accepted") from error
        case NetworkError() if not isinstance(error.__cause__, httpx.HTTPError):
            raise Busy("Telegram answers with an error") from error
        case NetworkError() if isinstance(error.__cause__, NEVER_LEFT):
            raise Busy(f"no connection: {type(error.__cause__).__name__}") from error
        case NetworkError():
            raise Uncertain(f"no answer: {type(error.__cause__).__name__}") from error
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
    except AttributeError as error:
        raise Down("Telegram's answer makes no sense") from error


def _unheard(error: TelegramError) -> ChannelError:
    match error:
        case InvalidToken():
            return Unusable("the token is not accepted; take it anew from @BotFather (token)")
        case Conflict():
            return Down("another program reads with the same token; stop it, or make a bot of its own for it")
        case BadRequest() | Forbidden():
            return Unusable(error.message)
        case RetryAfter():
            return Down("Telegram asks for fewer requests")
        case _:
            return Down(f"Telegram cannot be reached ({type(error.__cause__ or error).__name__})")
