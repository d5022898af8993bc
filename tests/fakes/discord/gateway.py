"""The gateway: https://docs.discord.com/developers/events/gateway.

A session outlives its connection: what happens meanwhile is kept, and RESUME repeats it. What happens while there is
no session, or one that was ended, is repeated to nobody; only the history of channels has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.discord.limits import Limits
from tests.fakes.discord.things import JSON

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 3, 6, 7, 9, 10, 11
VOICE, MEMBERS = 4, 8
GUILDS, GUILD_MESSAGES, GUILD_REACTIONS, GUILD_TYPING = 1 << 0, 1 << 9, 1 << 10, 1 << 11
DM_MESSAGES, DM_REACTIONS, DM_TYPING, CONTENT = 1 << 12, 1 << 13, 1 << 14, 1 << 15
PRIVILEGED = {1 << 1: "members", 1 << 8: "presences", CONTENT: "content"}
KNOWN_INTENTS = sum(1 << bit for bit in (*range(17), 20, 21, 24, 25))
ALWAYS = 0
"""Interactions come whatever was asked for."""

Masked = Callable[[int], JSON | None]
"""The payload of an event for a session with these intents; None for none."""


@dataclass(slots=True)
class Planned:
    """What a connection meets: at which moment ("connect", "hello", "identify", "resume"), so many times (for ever, if
    None): the close code, "invalid", "resumable" (both op 9), "refuse" (HTTP 503), "reset", or "silence"."""

    moment: str
    deed: int | str
    times: int | None = 1


@dataclass(slots=True)
class Settings:
    """How the gateway behaves. `identify_every_s`: more often is answered with op 9."""

    heartbeat_s: float = 41.25
    identify_every_s: float = 0.0
    allowed: set[str] = field(default_factory=lambda: {"content"})
    """The privileged intents that are on in the developer portal."""
    sends: tuple[int, float] = (120, 60.0)
    presences: tuple[int, float] = (5, 20.0)


@dataclass(slots=True)
class Session:
    """What one IDENTIFY began. `frames` are all events so far; the number of an event is its place among them."""

    id: str
    intents: int
    frames: list[str] = field(default_factory=list)
    sent: int = 0
    connection: Connection | None = None


class Connection:
    """One WebSocket, from its HELLO to its end."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.socket = socket
        self.transport = transport
        self.session: Session | None = None
        self.identified = False
        self.news = asyncio.Event()

    async def say(self, op: int, data: object = None) -> None:
        """Send what is no event."""
        with contextlib.suppress(ConnectionError):
            await self.socket.send_str(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def abort(self) -> None:
        """The connection ends without a word."""
        if self.transport is not None:
            self.transport.abort()


class Gateway:
    """All sessions and connections of one application."""

    def __init__(self, token: str, note: Callable[..., None], now: Callable[[], float], seed: int) -> None:
        self.url = ""
        self.token = token
        self.settings = Settings()
        self.planned: list[Planned] = []
        self.sessions: dict[str, Session] = {}
        self.frozen = False
        self.ready: Callable[[], tuple[JSON, list[tuple[str, JSON]]]] = lambda: ({}, [])
        """What READY says, and the events that follow it."""
        self._note = note
        self._now = now
        self._limits = Limits()
        self._connections: set[Connection] = set()
        self._chance = random.Random(seed)
        self._identified_at = 0.0

    # --- events --------------------------------------------------------------------------------------------

    def emit(self, event: str, intent: int, payload: JSON | Masked, thing: int = 0) -> None:
        """Something happened. Sessions that did not ask for such events are told nothing."""
        told = []
        for session in self.sessions.values():
            if intent == ALWAYS or session.intents & intent:
                body = payload(session.intents) if callable(payload) else payload
                if body is not None:
                    self._put(session, event, body)
                    told.append(session.id)
        self._note("emitted", event=event, id=thing, sessions=told)

    def _put(self, session: Session, event: str, body: Mapping[str, Any]) -> None:
        frame = {"op": DISPATCH, "d": body, "s": len(session.frames) + 1, "t": event}
        session.frames.append(json.dumps(frame))
        if session.connection is not None:
            session.connection.news.set()

    async def _deliver(self, connection: Connection) -> None:
        """Send a session's events as they come, for as long as the connection lasts."""
        session = connection.session
        while session is not None and session.connection is connection:
            connection.news.clear()
            while not self.frozen and session.sent < len(session.frames):
                session.sent += 1
                with contextlib.suppress(ConnectionError):
                    await connection.socket.send_str(session.frames[session.sent - 1])
            await connection.news.wait()

    # --- connections ---------------------------------------------------------------------------------------

    def _plan(self, moment: str) -> int | str | None:
        for planned in self.planned:
            if planned.moment == moment and planned.times != 0:
                if planned.times is not None:
                    planned.times -= 1
                return planned.deed
        return None

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """One connection, until its end."""
        self._note("gateway", done="connected", session="", path=request.path)
        deed = self._plan("connect")
        if deed == "refuse":
            return web.Response(status=503)
        socket = web.WebSocketResponse(autoping=True, timeout=0.5)
        transport = request.transport if isinstance(request.transport, asyncio.Transport) else None
        connection = Connection(socket, transport)
        if deed == "reset":
            connection.abort()
            return web.Response()
        await socket.prepare(request)
        self._connections.add(connection)
        delivering = None
        try:
            await connection.say(HELLO, {"heartbeat_interval": int(self.settings.heartbeat_s * 1000)})
            if await self._meets(connection, "hello"):
                return socket
            async for message in socket:
                if message.type is not WSMsgType.TEXT or not await self._heard(connection, message.data):
                    break
                if connection.session is not None and delivering is None:
                    delivering = asyncio.create_task(self._deliver(connection))
        finally:
            self._connections.discard(connection)
            if delivering is not None:
                delivering.cancel()
            self._ended(connection)
        return socket

    async def _meets(self, connection: Connection, moment: str) -> bool:
        """Do what was planned for this moment; whether the connection is over by that."""
        deed = self._plan(moment)
        if deed is None:
            return False
        if isinstance(deed, int):
            await self._close(connection, deed)
        elif deed == "silence":
            async for _ in connection.socket:
                pass
        elif deed == "reset":
            connection.abort()
        else:
            await self._invalid(connection, resumable=deed == "resumable")
        return True

    def _ended(self, connection: Connection) -> None:
        session, code = connection.session, connection.socket.close_code
        if session is not None and session.connection is connection:
            session.connection = None
            if code in (1000, 1001):
                # Whoever says goodbye like this does not come back.
                self.sessions.pop(session.id, None)
        self._note("gateway", done="closed", session=session.id if session else "", code=code)

    async def _close(self, connection: Connection, code: int) -> None:
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            if code == 4009:
                self.sessions.pop(session.id, None)
        await connection.socket.close(code=code, message=b"")

    # --- what the bot says ---------------------------------------------------------------------------------

    async def _heard(self, connection: Connection, text: str) -> bool:
        """One frame of the bot; whether the connection goes on."""
        if self._limits.use(f"sends:{id(connection)}", self.settings.sends, self._now()):
            self._note("violation", kind="gateway sends")
            await self._close(connection, 4008)
            return False
        try:
            frame = json.loads(text)
            op, data = int(frame["op"]), frame.get("d")
        except (ValueError, KeyError, TypeError):
            await self._close(connection, 4002)
            return False
        if op == HEARTBEAT:
            if not self.frozen:
                await connection.say(ACK)
            return True
        if op == IDENTIFY:
            return await self._identify(connection, data)
        if op == RESUME:
            return await self._resume(connection, data)
        if connection.session is None:
            await self._close(connection, 4003)
            return False
        return await self._said(connection, op, data)

    async def _said(self, connection: Connection, op: int, data: JSON) -> bool:
        assert connection.session is not None
        if op == PRESENCE:
            if self._limits.use(f"presence:{connection.session.id}", self.settings.presences, self._now()):
                self._note("violation", kind="presence")
            texts = [one.get("state") or one.get("name", "") for one in data.get("activities", [])]
            self._note("presence", session=connection.session.id, status=data.get("status"), texts=texts)
        elif op not in (VOICE, MEMBERS):
            await self._close(connection, 4001)
            return False
        return True

    async def _identify(self, connection: Connection, data: JSON) -> bool:
        if connection.identified:
            await self._close(connection, 4005)
            return False
        connection.identified = True
        now, since = self._now(), self._now() - self._identified_at
        self._identified_at = now
        self._note("gateway", done="identified", session="", intents=data.get("intents", 0), since_s=since)
        if await self._meets(connection, "identify"):
            return False
        code = self._wrong(data)
        if code:
            await self._close(connection, code)
            return False
        if since < self.settings.identify_every_s:
            self._note("violation", kind="identify")
            await self._invalid(connection, resumable=False)
            return False
        session = Session(f"{self._chance.getrandbits(128):032x}", data["intents"], connection=connection)
        self.sessions[session.id] = session
        connection.session = session
        ready, guilds = self.ready()
        resume_url = f"{self.url}/resume"
        self._put(session, "READY", ready | {"session_id": session.id, "resume_gateway_url": resume_url})
        for event, body in guilds if session.intents & GUILDS else ():
            self._put(session, event, body)
        self._note("gateway", done="ready", session=session.id)
        return True

    def _wrong(self, data: JSON) -> int:
        """The close code for an IDENTIFY that cannot be; 0 for one that can."""
        intents = data.get("intents", 0)
        if data.get("token") != self.token:
            return 4004
        if intents & ~KNOWN_INTENTS:
            return 4013
        wanted = {name for bit, name in PRIVILEGED.items() if intents & bit}
        return 4014 if wanted - self.settings.allowed else 0

    async def _resume(self, connection: Connection, data: JSON) -> bool:
        session = self.sessions.get(data.get("session_id") or "")
        self._note("gateway", done="asked to resume", session=data.get("session_id"))
        if await self._meets(connection, "resume"):
            return False
        if data.get("token") != self.token:
            await self._close(connection, 4004)
            return False
        if session is None:
            await self._invalid(connection, resumable=False)
            return False
        if not 0 <= (data.get("seq") or 0) <= len(session.frames):
            await self._close(connection, 4007)
            return False
        if session.connection is not None:
            session.connection.abort()
        session.connection, connection.session = connection, session
        session.sent = data.get("seq") or 0
        self._note("gateway", done="resumed", session=session.id, repeated=len(session.frames) - session.sent)
        self._put(session, "RESUMED", {"_trace": []})
        return True

    # --- trouble -------------------------------------------------------------------------------------------

    async def _invalid(self, connection: Connection, *, resumable: bool) -> None:
        if connection.session is not None and not resumable:
            self.sessions.pop(connection.session.id, None)
        self._note("gateway", done="invalid", session="", resumable=resumable)
        await connection.say(INVALID, resumable)
        # The bot is to hang up.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(connection.socket.receive(), 5)

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Op 9 for all: their sessions are over, unless they may resume them."""
        for connection in list(self._connections):
            if connection.session is not None and not resumable:
                self.sessions.pop(connection.session.id, None)
            self._note("gateway", done="invalid", session="", resumable=resumable)
            await connection.say(INVALID, resumable)

    async def reconnect(self) -> None:
        """Op 7 for all: they are to come back and resume."""
        for connection in list(self._connections):
            await connection.say(RECONNECT)

    async def drop(self, code: int | None = None) -> None:
        """All connections end: with a close code, or without a word. Sessions can be resumed, except after 4009."""
        for connection in list(self._connections):
            if code is None:
                connection.abort()
            else:
                await self._close(connection, code)

    def forget(self) -> None:
        """All sessions are over, and nobody is told; connections end without a word."""
        self.sessions.clear()
        for connection in list(self._connections):
            connection.abort()

    def freeze(self, frozen: bool) -> None:
        """Connections stay and nothing comes any more, not even answers to heartbeats; or it comes again."""
        self.frozen = frozen
        for connection in self._connections:
            connection.news.set()
