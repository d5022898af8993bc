"""Who is expected on duty in a queue: its rota file and announced help, as one `status.rota.Rota`.

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
from bot.store.store import Store
from status.rota import Rota, Span

log = structlog.get_logger(__name__)

KEPT_S = 5.0
"""How long (real seconds) a process answers from what it read last."""

Stamp = tuple[int, int, int] | None
"""When a file and what is said of it were changed (ns), and its size; None for a file that is not there."""
NEVER_LOOKED: Stamp = (0, 0, -1)


@dataclass(slots=True)
class _Known:
    """What a process read last of one queue."""

    rota: Rota
    spans: tuple[Span, ...] = ()
    stamp: Stamp = NEVER_LOOKED
    looked_at: float = -inf


class Rotas:
    """The rota of every queue."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._known = {queue: _Known(Rota()) for queue in config.queues}

    async def rota(self, queue: str) -> Rota:
        """The queue's rota, at most KEPT_S old; announced help is extra in it. Raises StoreDown."""
        known = self._known[queue]
        if self._clock.monotonic() - known.looked_at <= KEPT_S:
            return known.rota
        if self._config.queues[queue].rota:
            # A file may lie on a disk that is slow or gone.
            await asyncio.to_thread(self._look, queue, known)
        incident = await self._store.incident(queue)
        extra = () if incident is None else (incident.span,)
        if (known.spans, extra) != (known.rota.spans, known.rota.extra):
            known.rota = Rota(known.spans, extra)
        known.looked_at = self._clock.monotonic()
        return known.rota

    def forget(self, queue: str) -> None:
        """Help has just been announced here: the next answer must know."""
        self._known[queue].looked_at = -inf

    def _look(self, queue: str, known: _Known) -> None:
        """Read the file if it has changed since it was last looked at."""
        path = Path(self._config.queues[queue].rota)
        stamp = _stamp(path)
        if stamp == known.stamp:
            return
        try:
            known.spans = read_rota(path, self._config.zone(queue))
        except Unreadable as error:
            log.warning("rota not read, the last good one stays", queue=queue, error=str(error))
        known.stamp = stamp


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size
