"""The web desk at `/desk`: an agent signs in by a link, sees the queues they serve, and works on cases there.

What they do goes through the inbox as a command, like everywhere else; the desk decides, and its answer is put into
the agent's box. Nothing here is shown to a browser whose session is not that of an agent.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from adapters.base import (
    AgentCommand,
    AgentTyping,
    Channel,
    CommandHelp,
    Media,
    Pace,
    Person,
    Refused,
    Undelivered,
    read_files,
    read_id,
    read_object,
    read_text,
)
from bot.clock import Clock
from bot.config.settings import Config
from bot.deskview import DeskView, Watch
from bot.inbox import Inbox
from bot.mailbox import StoredMailbox, Watcher, place_of
from bot.render import render
from bot.signin import TYPING, Agent, SignIn
from bot.spool import fetched
from bot.store.store import Store
from bot.web.answers import (
    ALIVE,
    NOT_KEPT,
    SECURITY_HEADERS,
    compact,
    later,
    or_problem,
    problem,
    streamed,
    woken_within,
)
from bot.web.files import MOST_BYTES, file_headers, stream_file
from bot.web.guard import from_our_page, letters, not_too_often, parcels
from bot.web.view import View
from bot.words.browser import agents_on_duty, desk_labels

COOKIE = "__Host-jono-desk"
COMMANDS = (60, 30.0)

Handler = Callable[[web.Request, Agent], Awaitable[web.StreamResponse]]


class WebDesk:
    """The desk in the browser; it uses the first of `boxes`, of which there is one at least."""

    def __init__(
        self,
        view: View,
        desk: DeskView,
        watch: Watch,
        sign_in: SignIn,
        store: Store,
        inbox: Inbox,
        channels: Mapping[str, Channel],
        boxes: Mapping[str, StoredMailbox],
        commands: list[CommandHelp],
    ) -> None:
        self._view = view
        self._desk = desk
        self._watch = watch
        self._sign_in = sign_in
        self._store = store
        self._inbox = inbox
        self._channels = channels
        self._channel, self._box = next(iter(boxes.items()))
        self._letters, self._parcels = letters(), parcels()
        self._commands = [row for row in commands if row.for_agents]

    @property
    def _config(self) -> Config:
        return self._view.config

    @property
    def _clock(self) -> Clock:
        return self._view.clock

    def routes(self) -> list[web.RouteDef]:
        """Signing in and out, the page, its stream, and what it posts."""
        return [
            web.get("/desk", self._page),
            web.get("/desk/enter", self._enter_page),
            web.post("/desk/session", self._enter),
            web.get("/desk/session", self._signed_in(self._session)),
            web.delete("/desk/session", self._signed_in(self._leave)),
            web.get("/desk/events", self._signed_in(self._events)),
            web.get("/desk/cases/{case}", self._signed_in(self._case)),
            web.get(
                "/desk/cases/{case}/files/{entry:[0-9]{1,9}}/{number:[0-9]{1,9}}",
                self._signed_in(self._file),
            ),
            web.post("/desk/commands", self._signed_in(self._command)),
            web.post("/desk/typing", self._signed_in(self._typing)),
            web.post("/desk/files", self._signed_in(self._upload)),
        ]

    def _signed_in(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Only for an agent, and for pages of ours."""

        @or_problem
        async def handle(request: web.Request) -> web.StreamResponse:
            if request.method != "GET":
                from_our_page(request, self._config.server.public_url)
            agent = await self._sign_in.agent(request.cookies.get(COOKIE, ""))
            if agent is None:
                return problem(401, "you are signed out; open the desk by a new link")
            return await handler(request, agent)

        return handle

    # --- signing in ----------------------------------------------------------------------------------------

    def _html(self, template: str, language: str, status: int = 200, **values: object) -> web.Response:
        labels = desk_labels(self._view.words.language(language))
        html = render(
            template,
            language=language,
            brand=self._config.bot.name,
            labels=labels,
            **values,
        )
        return web.Response(text=html, content_type="text/html", headers=SECURITY_HEADERS, status=status)

    @or_problem
    async def _page(self, request: web.Request) -> web.StreamResponse:
        secret = request.cookies.get(COOKIE, "")
        language = self._view.language(request)
        agent = await self._sign_in.agent(secret)
        if agent is None:
            return self._html("desk_enter.html", language, status=401, entering=False)
        await self._sign_in.stay(secret, agent)
        commands = [
            {"name": row.name, "arguments": row.arguments, "summary": row.summaries[language]}
            for row in self._commands
        ]
        answer = self._html(
            "desk.html",
            language,
            agent=agent.name,
            commands=commands,
            queues=self._desk.queues(agent),
            speed=self._clock.speed,
            file_bytes=self._channels[self._channel].limits.file_bytes,
        )
        self._set_cookie(answer, secret)
        return answer

    async def _enter_page(self, request: web.Request) -> web.StreamResponse:
        return self._html("desk_enter.html", self._view.language(request), entering=True)

    @or_problem
    async def _enter(self, request: web.Request) -> web.StreamResponse:
        from_our_page(request, self._config.server.public_url)
        # Nobody guesses 256 bits. A bound on how often it is tried would only let a stranger keep agents out.
        data = await self._posted(request)
        entered = await self._sign_in.enter(read_text(data, "secret"))
        if entered is None:
            return problem(401, "this link was used or is too old; ask for a new one")
        answer = web.json_response({"name": entered[1].name}, headers=NOT_KEPT)
        self._set_cookie(answer, entered[0])
        return answer

    def _set_cookie(self, answer: web.Response, secret: str) -> None:
        answer.set_cookie(
            COOKIE,
            secret,
            max_age=self._config.desk.session_s,
            secure=True,
            httponly=True,
            samesite="Strict",
        )

    async def _session(self, request: web.Request, agent: Agent) -> web.StreamResponse:
        return web.json_response({"name": agent.name}, headers=NOT_KEPT)

    async def _leave(self, request: web.Request, agent: Agent) -> web.StreamResponse:
        await self._sign_in.leave(request.cookies.get(COOKIE, ""))
        answer = web.json_response({}, headers=NOT_KEPT)
        answer.del_cookie(COOKIE, secure=True, httponly=True, samesite="Strict")
        return answer

    # --- what is seen --------------------------------------------------------------------------------------

    async def _events(self, request: web.Request, agent: Agent) -> web.StreamResponse:
        if self._watch.watchers >= self._config.limits.event_streams:
            return later("too many event streams")
        async with (
            self._view.board.watching() as woken,
            self._watch.watching(woken),
            self._box.watching(agent.box, woken) as watcher,
        ):
            woken.set()
            return await streamed(request, self._news(request, agent, watcher))

    async def _news(self, request: web.Request, agent: Agent, watcher: Watcher) -> AsyncGenerator[str]:
        # Answers to what was asked before this page was opened are of no use in it.
        after = place_of(request.query.get("after", ""), "") or await self._box.last(agent.box)
        shown: Mapping[str, Any] = {}
        while not self._view.stopping.is_set():
            if await self._sign_in.agent(request.cookies.get(COOKIE, "")) is None:
                yield "event: out\ndata: {}\n\n"
                return
            if not await woken_within(watcher.woken):
                yield ALIVE
                continue
            if watcher.take_fresh():
                async for item_id, item in self._box.items(agent.box, after):
                    after = item_id
                    yield f"id: {item_id}\nevent: item\ndata: {compact(item)}\n\n"
            for kind, _, case_id in (sign.partition(" ") for sign in watcher.take_signs()):
                if kind == TYPING:
                    yield f"event: {kind}\ndata: {compact({'case': case_id})}\n\n"
            overview = await self._desk.overview(agent)
            overview["signs"] = self._signs(overview, self._view.language(request))
            if {**overview, "now": 0} != {**shown, "now": 0}:
                shown = overview
                yield f"event: desk\ndata: {compact(overview)}\n\n"

    def _signs(self, overview: Mapping[str, Any], language: str) -> dict[str, Any]:
        """What customers of each queue are told now, and who waits and who is there."""
        signs, waiting = {}, {queue["name"]: queue for queue in overview["queues"]}
        for queue in waiting:
            status = self._view.status(queue)
            zone = status.hours.zone
            words, page = self._view.words.sign(language, zone), self._view.words.page(language, zone)
            sign = words.sign(status.published.outlook, status.light)
            signs[queue] = {
                "light": sign.light,
                "state": sign.state,
                "figure": sign.figure,
                "waiting": page.waiting(waiting[queue]["waiting"]),
                "agents": agents_on_duty(words.language, waiting[queue]["agents"]),
            }
        return signs

    async def _case(self, request: web.Request, agent: Agent) -> web.StreamResponse:
        whole = await self._desk.whole(agent, request.match_info["case"].upper())
        if whole is None:
            raise web.HTTPNotFound(reason="there is no such case")
        return web.json_response(whole, headers=NOT_KEPT)

    async def _file(self, request: web.Request, agent: Agent) -> web.StreamResponse:
        where = request.match_info
        found = await self._desk.file(agent, where["case"], int(where["entry"]), int(where["number"]))
        if found is None:
            raise web.HTTPNotFound(reason="there is no such file")
        channel, file = found
        source = self._channels.get(channel)
        if source is None or not isinstance(source, Media):
            raise web.HTTPNotFound(reason="the file cannot be fetched from where it was sent")
        try:
            async with fetched(source, file, MOST_BYTES) as spool:
                return await stream_file(request, spool, file_headers(spool.head(), file.name))
        except Refused as error:
            raise web.HTTPNotFound(reason=str(error)) from None
        except Undelivered as error:
            return later(str(error))

    # --- what is done --------------------------------------------------------------------------------------

    async def _posted(self, request: web.Request) -> Mapping[str, Any]:
        return read_object(await self._letters.read(request, self._config.limits.body_bytes))

    async def _admitted(self, agent: Agent) -> None:
        most, per_s = COMMANDS
        home = self._config.channels[self._channel].queue
        pace = Pace(f"desk-{agent.channel}-{agent.id}", most, per_s)
        await not_too_often(self._store.channels, home, self._channel, pace)

    async def _command(self, request: web.Request, agent: Agent) -> web.StreamResponse:
        """{"id", "command", "arguments"?, "case"?, "files"?, "plain"?}: `plain` for what was written to the customer
        or as a note, whose fate is shown at it."""
        await self._admitted(agent)
        data = await self._posted(request)
        command_id, case = read_id(data), read_text(data, "case").upper()
        plain = bool(case) and data.get("plain") is True
        command = AgentCommand(
            id=f"desk-{agent.channel}-{agent.id}-{command_id}",
            agent=Person(agent.id, agent.name),
            command=read_text(data, "command"),
            arguments=read_text(data, "arguments"),
            case_id=case or None,
            place=agent.box if plain else "",
            member=agent.member,
            answer_to=agent.box,
            files=read_files(data, agent.box),
            ref=command_id if plain else "",
            via=self._channel,
        )
        await self._inbox.receive(agent.channel, command)
        return web.json_response({"accepted": 1}, headers=NOT_KEPT)

    async def _typing(self, request: web.Request, agent: Agent) -> web.StreamResponse:
        case_id = read_text(await self._posted(request), "case").upper()
        case = await self._desk.case(agent, case_id)
        if case is not None:
            await self._inbox.receive(agent.channel, AgentTyping("", case.id))
        return web.json_response({}, headers=NOT_KEPT)

    async def _upload(self, request: web.Request, agent: Agent) -> web.StreamResponse:
        await self._admitted(agent)
        content = await self._parcels.read(request, self._channels[self._channel].limits.file_bytes)
        ref = await self._box.keep_file(agent.box, content)
        return web.json_response({"ref": ref, "size": len(content)}, headers=NOT_KEPT)
