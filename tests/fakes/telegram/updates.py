"""What is kept for the bot until it confirms it: asked for with getUpdates, or pushed to its webhook.

A confirmed update is forgotten; one that nobody confirms dies after a day. Invariant: updates of one lane (a chat)
are pushed one after the other, each until the bot takes it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from tests.fakes.telegram.errors import ApiError, conflict
from tests.fakes.telegram.ledger import JSON, Log

BY_DEFAULT_NOT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
DAY_S = 86_400
HASTE_S = 0.5
SHORT_LIVED_S = {"callback_query": 150}
MOST_RETRY_AFTER_S = 3600
OTHER_POLL = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
OTHER_WEBHOOK = "Conflict: terminated by setWebhook request"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


@dataclass(slots=True)
class Waiting:
    """An update that the bot has not confirmed."""

    id: int
    kind: str
    lane: str
    body: JSON
    dies_at: float


@dataclass(slots=True)
class Hook:
    """Where to push updates. Delays are those after the first and at most after later failures."""

    url: str
    secret: str = ""
    max_connections: int = 40
    first_delay_s: float = 0.05
    most_delay_s: float = 1.0
    patience_s: float = 10.0
    error: str = ""
    error_at: float = 0.0
    busy: set[str] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Updates:
    """The updates of one bot. `now` is the fake's own time, which tests put forward."""

    def __init__(self, log: Log, now: Callable[[], float], first_id: int, conflict_s: float) -> None:
        self.allowed: list[str] = []
        self.hook: Hook | None = None
        self._log = log
        self._now = now
        self._next_id = first_id
        self._conflict_s = conflict_s
        self._waiting: list[Waiting] = []
        self._poll: asyncio.Future[None] | None = None
        self._asked: tuple[int, float] = (-1, 0.0)
        self._room = asyncio.Semaphore(40)

    def add(self, kind: str, payload: JSON, lane: str, told: JSON) -> int:
        """Keep an update for the bot, if it wants that kind; 0 if not. `told` goes to the ledger."""
        wanted = kind in self.allowed if self.allowed else kind not in BY_DEFAULT_NOT
        if not wanted:
            self._log.note("withheld", kind=kind, **told)
            return 0
        update_id = self._next_id
        self._next_id += 1
        life_s = SHORT_LIVED_S.get(kind, DAY_S)
        body = {"update_id": update_id, kind: payload}
        update = Waiting(update_id, kind, lane, body, self._now() + life_s)
        self._waiting.append(update)
        self._log.note("emitted", update_id=update_id, kind=kind, **told)
        self._wake()
        self._push(lane)
        return update_id

    @property
    def pending(self) -> int:
        """How many updates are kept."""
        self._bury()
        return len(self._waiting)

    def _bury(self) -> None:
        self._waiting = [update for update in self._waiting if update.dies_at > self._now()]

    def _forget(self, gone: set[int]) -> None:
        if gone:
            self._waiting = [update for update in self._waiting if update.id not in gone]
            self._log.note("confirmed", update_ids=sorted(gone))

    # --- pulled --------------------------------------------------------------------------------------------

    async def get(self, offset: int, limit: int, timeout_s: int) -> list[JSON]:
        """getUpdates: an offset confirms all before it, a negative one all but so many of the last."""
        if self.hook is not None:
            raise conflict(WEBHOOK_ACTIVE)
        self._bury()
        limit = 1 if self._again(offset) else limit
        if offset > 0:
            self._forget({update.id for update in self._waiting if update.id < offset})
        elif offset < 0:
            self._forget({update.id for update in self._waiting[:offset]})
        if not self._waiting and timeout_s > 0:
            await self._wait(timeout_s)
            self._bury()
        given = self._waiting[:limit]
        if given:
            self._log.note("delivered", update_ids=[update.id for update in given])
        return [update.body for update in given]

    def _again(self, offset: int) -> bool:
        """Whether the same was asked a moment ago: then the vendor gives no more than one update."""
        last, self._asked = self._asked, (offset, time.monotonic())
        return offset == last[0] and self._asked[1] < last[1] + HASTE_S

    async def _wait(self, timeout_s: int) -> None:
        self._interrupt(OTHER_POLL)
        poll = self._poll = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await poll
        except TimeoutError:
            pass
        except ApiError:
            await asyncio.sleep(self._conflict_s)
            raise
        finally:
            if self._poll is poll:
                self._poll = None

    def _wake(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def _interrupt(self, why: str) -> None:
        if self._poll is not None and not self._poll.done():
            self._log.note("violation", kind="conflict", chat="")
            self._poll.set_exception(conflict(why))

    # --- pushed --------------------------------------------------------------------------------------------

    def set_hook(self, hook: Hook | None, drop: bool) -> None:
        """setWebhook, or deleteWebhook with None."""
        if self.hook is not None:
            for task in self.hook.tasks:
                task.cancel()
        self.hook = hook
        self._log.note("hook", url=hook.url if hook else "")
        if drop:
            self._forget({update.id for update in self._waiting})
        if hook is not None:
            self._interrupt(OTHER_WEBHOOK)
            self._room = asyncio.Semaphore(hook.max_connections)
            for update in self._waiting:
                self._push(update.lane)

    def _push(self, lane: str) -> None:
        hook = self.hook
        if hook is not None and lane not in hook.busy:
            hook.busy.add(lane)
            task = asyncio.get_running_loop().create_task(self._deliver(hook, lane))
            hook.tasks.add(task)
            task.add_done_callback(hook.tasks.discard)

    async def _deliver(self, hook: Hook, lane: str) -> None:
        delay_s = hook.first_delay_s
        timeout = aiohttp.ClientTimeout(total=hook.patience_s)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            while update := self._first(lane):
                async with self._room:
                    status, retry_after_s = await self._attempt(http, hook, update)
                if status // 100 == 2:
                    self._forget({update.id})
                    delay_s = hook.first_delay_s
                    continue
                hook.error, hook.error_at = f"Wrong response from the webhook: {status}", self._now()
                await asyncio.sleep(retry_after_s or delay_s)
                delay_s = min(2 * delay_s, hook.most_delay_s)
            # Before anything is awaited, so that an update which comes now begins anew.
            hook.busy.discard(lane)

    def _first(self, lane: str) -> Waiting | None:
        self._bury()
        return next((update for update in self._waiting if update.lane == lane), None)

    async def _attempt(
        self, http: aiohttp.ClientSession, hook: Hook, update: Waiting
    ) -> tuple[int, float | None]:
        """One request: its status, 0 when there was none, and the seconds after which to come again."""
        headers = {"Content-Type": "application/json"}
        if hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        self._log.note("delivered", update_ids=[update.id])
        status, retry_after, answer = 0, "", b""
        try:
            body = json.dumps(update.body).encode()
            async with http.post(hook.url, data=body, headers=headers, allow_redirects=False) as response:
                answer = await response.read()
                status, retry_after = response.status, response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError):
            pass
        self._log.note("pushed", update_id=update.id, status=status)
        if status // 100 == 2 and b'"method"' in answer:
            self._log.note("violation", kind="method in an answer", chat=update.lane)
        seconds = min(float(retry_after), MOST_RETRY_AFTER_S) if retry_after.isdigit() else None
        return status, seconds

    async def aclose(self) -> None:
        """Stop pushing."""
        tasks = list(self.hook.tasks) if self.hook else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
