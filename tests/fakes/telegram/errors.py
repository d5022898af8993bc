"""How the Bot API refuses a request."""

from __future__ import annotations

from tests.fakes.telegram.ledger import JSON


class ApiError(Exception):
    """An error as the vendor writes it: `code`, `description`, and `parameters` for programs."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> JSON:
        """What is answered."""
        body: JSON = {"ok": False, "error_code": self.code, "description": self.description}
        return {**body, "parameters": self.parameters} if self.parameters else body


def bad(description: str) -> ApiError:
    """400."""
    return ApiError(400, f"Bad Request: {description}")


def forbidden(description: str) -> ApiError:
    """403."""
    return ApiError(403, f"Forbidden: {description}")


def conflict(description: str) -> ApiError:
    """409."""
    return ApiError(409, description)


def too_many(retry_after_s: int) -> ApiError:
    """429."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after_s}", retry_after=retry_after_s)
