"""How a case gets from one conversation to another: from public to private, and from channel to channel.

The customer leads, by writing in private after they wrote in public, or by a link that an agent has sent them. The
case stays the same, with its turn, its promises and its history; what the customer still writes in the conversation it
left belongs to it, and replies go where it is now.
Invariant: of all who come by one link, one goes on with the case.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from adapters.base import Channel, CustomerMessage, Inviting
from bot.asked import Answers, Asked
from bot.case import Case
from bot.cases import Cases
from bot.clock import Chance, Clock
from bot.config.settings import Config
from bot.events import Decision, GoesOn, Invited, Refusal
from bot.handover import Handover
from bot.store import keys
from bot.store.store import Store

CODE = re.compile(r"[A-Z2-7]{16}")
INVITATION = "invitation"
GOOD_FOR_S = 7 * 86_400


def ways(config: Config, channels: Mapping[str, Channel]) -> dict[str, str]:
    """The address at which customers of each channel find us in private: its own, or that of another channel of the
    same queue; channels without one are left out."""
    own = {name: _address(config, name, channel, "") for name, channel in channels.items()}
    found = {}
    for name in channels:
        queue = config.channels[name].queue
        others = [own[other] for other in channels if config.channels[other].queue == queue]
        if way := next(filter(None, (own[name], *others)), ""):
            found[name] = way
    return found


def _address(config: Config, name: str, channel: Channel, payload: str) -> str:
    """Where a channel is found, with something to say there; "" where that cannot be."""
    if isinstance(channel, Inviting):
        return channel.invitation(payload)
    return "" if payload else config.channels[name].contact


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


class Invitations:
    """Leads cases to other conversations."""

    def __init__(
        self,
        config: Config,
        store: Store,
        cases: Cases,
        handover: Handover,
        channels: Mapping[str, Channel],
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._config = config
        self._store = store
        self._cases = cases
        self._handover = handover
        self._channels = channels
        self._clock = clock
        self._chance = chance

    def inviting(self) -> list[str]:
        """The channels that a customer can be invited to."""
        return [name for name in self._channels if self._link(name, "A" * 16)]

    def _link(self, channel: str, code: str) -> str:
        return _address(self._config, channel, self._channels[channel], code)

    async def invite(self, answers: Answers, asked: Asked, case: Case, channel: str) -> None:
        """Send the customer a link by which they go on over there. Raises StoreDown."""
        words = asked.words
        if channel not in self.inviting() or channel == case.channel:
            others = [name for name in self.inviting() if name != case.channel]
            await answers.answer(asked, words.no_invitation(channel, others), ok=False, case=case.id)
            return
        if case.public:
            # Everybody could take the link, and with it the case.
            await answers.answer(asked, words.not_in_public(case.id), ok=False, case=case.id)
            return
        code = self._chance.code()
        about = {"case": case.id, "left": keys.lane(case.channel, case.conversation_id)}
        await self._store.mail.keep_secret(case.queue, INVITATION, _digest(code), about, GOOD_FOR_S)
        event = Invited(asked.at, asked.agent, asked.name, channel, self._link(channel, code))
        answer = answers.entry(asked, words.invited(case.id, channel), ok=True, case=case.id)
        result = await self._cases.apply(
            case.queue, case, event, channel=case.channel, seen=asked.seen, extra=lambda decision: (answer,)
        )
        if not isinstance(result, Decision):
            await self._store.mail.end_secret(case.queue, INVITATION, _digest(code))
        if isinstance(result, Refusal):
            await answers.refuse(asked, case.id, result, case.queue)

    async def redeemed(self, channel: str, message: CustomerMessage, code: str) -> bool:
        """Whether the code that a customer came with leads a case here; it works once. Raises StoreDown."""
        if not CODE.fullmatch(code):
            return False
        for queue in self._config.queues:
            about = await self._store.mail.behind_secret(queue, INVITATION, _digest(code))
            if about is None:
                continue
            case = await self._store.find(list(self._config.queues), about["case"])
            led = case is not None and await self._lead(case, about["left"], channel, message)
            await self._store.mail.end_secret(queue, INVITATION, _digest(code))
            return led
        return False

    async def follow(self, channel: str, message: CustomerMessage) -> None:
        """A private message of somebody whose public case goes on with it. Raises StoreDown."""
        home = self._config.channels[channel].queue
        left = keys.lane(channel, message.continues)
        _, case = await self._handover.find(await self._handover.start(home, left), left)
        if case is not None and case.public:
            await self._lead(case, left, channel, message)

    async def _lead(self, case: Case, left: str, channel: str, message: CustomerMessage) -> bool:
        """Bring a case from the conversation `left` into the one that the customer is in now, unless they have another
        one there. Whether it is there."""
        home, lane = self._config.channels[channel].queue, keys.lane(channel, message.conversation_id)
        if keys.lane(case.channel, case.conversation_id) == lane:
            return True
        start = await self._handover.start(home, lane)
        if not case.is_open or (await self._handover.find(start, lane))[1] is not None:
            return False
        if case.queue != home:
            await self._store.choose_queue(home, lane, case.queue)
        event = GoesOn(self._clock.now(), channel, message.conversation_id, message.customer, left)
        past = await self._store.pointer(case.queue, lane)
        result = await self._cases.apply(case.queue, case, event, channel=case.channel, past=past)
        return isinstance(result, Decision)
