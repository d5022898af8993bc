"""One call to a platform's HTTP interface, and what its failure says of what was to be sent.

Whatever goes wrong before the request left is Busy: nothing can have arrived. Whatever goes wrong after that is
Uncertain, except for calls that send nothing. What the platform answered is judged by whoever called.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

import aiohttp

from adapters.base.errors import Busy, Refused, Uncertain

TIMEOUT = aiohttp.ClientTimeout(total=15, sock_connect=5)
FILE_TIMEOUT = aiohttp.ClientTimeout(total=300, sock_connect=5, sock_read=15)
UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=300, sock_connect=5)
"""Nothing is read before all has arrived, which the last piece that left here may take long to do."""
PIECE_BYTES = 65_536
ANSWER_BYTES = 1_000_000
"""More of an answer is not read."""
SILENCE_S = 3_600.0
"""The longest delay that is believed; platforms that mean more say so again."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the platform answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def data(self) -> Mapping[str, Any]:
        """The JSON object it holds; empty where it holds none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def retry_after_s(self) -> float | None:
        """The platform's own delay in seconds, if it told one: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3"""
        stated = self.headers.get("Retry-After", "")
        return min(float(stated), SILENCE_S) if stated.isdecimal() else None


async def download(
    http: aiohttp.ClientSession,
    url: str,
    into: BinaryIO,
    *,
    headers: Mapping[str, str] | None = None,
    most_bytes: int,
) -> Answered:
    """GET a file piece by piece, and follow no redirect. What is not answered with 200 is given back as `call` gives
    it, and nothing is written. Raises Busy, or Refused as `call` does."""
    try:
        async with _asking(http, "GET", url, FILE_TIMEOUT, headers) as answer:
            if answer.status != 200:
                return Answered(answer.status, answer.headers, await _read(answer, ANSWER_BYTES))
            written = 0
            async for piece in answer.content.iter_chunked(PIECE_BYTES):
                written += len(piece)
                if written > most_bytes:
                    raise Refused(f"the file is larger than {most_bytes // 1_000_000} MB")
                into.write(piece)
            return Answered(answer.status, answer.headers, b"")
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
        _not_connected(error)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Busy(f"no answer: {type(error).__name__}") from error


async def call(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    json: object = None,
    data: object = None,
    headers: Mapping[str, str] | None = None,
    sends: bool = True,
    uploads: bool = False,
    most_bytes: int = ANSWER_BYTES,
) -> Answered:
    """Ask once, and follow no redirect. `sends` is False for a call that delivers nothing; one that `uploads` a file,
    as forms of several parts do, may take its time. Raises Busy, Uncertain, or Refused where the address is none, or
    may not be reached, or what was only asked is answered with more than `most_bytes`."""
    timeout = UPLOAD_TIMEOUT if uploads or isinstance(data, aiohttp.FormData) else TIMEOUT
    try:
        async with _asking(http, method, url, timeout, headers, json=json, data=data) as answer:
            body = await _read(answer, most_bytes)
            status, told = answer.status, answer.headers
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
        _not_connected(error)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        reason = f"no answer: {type(error).__name__}"
        raise (Uncertain(reason) if sends else Busy(reason)) from error
    if len(body) > most_bytes:
        reason = f"the answer is longer than {most_bytes} bytes"
        raise Uncertain(reason) if sends else Refused(reason)
    return Answered(status, told, body)


def _asking(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    timeout: aiohttp.ClientTimeout,
    headers: Mapping[str, str] | None,
    **what: Any,
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    """A request; our door does not unpack what it gets."""
    said = {"Accept-Encoding": "identity", **(headers or {})}
    return http.request(method, url, headers=said, allow_redirects=False, timeout=timeout, **what)


async def _read(answer: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """The body, or the first byte too many of it."""
    body = await answer.content.read(most_bytes + 1)
    while len(body) <= most_bytes and (more := await answer.content.read(most_bytes + 1 - len(body))):
        body += more
    return body


def _not_connected(error: Exception) -> NoReturn:
    """Nothing left. An address that is none, or that our own door refuses, stays so."""
    if isinstance(error, aiohttp.InvalidURL):
        raise Refused("the url is not valid") from error
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, PermissionError):
        raise Refused(str(error.os_error)) from error
    raise Busy(type(error).__name__) from error
