"""`jono banner`: the published wait as picture files, or a sheet of all that banners can show.

It draws in its own process, which ends after it, so there is nothing to keep the interpreter from.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bot.cli_common import Failure, config_of, one_queue, published_of, with_config
from bot.config import Config
from bot.formats import FORMATS, SUFFIXES
from bot.light import light
from bot.words import Words
from bot.words.sign import SignWords

FOLDER, SHEET = Path("banners"), Path("banners.html")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `jono banner`."""
    with_config(parser)
    parser.add_argument("queue", nargs="?", metavar="QUEUE", help="may be left out when there is only one")
    parser.add_argument(
        "--format", choices=FORMATS, metavar="NAME", help=f"only one of {', '.join(FORMATS)} (default: all)"
    )
    parser.add_argument("--language", default="", metavar="CODE", help="default: bot.language")
    parser.add_argument(
        "--encoding", choices=SUFFIXES, help="of the files (default: what the format's platform likes best)"
    )
    parser.add_argument(
        "--preview", action="store_true", help="write one sheet of all formats in all states instead"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help=f"the folder, or the sheet as .html or .png (default: {FOLDER}, {SHEET})",
    )


async def banner(options: argparse.Namespace) -> int:
    """Write the banners or the sheet, and print their paths."""
    config = config_of(options)
    queue = one_queue(config, options.queue)
    words = Words(config.bot.language)
    if options.language and words.match(options.language) is None:
        raise Failure(f"--language: there are words in {', '.join(words.languages())} only", code=2)
    voice = words.sign(options.language or config.bot.language, config.zone(queue))
    try:
        if options.preview:
            _preview(config, queue, voice, options.out or SHEET)
        else:
            await _write(config, queue, voice, options)
    except ValueError as error:
        raise Failure(f"the banner cannot be drawn: {error}") from None
    except OSError as error:
        raise Failure(f"--out: cannot be written to: {error.strerror}; name another path", code=2) from error
    return 0


async def _write(config: Config, queue: str, voice: SignWords, options: argparse.Namespace) -> None:
    from bot.banner import render_banner

    published, settings = await published_of(config, queue), config.queues[queue]
    shown = light(published.outlook, settings.target_s, settings.overloaded_s, published.incident)
    sign, look = voice.sign(published.outlook, shown, settings.quick_s), config.brand.look()
    folder = options.out or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name in [options.format] if options.format else FORMATS:
        encoding = SUFFIXES.get(options.encoding, FORMATS[name].encoding)
        suffix = next(suffix for suffix, one in SUFFIXES.items() if one == encoding)
        path = folder / f"{queue}-{name}.{suffix}"
        path.write_bytes(render_banner(name, sign, config.bot.name, config.title(queue), encoding, look))
        print(path)


def _preview(config: Config, queue: str, voice: SignWords, path: Path) -> None:
    from bot.banner import drawn
    from bot.samples import samples
    from bot.sheet import sheet_page, sheet_svg

    if path.suffix not in (".html", ".png"):
        raise Failure(f"--out: {path} must end in .html or .png, as the sheet is one of them", code=2)
    look = config.brand.look()
    svg = sheet_svg(samples(voice), config.bot.name, config.title(queue), look, _tell)
    path.write_bytes(sheet_page(svg).encode() if path.suffix == ".html" else drawn(svg, look))
    print(path)


def _tell(progress: str) -> None:
    """How far the work is goes to standard error, so that only paths stand on standard output."""
    print(progress, file=sys.stderr, flush=True)
