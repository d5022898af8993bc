"""What all routes answer alike: headers, compact JSON, problems, and the plain face of every error."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from functools import wraps
from typing import Any, ParamSpec

from aiohttp import web

from adapters.base import Malformed, Untrusted
from bot.store.store import StoreDown

Args = ParamSpec("Args")

NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
FOR_ALL = {**NOT_KEPT, "Access-Control-Allow-Origin": "*"}

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""For every HTML answer: https://owasp.org/www-project-secure-headers/"""

SHOWN_ANYWHERE: Mapping[str, str] = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
READ_ANYWHERE: Mapping[str, str] = {"Access-Control-Allow-Origin": "*", **SHOWN_ANYWHERE}
"""For what scripts of other sites may read; `SHOWN_ANYWHERE` for what those sites only show."""

PICTURE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'none'; sandbox",
    **SHOWN_ANYWHERE,
}
"""For badges and banners, which other sites are meant to show."""


def compact(data: Mapping[str, Any]) -> str:
    """JSON without a space."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def problem(status: int, detail: str) -> web.Response:
    """An error in a sentence."""
    return web.json_response({"error": detail}, status=status, headers=NOT_KEPT)


def later(detail: str) -> web.Response:
    """Not now: come back in two seconds."""
    return web.json_response({"error": detail}, status=503, headers={"Retry-After": "2", **NOT_KEPT})


def or_problem(
    handler: Callable[Args, Awaitable[web.StreamResponse]],
) -> Callable[Args, Coroutine[Any, Any, web.StreamResponse]]:
    """The handler; what it does not take, or cannot take because the store is down, it answers by saying so."""

    @wraps(handler)
    async def answer(*args: Args.args, **kwargs: Args.kwargs) -> web.StreamResponse:
        try:
            return await handler(*args, **kwargs)
        except Untrusted as error:
            return problem(401, str(error))
        except Malformed as error:
            return problem(400, str(error))
        except StoreDown as error:
            return later(f"the store cannot take it now: {error}")

    return answer


async def plain(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Nobody needs to know which version of what serves here; an error is short JSON."""
    response.headers["Server"] = "Jono"
    if isinstance(response, web.HTTPException) and response.status >= 400:
        body = compact({"error": response.reason}).encode()
        response.body = body
        # The length is known already when this is called.
        response.headers.update(
            NOT_KEPT, **{"Content-Type": "application/json", "Content-Length": str(len(body))}
        )


ALIVE_EVERY_S = 15.0
ALIVE = "event: alive\ndata: {}\n\n"
"""A stream says this when nothing else happens, so that a page can tell a dead line from a quiet one."""


async def woken_within(woken: asyncio.Event) -> bool:
    """Whether something happened before an event stream must show that it lives."""
    try:
        async with asyncio.timeout(ALIVE_EVERY_S):
            await woken.wait()
    except TimeoutError:
        return False
    woken.clear()
    return True


async def streamed(request: web.Request, news: AsyncGenerator[str]) -> web.StreamResponse:
    """What `news` yields as server-sent events, until it or the browser has had enough, or the store is down."""
    stream = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", **NOT_KEPT}
    )
    with contextlib.suppress(ConnectionResetError, StoreDown):
        async with contextlib.aclosing(news):
            async for text in news:
                if not stream.prepared:
                    await stream.prepare(request)
                await stream.write(text.encode())
    return stream if stream.prepared else later("the store cannot be read now")
