"""What an agent sees at the web desk: the queues they serve, the cases in them, and what was said in one.

Plain data for the page; it reads and changes nothing. What many agents look at is read once: a `Watch` notices that
something changed, and rows are made anew then, for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.base import File
from bot.asked import served
from bot.bodies import as_it_reads, files_in, in_words
from bot.case import Case
from bot.clock import Clock
from bot.config.settings import Config
from bot.signin import Agent
from bot.store.store import Store
from bot.watched import Watched
from bot.words.plain import person_name

LOOK_EVERY_S = 0.3
WAITING, OTHERS = 50, 200
"""So many cases of a queue are shown: those that wait longest, and others that are open."""
PREVIEW_CHARS = 140


class Watch(Watched):
    """Wakes those who look at queues when something changed there, in whichever process that was."""

    def __init__(self, store: Store, queues: Sequence[str], clock: Clock) -> None:
        super().__init__()
        self._store = store
        self._queues = queues
        self._clock = clock
        self.changes: tuple[int, ...] = ()

    async def run(self) -> None:
        """Look while anybody watches, until cancelled. Raises StoreDown."""
        while True:
            await self.anybody.wait()
            changes = await self._store.desk.changes(self._queues)
            if changes != self.changes:
                self.changes = changes
                self.tell()
            await self._clock.pause(LOOK_EVERY_S)


class DeskView:
    """The desk as data. `windows_s` tells how long after their last message customers of a channel can be answered."""

    def __init__(
        self, config: Config, store: Store, watch: Watch, clock: Clock, windows_s: Mapping[str, float]
    ) -> None:
        self._windows_s = windows_s
        self._config = config
        self._store = store
        self._watch = watch
        self._clock = clock
        self._rows: dict[str, tuple[tuple[int, ...], list[dict[str, Any]]]] = {}
        self._reading = {queue: asyncio.Lock() for queue in config.queues}

    def queues(self, agent: Agent) -> list[str]:
        """The queues the agent serves."""
        return served(self._config, agent.channel)

    async def overview(self, agent: Agent) -> dict[str, Any]:
        """All that stands beside the open case. Raises StoreDown."""
        queues, rows, on_duty = [], [], False
        for queue in self.queues(agent):
            line = await self._store.line(queue)
            on_duty = on_duty or await self._store.duty(queue, agent.full_id) is not None
            queues.append(
                {
                    "name": queue,
                    "title": self._config.title(queue),
                    "waiting": line.waiting,
                    "agents": line.agents,
                }
            )
            rows += await self._cases(queue, await self._store.held(queue, agent.full_id))
        cases = [{**row, "mine": row["agent"] == agent.full_id} for row in rows]
        return {"queues": queues, "cases": cases, "on_duty": on_duty, "now": self._clock.now()}

    async def _cases(self, queue: str, held: Sequence[str]) -> list[dict[str, Any]]:
        """The rows of a queue, made anew once something changed; and those of the cases an agent holds."""
        # Of all who were woken at once one reads, and the others wait for it.
        async with self._reading[queue]:
            known = self._rows.get(queue)
            if known is None or known[0] != self._watch.changes or not self._watch.watchers:
                # What changes while it is read is read again.
                changes = self._watch.changes
                ids = await self._store.desk.open_ids(queue, WAITING, OTHERS)
                found = [self._row(case, said) for case, said in await self._store.desk.heads(queue, ids)]
                known = self._rows[queue] = (changes, found)
        rows = known[1]
        missing = sorted(set(held) - {row["id"] for row in rows})
        if missing:
            rows = [*rows, *(self._row(*one) for one in await self._store.desk.heads(queue, missing))]
        return rows

    async def case(self, agent: Agent, case_id: str) -> Case | None:
        """A case of a queue the agent serves. Raises StoreDown."""
        return await self._store.find(self.queues(agent), case_id)

    async def whole(self, agent: Agent, case_id: str) -> dict[str, Any] | None:
        """A case with all that was said in it. Raises StoreDown."""
        case = await self.case(agent, case_id)
        if case is None:
            return None
        said = await self._store.transcript(case.queue, case.id)
        entries = [_entry(case, number, entry) for number, entry in enumerate(as_it_reads(said))]
        return {"case": {**self._row(case, said), "mine": case.agent == agent.full_id}, "said": entries}

    def _row(self, case: Case, said: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        window_s = 0.0 if case.public else self._windows_s.get(case.channel, 0.0)
        return {**row_of(case, said), "until": case.last_heard_at + window_s if window_s else None}

    async def file(self, agent: Agent, case_id: str, entry: int, number: int) -> tuple[str, File] | None:
        """A file of an entry, after the channel it came from; None when there is none. Raises StoreDown."""
        case = await self.case(agent, case_id)
        if case is None:
            return None
        said = as_it_reads(await self._store.transcript(case.queue, case.id))
        files = files_in(said[entry].get("files", ())) if entry < len(said) else ()
        return (_origin(case, said[entry]), files[number]) if number < len(files) else None


def _origin(case: Case, entry: Mapping[str, Any]) -> str:
    """The channel that an entry was written on."""
    return str(entry.get("from", "")).partition("/")[0] or case.channel


def row_of(case: Case, said: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A case in the list: how it stands, and how the customer's last words begin."""
    last = next((entry for entry in reversed(as_it_reads(said)) if entry["by"] == "customer"), None)
    due = max((promise.due_at for promise in case.promises), default=case.late_since)
    return {
        "id": case.id,
        "queue": case.queue,
        "channel": case.channel,
        "name": person_name(case.customer.name),
        "language": case.customer.language,
        "state": case.state.value,
        "opened_at": case.opened_at,
        "turn_at": case.turn_at,
        "due_at": due if case.turn_at is not None else None,
        "agent": case.agent,
        "agent_name": case.agent_name,
        "preview": in_words(last)[:PREVIEW_CHARS] if last else "",
        "messages": case.messages,
        "public": bool(case.public),
        "version": case.version,
    }


def _entry(case: Case, number: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    files = [
        {"kind": file.kind, "name": file.name or file.text, "mime": file.mime, "size": file.size_bytes}
        | ({} if file.kind == "location" else {"url": f"/desk/cases/{case.id}/files/{number}/{place}"})
        for place, file in enumerate(files_in(entry.get("files", ())))
    ]
    shown = {"by": entry["by"], "at": entry["at"], "text": entry["text"], "who": entry.get("who", "")}
    ref = str(entry.get("from", "")).partition("/")[2]
    return shown | {"files": files, "ref": ref, "id": entry.get("id", "")}
