"""The process: prints the addresses of its two doors, and runs until its standard input ends.

python -m tests.fakes.discord TOKEN SEED
"""

from __future__ import annotations

import asyncio
import sys

from tests.fakes.discord.serve import serve


async def main(token: str, seed: int) -> None:
    """Run until whoever started it is gone."""
    async with serve(token, seed) as (address, control):
        print(f"{address} {control}", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
