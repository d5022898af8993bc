"""How the API refuses: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal: HTTP status, Discord's own code, and what else the body says."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.more = more

    def body(self) -> dict[str, Any]:
        """As it is sent."""
        return {"message": self.message, "code": self.code, **self.more}


class TooMany(ApiError):
    """A 429 of the API itself."""

    def __init__(self, retry_after_s: float, *, everywhere: bool = False, code: int = 0) -> None:
        message = "You are being rate limited."
        super().__init__(429, code, message, retry_after=round(retry_after_s, 3))
        self.more["global"] = everywhere
        self.retry_after_s = retry_after_s
        self.everywhere = everywhere

    def body(self) -> dict[str, Any]:
        """A code is there for some limits only."""
        coded = {"code": self.code} if self.code else {}
        return {"message": self.message, **self.more, **coded}


UNKNOWN = {
    "channel": 10003,
    "guild": 10004,
    "member": 10007,
    "message": 10008,
    "role": 10011,
    "user": 10013,
    "webhook": 10015,
    "interaction": 10062,
}


def unknown(what: str) -> ApiError:
    """Something that is not there, or not for this bot to know of."""
    return ApiError(404, UNKNOWN[what], f"Unknown {what.capitalize()}")


def forbidden(code: int) -> ApiError:
    """Something that is there and not allowed."""
    messages = {
        50001: "Missing Access",
        50005: "Cannot edit a message authored by another user",
        50007: "Cannot send messages to this user",
        50013: "Missing Permissions",
        50278: "Cannot send messages to this user due to having no mutual guilds",
        40003: "You are opening direct messages too fast",
    }
    return ApiError(403, code, messages[code])


def bad(code: int, message: str) -> ApiError:
    """Something that makes no sense."""
    return ApiError(400, code, message)


def invalid(field: str, code: str, message: str) -> ApiError:
    """A field of the body is not as it must be. `field` may be a path, with points."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for name in reversed(field.split(".")):
        errors = {name: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors=errors)
