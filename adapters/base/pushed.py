"""A request that a platform makes, where it is more than a body to be accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request to `/hooks/<channel>`; `path` is what follows the channel's name, "" or "/and/so/on"."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What the platform is answered."""

    body: bytes = b""
    content_type: str = "text/plain"
    status: int = 200


@runtime_checkable
class Answering(Protocol):
    """The platform asks before it pushes, or wants to be answered in its own way. Requests of every method and path
    below the hook come here first."""

    thanks: Told
    """The answer to what was taken in."""

    def answer(self, pushed: Pushed, now: float) -> Told | None:
        """What to say at once to a request that brings nothing, such as a challenge; None for one that is to be
        accepted. `now` in epoch seconds. Pure. Raises Untrusted or Malformed."""
        ...
