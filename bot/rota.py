"""Who is expected on duty in a queue: its rota file, as one `status.rota.Rota`.

The file is read again whenever it changes. One that cannot be read is told to the operator once and changes nothing:
the last good one stays. At the start such a file is a fault of the configuration, found by `bot.config`.
Invariant: a rota that was given is never changed; who asks again gets a newer one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from math import inf
from pathlib import Path

import structlog

from bot.clock import Clock
from bot.config.files import Unreadable
from bot.config.rota import read_rota
from bot.config.settings import Config
from status.rota import Rota, Span

log = structlog.get_logger(__name__)

KEPT_S = 5.0
"""How long (real seconds) a process answers from what it read last."""

Stamp = tuple[int, int]
"""When a file was changed (ns), and its size."""


@dataclass(slots=True)
class _Known:
    """What a process read last of one queue."""

    rota: Rota
    spans: tuple[Span, ...] = ()
    stamp: Stamp | None = None
    looked_at: float = -inf


class Rotas:
    """The rota of every queue."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._known = {queue: _Known(Rota()) for queue in config.queues}

    async def rota(self, queue: str) -> Rota:
        """The queue's rota, at most KEPT_S old."""
        known = self._known[queue]
        if self._clock.monotonic() - known.looked_at <= KEPT_S:
            return known.rota
        if self._config.queues[queue].rota:
            # A file may lie on a disk that is slow or gone.
            await asyncio.to_thread(self._look, queue, known)
        if known.spans != known.rota.spans:
            known.rota = Rota(known.spans)
        known.looked_at = self._clock.monotonic()
        return known.rota

    def _look(self, queue: str, known: _Known) -> None:
        """Read the file if it has changed since it was last looked at."""
        path = Path(self._config.queues[queue].rota)
        stamp = _stamp(path)
        if stamp == known.stamp and stamp is not None:
            return
        try:
            known.spans = read_rota(path, self._config.zone(queue))
        except Unreadable as error:
            if known.stamp != stamp or known.looked_at == -inf:
                log.warning("rota not read, the last good one stays", queue=queue, error=str(error))
        known.stamp = stamp


def _stamp(path: Path) -> Stamp | None:
    """None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
