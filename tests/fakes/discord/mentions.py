"""Whom a message calls: https://docs.discord.com/developers/resources/message#allowed-mentions-object."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.fakes.discord.errors import invalid
from tests.fakes.discord.things import JSON

EVERYONE = re.compile(r"@(everyone|here)")
USER, ROLE = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>")
IN_MESSAGES = ("users", "roles", "everyone")
IN_INTERACTIONS = ("users",)
CODE = re.compile(r"(```.*?```|``.*?``|`[^`\n]*`)", re.DOTALL)
SHOWN = re.compile(r"(https?://[^\s<]+[^<.,:;\"')\]\s])|\\([^0-9A-Za-z\s])")
"""A link, which clients show as it is; or an escaped mark, which they show without the backslash."""


@dataclass(frozen=True, slots=True)
class Called:
    """Who is called by a message."""

    everyone: bool
    roles: tuple[int, ...]
    users: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many pings it makes; everyone is one."""
        return self.everyone + len(self.roles) + len(self.users)


def called(content: str, allowed: JSON | None, default: Sequence[str], replied_to: int = 0) -> Called:
    """Who is called, where the bot may mention everyone. Raises ApiError.

    As Discord does, `@everyone` counts inside of words and behind a backslash too; only code hides it."""
    parse, users, roles = _allowed(allowed, default)
    text = CODE.sub(" ", content)
    found_users = tuple(dict.fromkeys(int(one) for one in USER.findall(text)))
    found_roles = tuple(dict.fromkeys(int(one) for one in ROLE.findall(text)))
    called_users = tuple(one for one in found_users if "users" in parse or one in users)
    if replied_to and allowed is not None and allowed.get("replied_user") and replied_to not in called_users:
        called_users += (replied_to,)
    return Called(
        everyone="everyone" in parse and bool(EVERYONE.search(text)),
        roles=tuple(one for one in found_roles if "roles" in parse or one in roles),
        users=called_users,
    )


def _allowed(allowed: JSON | None, default: Sequence[str]) -> tuple[Sequence[str], set[int], set[int]]:
    if allowed is None:
        return default, set(), set()
    parse = allowed.get("parse") or []
    users, roles = (set(map(int, allowed.get(name) or ())) for name in ("users", "roles"))
    for name, listed in (("users", users), ("roles", roles)):
        if name in parse and listed:
            message = f"parse:['{name}'] and {name}: [ids...] are mutually exclusive."
            raise invalid("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
    return parse, users, roles


def seen(content: str) -> str:
    """What a reader sees of a text in which every mark is escaped."""
    return SHOWN.sub(lambda found: found[1] or found[2], content)
