"""The commands of the command line: their arguments, and what each does.

They read the configuration, open what they need and print; the work itself stands in other modules. What few
commands need (the whole bot, the renderer, the demo) is imported by the command that needs it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot import cli_agent, cli_banner, cli_check, cli_outlets, log
from bot.cli_common import Command, Failure, config_of, one_queue, opened_store, published_of, with_config
from bot.clock import Chance, Clock
from bot.descriptors import make_room, shortage
from bot.words import Words

__all__ = ["COMMANDS", "Failure"]

LAST_PORT = 65_535


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set. Each further signal cancels the task that called this.

    So whoever cannot wait for what is under way ends it at once, and what was opened is still closed: an embedded
    server is not left behind, nor a temporary directory.
    """
    stop = asyncio.Event()
    loop, caller = asyncio.get_running_loop(), asyncio.current_task()
    assert caller is not None

    def ask() -> None:
        if stop.is_set():
            caller.cancel()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask)
    return stop


# --- run ---------------------------------------------------------------------------------------------------


async def _run(options: argparse.Namespace) -> int:
    from bot.app import running

    config = config_of(options)
    make_room(config.limits)
    if short := shortage(config.limits):
        print(f"jono: warning: {short}", file=sys.stderr)
    stop = stop_on_signals()
    try:
        async with running(config, Clock(), Chance()) as bot:
            print(f"Jono listens on {bot.address}", flush=True)
            await bot.until(stop)
    except OSError as error:
        raise Failure(
            f"server.listen: {config.server.listen} cannot be used: {error.strerror}", code=2
        ) from error
    return 0


# --- wait --------------------------------------------------------------------------------------------------


def _wait_arguments(parser: argparse.ArgumentParser) -> None:
    with_config(parser)
    parser.add_argument("queue", nargs="?", metavar="QUEUE", help="may be left out when there is only one")
    parser.add_argument(
        "--json", action="store_true", help="print what GET /api/v1/queues/QUEUE/wait answers"
    )


async def _wait(options: argparse.Namespace) -> int:
    config = config_of(options)
    queue = one_queue(config, options.queue)
    published = await published_of(config, queue)
    words = Words(config.bot.language)
    zone = config.zone(queue)
    if options.json:
        voice = words.outlet(config.bot.language, zone)
        print(json.dumps(published.to_json(voice.promise_text), ensure_ascii=False))
    else:
        print(words.agent(config.bot.language, zone).wait_report(config.title(queue), published.outlook))
    return 0


# --- outbox ------------------------------------------------------------------------------------------------


def _outbox_arguments(parser: argparse.ArgumentParser) -> None:
    with_config(parser)
    parser.add_argument("--resend", metavar="ID", help="send one of them again; 'all' for all")
    parser.add_argument("--drop", metavar="ID", help="forget one of them; 'all' for all")


async def _outbox(options: argparse.Namespace) -> int:
    config = config_of(options)
    chosen = options.resend or options.drop
    found = False
    async with opened_store(config, Clock()) as store:
        for queue in config.queues:
            for entry_id, letter in sorted(
                (await store.dead_letters(queue)).items(), key=lambda one: one[1]["at"]
            ):
                if chosen in (entry_id, "all"):
                    found |= await store.revive(queue, entry_id, again=bool(options.resend))
                elif chosen is None:
                    at = datetime.fromtimestamp(letter["at"], UTC).isoformat(timespec="seconds")
                    print(f"{entry_id}  {at}  {queue}  {letter['channel']}  {letter['reason']}")
    if chosen not in (None, "all") and not found:
        raise Failure(f"there is no message {chosen} among those given up; jono outbox lists them")
    return 0


# --- export ------------------------------------------------------------------------------------------------


def _days(text: str) -> int:
    """Raises ArgumentTypeError, which argparse puts beside the option's name."""
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is no number of days; take 1, 2, 3 ...")
    return int(text)


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    with_config(parser)
    parser.add_argument("queue", nargs="?", metavar="QUEUE", help="only this one (default: all)")
    parser.add_argument(
        "--out", type=Path, default=Path("traces"), metavar="DIR", help="where to (default: traces)"
    )
    parser.add_argument(
        "--days", type=_days, metavar="N", help="only what began in the last N days (default: all)"
    )
    parser.add_argument(
        "--names", action="store_true", help="ids of cases and agents as they are (default: hidden)"
    )


async def _export(options: argparse.Namespace) -> int:
    from bot.export import export

    config, clock = config_of(options), Clock()
    queues = [one_queue(config, options.queue)] if options.queue else list(config.queues)
    key = None if options.names else Chance().secret()
    async with opened_store(config, clock) as store:
        since = clock.now() - options.days * 86_400 if options.days else 0.0
        try:
            written = [await export(store, queue, options.out, key, since) for queue in queues]
        except OSError as error:
            wrong = f"{options.out} cannot be written to: {error.strerror}; name another folder"
            raise Failure(f"--out: {wrong}", code=2) from error
    for path in filter(None, written):
        print(path)
    if not any(written):
        when = f"in these {options.days} days; take more" if options.days else "yet"
        raise Failure(f"there is nothing to export: no case has arrived {when}")
    return 0


# --- demo --------------------------------------------------------------------------------------------------


def _port(text: str) -> int:
    """Raises ArgumentTypeError, which argparse puts beside the option's name."""
    if not (text.isdecimal() and int(text) <= LAST_PORT):
        raise argparse.ArgumentTypeError(f"{text} is no port; take a number from 0 to {LAST_PORT}")
    return int(text)


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--minutes", type=float, metavar="N", help="stop after N minutes (default: at Ctrl-C)"
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=60.0,
        metavar="N",
        help="the desk's time runs N times faster (default: 60)",
    )
    parser.add_argument(
        "--port", type=_port, default=8080, metavar="N", help="of the live page (default: 8080; 0: any)"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the data in DIR (default: thrown away)"
    )
    parser.add_argument(
        "--seed", type=int, default=7, metavar="N", help="of customers and agents (default: 7)"
    )


async def _demo(options: argparse.Namespace) -> int:
    from bot.demo import demo

    log.configure("error")
    if options.speed < 1:
        raise Failure("--speed must be 1 or more", code=2)
    return await demo(
        stop_on_signals(),
        minutes=options.minutes,
        speed=options.speed,
        port=options.port,
        keep=options.keep,
        seed=options.seed,
    )


# --- replay ------------------------------------------------------------------------------------------------


def _replay_arguments(parser: argparse.ArgumentParser) -> None:
    from bot.replay.cli_replay import arguments

    arguments(parser)


async def _replay(options: argparse.Namespace) -> int:
    from bot.replay.cli_replay import replay

    return await replay(options)


# --- simulate ----------------------------------------------------------------------------------------------


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    from bot.replay.cli_simulate import arguments

    arguments(parser)


async def _simulate(options: argparse.Namespace) -> int:
    from bot.replay.cli_simulate import simulate

    return await simulate(options)


COMMANDS = (
    Command("run", "run the bot", "jono run --config config.toml", with_config, _run),
    Command(
        "demo",
        "show a simulated support floor, with a live page",
        "jono demo --minutes 2",
        _demo_arguments,
        _demo,
    ),
    Command(
        "check",
        "check the configuration, and ask every platform",
        "jono check --config config.toml --store",
        cli_check.arguments,
        cli_check.check,
    ),
    Command(
        "agent",
        "make a link that signs an agent in at the desk in the browser",
        "jono agent link anna",
        cli_agent.arguments,
        cli_agent.agent,
    ),
    Command("wait", "print the published wait", "jono wait support --json", _wait_arguments, _wait),
    Command(
        "banner",
        "write banners of the published wait",
        "jono banner --format x --out .",
        cli_banner.arguments,
        cli_banner.banner,
    ),
    Command(
        "outlets",
        "list what profiles show, or have what you had there put back",
        "jono outlets restore telegram",
        cli_outlets.arguments,
        cli_outlets.outlets,
    ),
    Command(
        "export",
        "write what happened to every case as a trace",
        "jono export support --days 30 --out traces",
        _export_arguments,
        _export,
    ),
    Command(
        "outbox", "list messages that were given up", "jono outbox --resend all", _outbox_arguments, _outbox
    ),
    Command(
        "replay",
        "tell how true the answers would have been in a desk's past",
        "jono replay traces/steady-1.csv.gz traces/crisis-1.csv.gz --html replay.html",
        _replay_arguments,
        _replay,
    ),
    Command(
        "simulate",
        "write traces of simulated desks",
        "jono simulate daynight crisis --seed 7 --out traces",
        _simulate_arguments,
        _simulate,
    ),
)
