"""Agents in a browser: signed in by a link that works once, known by a cookie from then on.

A link is made for an agent who is one already: on a platform by `/desk`, or by the operator with `jono agent link`.
The secrets of links and cookies are in the store as digests only. Whoever is no agent any more is signed out.
Invariant: of all who use a link, one is signed in.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass

from bot.asked import Answers, Asked
from bot.clock import Chance
from bot.config.settings import Config
from bot.store import keys
from bot.store.mail import MailStore

LINK_FOR_S = 600
SECRET = re.compile(r"[0-9a-f]{64}")
TYPING = "typing"
"""Begins the sign, in the box of an agent, that the customer of a case is writing."""
LINK, SESSION = "sign-in", "session"


def box_of(full_id: str) -> str:
    """The box at the desk of an agent `<channel>/<agent id>`."""
    return f"@{full_id}"


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent at the web desk: who they are on the channel they are an agent of. `member`, where that platform had
    proven it by a group or a role when the link was made."""

    channel: str
    id: str
    name: str
    member: bool = False

    @property
    def full_id(self) -> str:
        """Who they are in cases: `<channel>/<agent id>`."""
        return keys.lane(self.channel, self.id)

    @property
    def box(self) -> str:
        """Where the answers to their commands are put."""
        return box_of(self.full_id)


class SignIn:
    """Links and sessions. All of them stand beside the queue of the desk's channel."""

    def __init__(self, config: Config, store: MailStore, channel: str, chance: Chance) -> None:
        self._config = config
        self._store = store
        self._queue = config.channels[channel].queue
        self._chance = chance

    async def link(self, agent: Agent, for_s: int = LINK_FOR_S) -> str:
        """A secret that signs this agent in, once and within `for_s` seconds. Raises StoreDown."""
        return await self._keep(LINK, agent, for_s)

    async def enter(self, secret: str) -> tuple[str, Agent] | None:
        """The secret of a new session, and whose it is; None where the link is no good any more. Raises StoreDown."""
        agent = await self._agent(LINK, secret)
        if agent is None or not await self._store.end_secret(self._queue, LINK, _digest(secret)):
            return None
        return await self._keep(SESSION, agent, self._config.desk.session_s), agent

    async def agent(self, secret: str) -> Agent | None:
        """Who is signed in with this cookie, as long as they are an agent. Raises StoreDown."""
        agent = await self._agent(SESSION, secret)
        if agent is None or agent.channel not in self._config.channels:
            return None
        return agent if agent.member or self._is_listed(agent) else None

    async def stay(self, secret: str, agent: Agent) -> None:
        """The session was used: it lasts as long again, if it still lasts. Not that of a mere member: only a new link
        proves that they are one still. Raises StoreDown."""
        if self._is_listed(agent):
            await self._store.lengthen_secret(
                self._queue, SESSION, _digest(secret), self._config.desk.session_s
            )

    async def leave(self, secret: str) -> None:
        """Sign out. Raises StoreDown."""
        await self._store.end_secret(self._queue, SESSION, _digest(secret))

    def _is_listed(self, agent: Agent) -> bool:
        channel = self._config.channels.get(agent.channel)
        return channel is not None and agent.id in channel.agents

    async def _keep(self, kind: str, agent: Agent, ttl_s: int) -> str:
        secret = self._chance.secret().hex()
        await self._store.keep_secret(self._queue, kind, _digest(secret), asdict(agent), ttl_s)
        return secret

    async def _agent(self, kind: str, secret: str) -> Agent | None:
        if not SECRET.fullmatch(secret):
            return None
        kept = await self._store.behind_secret(self._queue, kind, _digest(secret))
        return Agent(**kept) if kept else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class DeskLinks:
    """Answers `/desk` with a link, for the agent who asked."""

    def __init__(self, public_url: str, sign_in: SignIn | None, answers: Answers) -> None:
        self._public_url = public_url
        self._sign_in = sign_in
        self._answers = answers

    async def answer(self, asked: Asked) -> None:
        """A link to the web desk, if there is one. Raises StoreDown."""
        words, command = asked.words, asked.command
        if self._sign_in is None or not self._public_url:
            await self._answers.answer(asked, words.no_web_desk(), ok=False)
            return
        agent = Agent(asked.channel, command.agent.id, asked.name, command.member)
        secret = await self._sign_in.link(agent)
        await self._answers.answer(
            asked, words.desk_link(enter_url(self._public_url, secret)), otherwise=words.only_in_private()
        )


def enter_url(base: str, secret: str) -> str:
    """The address that signs in. Browsers keep what follows # to themselves: no log has it, no preview uses it up."""
    return f"{base.rstrip('/')}/desk/enter#{secret}"
