"""Who may change something from a browser: pages of ours only, those who do not do it too often, and not too much.

Browsers tell where a request comes from (https://www.w3.org/TR/fetch-metadata/); older ones name the origin at least.
No tokens are needed then: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from aiohttp import web

from adapters.base import Pace
from bot.store.channels import ChannelStore


def from_our_page(request: web.Request, public_url: str) -> None:
    """Raises HTTPForbidden unless a page of ours sent this request, or a program that is no browser."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None and site != "same-origin":
        raise web.HTTPForbidden(reason="another site may not do this")
    ours = {request.host, urlsplit(public_url).netloc} - {""}
    if origin is not None and urlsplit(origin).netloc not in ours:
        raise web.HTTPForbidden(reason="another site may not do this")


async def not_too_often(store: ChannelStore, queue: str, channel: str, pace: Pace) -> None:
    """Raises HTTPTooManyRequests once the budget is used up, StoreDown."""
    wait_s, _ = await store.pace(queue, channel, [pace])
    if wait_s > 0:
        headers = {"Retry-After": str(int(wait_s) + 1)}
        raise web.HTTPTooManyRequests(reason="slow down a little", headers=headers)


class Bodies:
    """Reads what is posted: at most `at_once` bytes are held of all that is under way, each for `within_s` at most."""

    def __init__(self, at_once: int, within_s: float) -> None:
        self._at_once = at_once
        self._within_s = within_s
        self._held = 0

    async def read(self, request: web.Request, most: int) -> bytes:
        """The whole body. Raises HTTPRequestEntityTooLarge where it is longer than `most` bytes, and
        HTTPServiceUnavailable where it comes too slowly, or too many are read now."""
        parts, size = [], 0
        try:
            async with asyncio.timeout(self._within_s):
                async for part in request.content.iter_chunked(65_536):
                    size += len(part)
                    self._held += len(part)
                    if size > most:
                        raise too_large(most, size)
                    if self._held > self._at_once:
                        raise _later("too much is posted at once")
                    parts.append(part)
        except TimeoutError:
            raise _later("the request did not come in time") from None
        finally:
            self._held -= size
        return b"".join(parts)


def too_large(most: int, size: int) -> web.HTTPRequestEntityTooLarge:
    """A body of more than `most` bytes."""
    return web.HTTPRequestEntityTooLarge(most, size, reason=f"the body is larger than {most} bytes")


def _later(reason: str) -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(reason=reason, headers={"Retry-After": "2"})


def letters() -> Bodies:
    """For messages and commands, which are short, and for batches of them."""
    return Bodies(32_000_000, 10.0)


def parcels() -> Bodies:
    """For files, which come over slow lines too."""
    return Bodies(128_000_000, 120.0)
