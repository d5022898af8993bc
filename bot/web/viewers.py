"""Those who watch an event stream, each of them hardly more than their connection.

While aiohttp answers a request it keeps two tasks, the request, its headers and a parser: some 13 kB. In a crisis
thousands watch, and for minutes nothing happens on their connections. So, once the head of the answer is out, the
connection is taken out of aiohttp's hands, and what is left is 2 kB.

Invariant: whoever does not read is dropped before more than MOST_UNREAD_BYTES wait for them here.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

MOST_UNREAD_BYTES = 65_536
"""So much waits for one who reads slowly, beside what the system holds; some two hundred changes of a figure."""
SYSTEM_HOLDS_BYTES = 32_768
"""What the system may hold for each; by itself it would go up to megabytes."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of a stream, made once for all: as HTTP/1.1 carries it, in a chunk, and as it is."""

    chunk: bytes
    plain: bytes

    @classmethod
    def of(cls, text: str) -> Frame:
        """The frame of a text."""
        plain = text.encode()
        return cls(b"%x\r\n%b\r\n" % (len(plain), plain), plain)


END = Frame(b"0\r\n\r\n", b"")


class Viewer(asyncio.Protocol):
    """One who watches. `gone` is called when the connection has ended, whoever ended it."""

    __slots__ = ("_chunked", "_gone", "_transport")

    def __init__(self, transport: asyncio.Transport, chunked: bool, gone: Callable[[Viewer], None]) -> None:
        self._transport = transport
        self._chunked = chunked
        self._gone = gone

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._gone(self)

    def tell(self, frame: Frame) -> None:
        """Send a piece; one who has too much unread is dropped instead."""
        if self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.drop()
        else:
            self._transport.write(frame.chunk if self._chunked else frame.plain)

    def end(self) -> None:
        """End the stream in good order, once all is sent."""
        self.tell(END)
        self._transport.close()

    def drop(self) -> None:
        """End it now."""
        self._transport.abort()


async def admit(
    request: web.Request, headers: Mapping[str, str], gone: Callable[[Viewer], None]
) -> tuple[web.StreamResponse, Viewer | None]:
    """Send the head of a stream, and take the connection over; no viewer where that was lost meanwhile or only the head
    was asked for. The handler returns the response as its own; nothing comes of it any more."""
    response = web.StreamResponse(headers=headers)
    if request.method == "HEAD":
        return response, None
    await response.prepare(request)
    transport, protocol = request.transport, request.protocol
    if transport is None or transport.is_closing():
        return response, None
    viewer = Viewer(transport, "Transfer-Encoding" in response.headers, gone)
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SYSTEM_HOLDS_BYTES)
    transport.set_protocol(viewer)
    # For aiohttp the connection has ended: it gives back all it kept for it, and writes nothing more.
    protocol.transport = None
    protocol.connection_lost(None)
    return response, viewer
