"""`jono banner`: the published wait as picture files.

It draws in its own process, which ends after it, so there is nothing to keep the interpreter from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.cli_common import config_of, one_queue, published_of, with_config
from bot.formats import FORMATS, SUFFIXES
from bot.light import light
from bot.words import Words


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `jono banner`."""
    with_config(parser)
    parser.add_argument("queue", nargs="?", metavar="QUEUE", help="may be left out when there is only one")
    parser.add_argument("--format", choices=sorted(FORMATS), help="only this one (default: all)")
    parser.add_argument("--language", default="", metavar="CODE", help="default: bot.language")
    parser.add_argument(
        "--encoding", choices=SUFFIXES, help="of the files (default: what the format's platform likes best)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("banners"), metavar="DIR", help="where to (default: banners)"
    )


async def banner(options: argparse.Namespace) -> int:
    """Write the banners, and print their paths."""
    from bot.banner import render_banner

    config = config_of(options)
    queue = one_queue(config, options.queue)
    published, settings = await published_of(config, queue), config.queues[queue]
    shown = light(published.outlook, settings.target_s, settings.overloaded_s, published.incident)
    voice = Words(config.bot.language).sign(options.language or config.bot.language, config.zone(queue))
    sign = voice.sign(published.outlook, shown, settings.quick_s)
    look = config.brand.look()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in [options.format] if options.format else sorted(FORMATS):
        wanted = SUFFIXES.get(options.encoding, FORMATS[name].encoding)
        suffix = next(suffix for suffix, encoding in SUFFIXES.items() if encoding == wanted)
        path = options.out / f"{queue}-{name}.{suffix}"
        path.write_bytes(render_banner(name, sign, config.bot.name, config.title(queue), wanted, look))
        print(path)
    return 0
