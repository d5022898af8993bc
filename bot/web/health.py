"""For operators: whether the process lives, whether it is ready, and what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from aiohttp import web

from bot.metrics import Metrics
from bot.store.store import Store, StoreDown
from bot.troubles import Troubles
from bot.web.answers import NOT_KEPT

ANSWER_WITHIN_S = 1.8
"""A platform that waits longer than two seconds for its answer is better told to come back."""


class Health:
    """Health, readiness, metrics."""

    def __init__(
        self,
        queues: Iterable[str],
        store: Store,
        metrics: Metrics,
        troubles: Troubles,
        degraded: Mapping[str, str],
    ) -> None:
        self._queues = queues
        self._store = store
        self._metrics = metrics
        self._troubles = troubles
        self._degraded = degraded

    def routes(self) -> list[web.RouteDef]:
        """One for each question."""
        return [
            web.get("/healthz", self._healthz),
            web.get("/readyz", self._readyz),
            web.get("/metrics", self._metrics_text),
        ]

    async def _healthz(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "ok"}, headers=NOT_KEPT)

    async def _readyz(self, request: web.Request) -> web.StreamResponse:
        """A channel in trouble is told here, and the process is ready all the same: it serves all others, and one that
        is not would not be mended by being taken out of service or started again."""
        waiting_for = dict(self._degraded)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await asyncio.gather(*(self._store.probe(queue) for queue in self._queues))
        except (StoreDown, TimeoutError):
            waiting_for["store"] = "takes no writes"
        status = "not ready" if waiting_for else "ready"
        data = {"status": status, "degraded": {**self._troubles.shown(), **waiting_for}}
        return web.json_response(data, status=503 if waiting_for else 200, headers=NOT_KEPT)

    async def _metrics_text(self, request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=self._metrics.text(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8", **NOT_KEPT},
        )
