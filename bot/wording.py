"""Words last: an automatic message leaves the outbox as meaning and gets its words when it is sent.

So the figure in it is fresh, and the promise is recorded with the words the customer truly gets. Once worded it is
kept: a resend says the same. What has lost its sense on the way is dropped: the reply came first, or a newer figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.case import Case, CaseState, changed
from bot.cases import Cases
from bot.clock import Clock
from bot.config.settings import Config
from bot.events import Decision, Told
from bot.figures import Figures
from bot.light import very_long
from bot.names import Names
from bot.store.store import Store
from bot.store.wire import OutEntry
from bot.words import CustomerWords, Words
from status.model import Outlook

AUTOMATIC = frozenset({"acknowledgement", "update", "notice"})


class Wording:
    """Puts automatic messages into words. `ways` are the addresses where customers find us in private, by channel."""

    def __init__(
        self,
        config: Config,
        store: Store,
        cases: Cases,
        figures: Figures,
        words: Words,
        clock: Clock,
        names: Names,
        ways: Mapping[str, str],
    ) -> None:
        self._config = config
        self._store = store
        self._cases = cases
        self._figures = figures
        self._words = words
        self._clock = clock
        self._names = names
        self._ways = ways

    async def word(self, queue: str, entry: OutEntry) -> OutEntry | None:
        """The entry with its words; None when it need not be sent any more. Raises StoreDown."""
        if entry.body["kind"] == "event":
            return None if outdated(entry.body, self._clock.now()) else entry
        if entry.body["kind"] not in AUTOMATIC or "text" in entry.body:
            return entry
        case = await self._current(queue, entry)
        if case is not None and "invited" in entry.body:
            return self._plain(queue, entry, case, entry.body["address"])
        if case is None or case.quiet:
            return None
        if "goes_on" in entry.body and case.turn_at is None:
            return self._plain(queue, entry, case, "")
        turn_at = case.turn_at
        if turn_at is None or turn_at != entry.body.get("turn", turn_at):
            return None
        if entry.body["kind"] == "notice" and "public" in entry.body:
            # Which team looks after the case is nobody else's business.
            return None
        customer = await self._names.of(case.channel, case.customer)
        chosen, ahead = await self._store.standing(queue, entry.lane, case.id)
        case = changed(case, customer=replace(customer, language=chosen or customer.language))
        if case.state is not CaseState.WAITING:
            ahead = None
        # In public the figure is everybody's: it tells nothing of this case.
        own = (case, ahead) if "public" not in entry.body else (None, None)
        outlook = await self._figures.outlook(queue, own[0], ahead=own[1])
        text = self._text(queue, entry, case, outlook, None if ahead is None else ahead + 1)
        worded = replace(entry, body={**entry.body, "text": text})
        told = Told(self._clock.now(), turn_at, outlook.promise, case.customer)
        result = await self._cases.apply(queue, case, told, channel=case.channel, worded=worded)
        return worded if isinstance(result, Decision) else None

    def _plain(self, queue: str, entry: OutEntry, case: Case, address: str) -> OutEntry:
        """Words without a figure: the same however often they are made, so they need not be kept."""
        words = self._speaking(queue, case)
        text = words.invited(address) if address else words.goes_on(None, 0)
        return replace(entry, body={**entry.body, "text": text})

    async def _current(self, queue: str, entry: OutEntry) -> Case | None:
        remembered = self._cases.remembered(queue, entry.lane)
        if remembered is not None and remembered.id == entry.body["case"]:
            return remembered
        return await self._store.case(queue, entry.body["case"])

    def _text(self, queue: str, entry: OutEntry, case: Case, outlook: Outlook, position: int | None) -> str:
        words = self._speaking(queue, case)
        if "public" in entry.body:
            return self._public_text(words, entry, outlook)
        name, variant = case.customer.name, int(entry.body.get("variant", case.messages))
        match entry.body["kind"]:
            case "update":
                return words.update(name, outlook, variant)
            case "notice" if "goes_on" in entry.body:
                return words.goes_on(outlook, variant)
            case "notice":
                return words.transferred(self._config.title(queue), outlook, variant)
            case _:
                overloaded = very_long(outlook, self._config.queues[queue].overloaded_s)
                return words.acknowledgement(name, outlook, position, variant, overloaded)

    def _public_text(self, words: CustomerWords, entry: OutEntry, outlook: Outlook) -> str:
        variant = int(entry.body.get("variant", 0))
        if entry.body["kind"] == "acknowledgement":
            return words.in_public(outlook, self._ways.get(entry.channel, ""), variant)
        return words.late_in_public(outlook, variant)

    def _speaking(self, queue: str, case: Case) -> CustomerWords:
        return self._words.customer(case.customer.language, self._figures.zone(queue))


def outdated(event: Mapping[str, Any], now: float) -> bool:
    """Whether it tells of a figure that another has followed, or should have: a receiver that was away for hours is
    not to show what the wait was then."""
    if event["type"] != "wait.updated":
        return False
    return now >= datetime.fromisoformat(event["data"]["next_refresh"]).timestamp()
