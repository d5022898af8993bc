"""placeholder replaced below"""

import asyncio
from pathlib import Path


async def demo(
    stop: asyncio.Event, *, minutes: float | None, speed: float, port: int, keep: Path | None, seed: int
) -> int:
    raise NotImplementedError
