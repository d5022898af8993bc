"""Draws banners beside the bot, never in it: the renderer keeps the interpreter to itself for a tenth of a second
or more, in which no message could come in.

One short-lived process a picture, one at a time; a picture is drawn once for each thing it says. `python -m
bot.painter` is that process: what to draw comes as JSON on standard input, the encoded picture goes to standard output.
"""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from dataclasses import asdict, dataclass

import msgspec

from bot.look import OURS, Look
from bot.words.sign import Sign

PICTURES_KEPT = 256
DRAWN_WITHIN_S = 20.0
CANNOT_DRAW = 3
"""The exit code of a process that was asked for what cannot be drawn, such as glyphs that no font has."""


class CannotDraw(Exception):
    """The picture cannot be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a banner shows; equal pictures are equal bytes."""

    format: str
    sign: Sign
    brand: str
    title: str
    encoding: str = "png"
    look: Look = OURS


class Painter:
    """Pictures, each drawn once."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[Picture, bytes] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    async def draw(self, picture: Picture) -> bytes:
        """The picture in its encoding. Raises CannotDraw."""
        async with self._one_at_a_time:
            drawn = self._drawn.get(picture)
            if drawn is None:
                drawn = self._drawn[picture] = await _drawn_beside(picture)
                if len(self._drawn) > PICTURES_KEPT:
                    self._drawn.popitem(last=False)
            return drawn


async def _drawn_beside(picture: Picture) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.painter",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A Ctrl-C in the terminal is the bot's to handle.
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(DRAWN_WITHIN_S):
            drawn, complaint = await process.communicate(msgspec.json.encode(asdict(picture)))
    except TimeoutError:
        raise CannotDraw("drawing took too long") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == CANNOT_DRAW:
        raise CannotDraw(complaint.decode(errors="replace").strip())
    if process.returncode != 0:
        raise CannotDraw(f"the renderer ended with code {process.returncode}")
    return drawn


def main() -> int:
    """Draw the one picture that is asked for."""
    # Only this process needs the renderer; the bot, which imports this module too, starts without it.
    from bot.banner import render_banner

    picture = msgspec.json.decode(sys.stdin.buffer.read(), type=Picture)
    try:
        drawn = render_banner(
            picture.format, picture.sign, picture.brand, picture.title, picture.encoding, picture.look
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return CANNOT_DRAW
    sys.stdout.buffer.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
