"""The command line as a whole: the arguments of all commands, and what becomes of errors.

Exit codes: 0 done, 1 it did not work, 2 the configuration, the arguments or the store must be mended first, 130
interrupted. Errors are one line on standard error that says what to do; results go to standard output.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from importlib.metadata import version

from bot.cli import COMMANDS, Failure
from bot.config import ConfigError
from bot.store.connection import UnsafeStore
from bot.store.embedded import EmbeddedError
from bot.store.store import StoreDown


def run(options: argparse.Namespace) -> int:
    """Run the command that `parser` read; returns its exit code. Raises KeyboardInterrupt."""
    try:
        code: int = asyncio.run(options.run(options))
        return code
    except ConfigError as error:
        return _fail(2, error.first_line)
    except (UnsafeStore, EmbeddedError) as error:
        return _fail(2, f"store.url: {error}")
    except StoreDown as error:
        return _fail(1, f"the store does not answer ({error}); is it running, and is store.url right?")
    except Failure as error:
        return _fail(error.code, str(error))
    except asyncio.CancelledError:
        # The second signal: see stop_on_signals.
        raise KeyboardInterrupt from None


def _fail(code: int, line: str) -> int:
    print(f"jono: {line}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """The arguments of all commands."""
    top = argparse.ArgumentParser(
        prog="jono",
        description="Tells every customer how long they will wait for a human reply, and keeps the promise measurably.",
        epilog="Start with: jono demo. Help on one command: jono run --help",
    )
    top.add_argument("--version", action="version", version=f"jono {version('jono')}")
    below = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        one = below.add_parser(
            command.name,
            help=command.summary,
            description=command.summary[0].upper() + command.summary[1:] + ".",
            epilog=f"Example: {command.example}",
        )
        command.arguments(one)
        one.set_defaults(run=command.run)
    return top
