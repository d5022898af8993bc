"""The process: prints the two addresses, and runs until its standard input ends.

python -m tests.fakes.telegram TOKEN... [--seed N] [--conflict-s S]
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from aiohttp import web

from tests.fakes.telegram.control import Control
from tests.fakes.telegram.server import Door
from tests.fakes.telegram.world import World


async def main(arguments: argparse.Namespace) -> None:
    """Run until whoever started it is gone."""
    worlds = [
        World(number, token, arguments.seed, arguments.conflict_s)
        for number, token in enumerate(arguments.tokens)
    ]
    door = Door({world.token: world for world in worlds})
    await door.open()
    runner = web.AppRunner(Control(worlds, door).app(), access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{door.port} http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        for world in worlds:
            await world.updates.aclose()
        await door.shut()
        await runner.cleanup()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Telegram's Bot API on loopback")
    parser.add_argument("tokens", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--conflict-s", type=float, default=0.2)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(_arguments()))
