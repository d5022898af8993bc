"""Who may change something from a browser: pages of ours only, and those who do not do it too often.

Browsers tell where a request comes from (https://www.w3.org/TR/fetch-metadata/); older ones name the origin at least.
No tokens are needed then: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

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
    wait_s = await store.pace(queue, channel, [pace])
    if wait_s > 0:
        headers = {"Retry-After": str(int(wait_s) + 1)}
        raise web.HTTPTooManyRequests(reason="slow down a little", headers=headers)


async def body_of(request: web.Request, most: int) -> bytes:
    """The whole body. Raises HTTPRequestEntityTooLarge where it is longer than `most` bytes."""
    parts, size = [], 0
    async for part in request.content.iter_chunked(65_536):
        size += len(part)
        if size > most:
            raise web.HTTPRequestEntityTooLarge(most, size)
        parts.append(part)
    return b"".join(parts)
