"""Socket Mode: Slack's requests by a connection that we open, where no public address is to be had.

https://docs.slack.dev/apis/events-api/using-socket-mode. Each is confirmed once what it brought is durable; what is
not confirmed within seconds comes again, with the same ids.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from adapters.base import Arrival, Down, Inbox, Malformed, Refused, Undelivered, Unusable
from adapters.slack.calls import OURS, Calls, Denied

HEARTBEAT_S = 20.0
KINDS = {"events_api": "event", "slash_commands": "command", "interactive": "interaction"}
log = logging.getLogger(__name__)

Take = Callable[[str, Mapping[str, Any]], list[Arrival]]
"""Reads what a request holds, by its kind. Raises Malformed."""


async def listen(calls: Calls, take: Take, inbox: Inbox) -> None:
    """One connection; returns when Slack ends it, as it does now and then. Raises Down or Unusable."""
    address = await _address(calls)
    try:
        async with calls.http.ws_connect(address, heartbeat=HEARTBEAT_S) as socket:
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT or not await _handled(
                    socket, message.data, take, inbox
                ):
                    return
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Down(f"the connection broke off: {type(error).__name__}") from error


async def _address(calls: Calls) -> str:
    try:
        address = (await calls.ask("apps.connections.open")).get("url")
    except Denied as error:
        raise Unusable(f"Socket Mode: {error}; turn it on in the app's settings") from error
    except Refused as error:
        raise Unusable(f"api_base: {error}") from error
    except Undelivered as error:
        raise (Unusable if str(error) in OURS.values() else Down)(f"Socket Mode: {error}") from error
    if not isinstance(address, str) or not address.startswith(("wss://", "ws://")):
        raise Down("Slack does not say where to connect")
    return address


async def _handled(socket: aiohttp.ClientWebSocketResponse, text: str, take: Take, inbox: Inbox) -> bool:
    """Take one request in and confirm it; False when Slack ends the connection."""
    try:
        envelope = json.loads(text)
    except ValueError:
        return True
    if not isinstance(envelope, dict):
        return True
    if envelope.get("type") == "disconnect":
        return False
    kind, payload = KINDS.get(str(envelope.get("type"))), envelope.get("payload")
    if kind is not None and isinstance(payload, dict):
        try:
            arrivals = take(kind, payload)
        except Malformed as error:
            # Slack would only send it again.
            log.warning("an event of Slack makes no sense: %s", error)
            arrivals = []
        for arrival in arrivals:
            await inbox(arrival)
    if isinstance(envelope.get("envelope_id"), str):
        await socket.send_str(json.dumps({"envelope_id": envelope["envelope_id"]}))
    return True
