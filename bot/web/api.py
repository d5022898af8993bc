"""`/api/v1`: the published wait as JSON, for other programs, and the key that shows that an answer is ours.

While the store cannot tell the key, answers go out without a seal: a figure is worth more than none.
"""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64decode
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from math import inf
from typing import Any

from aiohttp import web

from bot.clock import Chance
from bot.kept import Kept, Shelf
from bot.published import Published
from bot.seal import Seal
from bot.store.seal import SealStore
from bot.store.store import StoreDown
from bot.web.answers import FOR_ALL, compact, later
from bot.web.caching import answer, until_next, version_of
from bot.web.view import View

ASK_WITHIN_S, ASK_AGAIN_S = 1.0, 5.0
SHOWN = {"Access-Control-Expose-Headers": "Content-Digest, Signature, Signature-Input"}
KEPT_AN_HOUR = {**FOR_ALL, "Cache-Control": "public, max-age=3600"}


class Api:
    """The JSON routes."""

    def __init__(self, view: View, store: SealStore) -> None:
        self._view = view
        self._keeper = SealKeeper(view, store)
        self._shelf = Shelf()

    def routes(self) -> list[web.RouteDef]:
        """All queues, one queue's wait, the key, and the description of all routes."""
        return [
            web.get("/api/v1/queues", self._queues),
            web.get("/api/v1/queues/{queue}/wait", self._wait),
            web.get("/.well-known/jwks.json", self._jwks),
            web.get("/openapi.json", self._description),
        ]

    async def _wait(self, request: web.Request) -> web.StreamResponse:
        view, language = self._view, self._view.language(request)
        published = view.board.published(view.queue(request))
        return await self._sealed(
            request, (published.queue, language), [published], lambda: view.json(published, language)
        )

    async def _queues(self, request: web.Request) -> web.StreamResponse:
        view, language = self._view, self._view.language(request)
        published = [view.board.published(queue) for queue in view.board.queues]

        def rows() -> dict[str, Any]:
            titled = [
                {"title": view.config.title(one.queue), **view.json(one, language)} for one in published
            ]
            return {"queues": titled}

        return await self._sealed(request, ("", language), published, rows)

    async def _sealed(
        self,
        request: web.Request,
        asked: Hashable,
        published: Sequence[Published],
        made: Callable[[], Mapping[str, Any]],
    ) -> web.Response:
        def rendered() -> Kept:
            # Never packed: the seal is on these very bytes (https://www.rfc-editor.org/rfc/rfc9530#section-2), and a
            # proxy that packs them for us is asked not to.
            return replace(Kept.of(compact(made()), "application/json"), packed=b"")

        kept = self._shelf.get(asked, tuple(map(version_of, published)), rendered)
        held = f"{until_next(published, self._view.clock)}, no-transform"
        seal = await self._keeper.seal()
        sealed = seal.headers(kept.body) if seal else {}
        return answer(request, kept, {**FOR_ALL, **SHOWN, "Cache-Control": held, **sealed})

    async def _jwks(self, request: web.Request) -> web.StreamResponse:
        seal = await self._keeper.seal()
        if seal is None:
            return later("the store cannot tell the key now")
        # https://www.rfc-editor.org/rfc/rfc7517#section-8.5.2
        text = compact(seal.jwks())
        return web.Response(text=text, content_type="application/jwk-set+json", headers=KEPT_AN_HOUR)

    async def _description(self, request: web.Request) -> web.StreamResponse:
        return answer(request, description(), KEPT_AN_HOUR, by_language=False)


@cache
def description() -> Kept:
    """The OpenAPI description of all public routes."""
    return Kept.of(files("bot").joinpath("openapi.json").read_bytes(), "application/json")


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
