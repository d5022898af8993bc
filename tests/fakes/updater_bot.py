"""A bot made as python-telegram-bot's manual makes one: its Updater polls, a handler keeps each text in a file.

It stands beside ours in one test, to show that the test would see a message lost. Run as a program it is that bot:
`python -m tests.fakes.updater_bot API TOKEN FILE`.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from telegram import Update
from telegram.ext import Application, MessageHandler, filters

ROOT = Path(__file__).parents[2]
WORK_S = 0.005
"""What it takes to keep a message: a round trip to a store."""


class UpdaterBot:
    """The process, and what it kept."""

    def __init__(self, directory: Path, api: str, token: str) -> None:
        self._file = directory / "taken.txt"
        self._command = (sys.executable, "-m", "tests.fakes.updater_bot", api, token, str(self._file))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()

    def kill_and_start(self) -> None:
        """SIGKILL, and again."""
        self._kill()
        self._start()

    def taken(self) -> list[str]:
        """The texts it kept, in order."""
        return self._file.read_text().splitlines() if self._file.exists() else []

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=ROOT, stderr=subprocess.DEVNULL)

    def _kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


def main(api: str, token: str, file: str) -> None:
    """Poll for ever."""

    async def keep(update: Update, context: Any) -> None:
        assert update.message is not None
        await asyncio.sleep(WORK_S)
        with Path(file).open("a") as kept:
            kept.write(f"{update.message.text}\n")
            kept.flush()
            os.fsync(kept.fileno())

    builder = Application.builder().token(token).base_url(f"{api}/bot")
    application = builder.build()
    application.add_handler(MessageHandler(filters.TEXT, keep))
    application.run_polling(poll_interval=0.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
