"""`/api/v1`: the published wait as JSON, for other programs, and the key that shows that an answer is ours.

While the store cannot tell the key, answers go out without a seal: a figure is worth more than none.
"""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64decode
from collections.abc import Mapping
from math import inf
from typing import Any

from aiohttp import web

from bot.clock import Chance
from bot.seal import Seal
from bot.store.seal import SealStore
from bot.store.store import StoreDown
from bot.web.answers import FOR_ALL, compact, later
from bot.web.view import View

ASK_WITHIN_S, ASK_AGAIN_S = 1.0, 5.0
SEALED = {**FOR_ALL, "Access-Control-Expose-Headers": "Content-Digest, Signature, Signature-Input"}
KEY_HEADERS = {**FOR_ALL, "Cache-Control": "public, max-age=3600"}


class Api:
    """The JSON routes."""

    def __init__(self, view: View, store: SealStore) -> None:
        self._view = view
        self._keeper = SealKeeper(view, store)

    def routes(self) -> list[web.RouteDef]:
        """All queues, one queue's wait, and the key."""
        return [
            web.get("/api/v1/queues", self._queues),
            web.get("/api/v1/queues/{queue}/wait", self._wait),
            web.get("/.well-known/jwks.json", self._jwks),
        ]

    async def _wait(self, request: web.Request) -> web.StreamResponse:
        view = self._view
        return await self._sealed(
            view.json(view.board.published(view.queue(request)), view.language(request))
        )

    async def _queues(self, request: web.Request) -> web.StreamResponse:
        view, language = self._view, self._view.language(request)
        rows = [
            {"title": view.config.title(queue), **view.json(view.board.published(queue), language)}
            for queue in view.board.queues
        ]
        return await self._sealed({"queues": rows})

    async def _sealed(self, data: Mapping[str, Any]) -> web.Response:
        body = compact(data).encode()
        seal = await self._keeper.seal()
        headers = {**SEALED, **seal.headers(body)} if seal else FOR_ALL
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def _jwks(self, request: web.Request) -> web.StreamResponse:
        seal = await self._keeper.seal()
        if seal is None:
            return later("the store cannot tell the key now")
        # https://www.rfc-editor.org/rfc/rfc7517#section-8.5.2
        text = compact(seal.jwks())
        return web.Response(text=text, content_type="application/jwk-set+json", headers=KEY_HEADERS)


class SealKeeper:
    """Finds the seal when it is first asked for: configured, or kept in the store."""

    def __init__(self, view: View, store: SealStore) -> None:
        self._view = view
        self._store = store
        self._seal: Seal | None = None
        self._asked = -inf
        self._asking = asyncio.Lock()

    async def seal(self) -> Seal | None:
        """The seal; None while the store does not tell."""
        async with self._asking:
            now = self._view.clock.monotonic()
            if self._seal is None and now - self._asked >= ASK_AGAIN_S:
                self._asked = now
                with contextlib.suppress(StoreDown, TimeoutError):
                    self._seal = Seal(await self._secret(), self._view.clock.real)
            return self._seal

    async def _secret(self) -> bytes:
        configured = self._view.config.server.signing_key.get_secret_value()
        if configured:
            return b64decode(configured)
        async with asyncio.timeout(ASK_WITHIN_S):
            return await self._store.secret(self._view.board.queues[0], Chance.secret())
