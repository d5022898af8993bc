"""How tests wait for what must come: one way, with one limit.

A busy machine takes seconds for what another has in milliseconds. A tight limit fails there though nothing is wrong; a
generous one costs time only where a test fails anyway. What is to come within a certain time, or not at all, is
not waited for here: such a limit is what its test is about, and stands in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, TypeVar, overload

WITHIN_S = 90.0
"""How long a test waits for what must come; only one that fails waits so long."""
POLL_S = 0.002
"""How long until it asks again; where that is work for a bot or a store, `every_s` is more."""
UNNAMED = "what was waited for"

Found = TypeVar("Found")


@overload
async def until(
    condition: Callable[[], Awaitable[Found | None]],
    what: str = UNNAMED,
    within_s: float = WITHIN_S,
    every_s: float = POLL_S,
) -> Found: ...


@overload
async def until(
    condition: Callable[[], Found | None],
    what: str = UNNAMED,
    within_s: float = WITHIN_S,
    every_s: float = POLL_S,
) -> Found: ...


async def until(
    condition: Callable[[], Any],
    what: str = UNNAMED,
    within_s: float = WITHIN_S,
    every_s: float = POLL_S,
) -> Any:
    """What `condition` gives, once that is true."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                answer = condition()
                if found := await answer if isawaitable(answer) else answer:
                    return found
                await asyncio.sleep(every_s)
    except TimeoutError as error:
        raise AssertionError(f"{what}: not within {within_s:.0f} s") from error
