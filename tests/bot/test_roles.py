"""Who may do what: every role, every command, every kind of case. What is not allowed has no effect and is refused.

An agent is one by the configuration's list, or because the platform proves it (a member of the agents' group, a bearer
of their role). Being one on another channel, or saying so, counts for nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.base import AgentCommand, Limits, Person, Refused
from bot.case import Case
from bot.case import changed as case_with
from bot.commands import COMMANDS
from bot.store import keys
from tests.fakes.desk import Floor, Inviting, Platform, changed, open_floor

AGENTS = [command for command in COMMANDS if command.who == "agent"]
ON_A_CASE = [command for command in AGENTS if "CASE" in command.arguments]
MORE = {"reply": "Hello", "note": "psst", "transfer": "support", "invite": "bank", "close": "done"}
ROLES = {
    "named": ("shop", Person("a-1", "Ann"), False),
    "member": ("shop", Person("z-9", "Mia"), True),
    "stranger": ("shop", Person("z-1", "Zed"), False),
    "customer": ("shop", Person("c-1", "Aino"), False),
    "impostor": ("shop", Person("b-1", "Ann"), False),
    "other team": ("bank", Person("b-1", "Ben"), False),
}
"""The channel somebody writes on, who they are, and whether the platform proves them. Ben is an agent of the bank."""
ALLOWED = {"named", "member"}
KINDS = ("waiting", "own", "others", "closed", "other queue", "absent")
DONE: dict[str, set[str]] = {
    "claim": {"waiting", "own"},
    "release": {"own"},
    "reply": {"waiting", "own"},
    "note": {"waiting", "own", "others"},
    "transfer": {"own"},
    "invite": {"waiting", "own"},
    "close": {"waiting", "own"},
}
"""On which kinds of case each command has an effect. What waits in a queue already cannot be transferred there."""


def tables() -> dict[str, Any]:
    """The bank's queue is the bank's alone; the shop's queue the shop's."""
    own = changed("queues.billing.team", ["bank"])
    return changed("queues.support.team", ["shop"], own)


@pytest.fixture
async def floor(store_url: str) -> AsyncIterator[Floor]:
    platforms: dict[str, Platform] = {"shop": Inviting("shop"), "bank": Inviting("bank")}
    for platform in platforms.values():
        platform.limits = Limits(16_000, resend_is_safe=True)
    async with open_floor(store_url, tables=tables(), platforms=platforms) as running:
        yield running


async def a_case(floor: Floor, kind: str, owner: Person) -> tuple[str, Case | None]:
    """A case of this kind, as the owner sees it: its id, and the case as it stands."""
    if kind == "absent":
        return "Z9Z9Z9", None
    channel = "bank" if kind == "other queue" else "shop"
    case = await floor.opened(who="c-7", channel=channel)
    match kind:
        case "own":
            await give(floor, "shop", owner, "claim", case.id, member=True)
        case "others":
            await give(floor, "shop", Person("a-2", "Ora"), "claim", case.id)
        case "closed":
            await give(floor, "shop", Person("a-2", "Ora"), "close", case.id)
    return case.id, await floor.parts.store.case(case.queue, case.id)


async def give(
    floor: Floor, channel: str, who: Person, name: str, arguments: str, *, member: bool = False
) -> bool:
    """Give a command; whether the answer says that it was done."""
    key = f"x-{channel}-{who.id}-{name}-{arguments}-{len(floor.platforms[channel].sent)}"
    command = AgentCommand(key, who, name, arguments, member=member)
    before = len(floor.answers(who.id, channel))
    await floor.parts.inbox.receive(channel, command)
    await floor.deliver()
    [answer] = floor.answers(who.id, channel)[before:]
    return answer.ok


async def as_it_stands(floor: Floor, case: Case) -> tuple[Case | None, list[Any]]:
    """A case and what was said in it, but for what only deliveries change."""
    found = await floor.parts.store.case(case.queue, case.id)
    said = await floor.parts.store.transcript(case.queue, case.id)
    return (None if found is None else case_with(found, promises=(), version=0)), said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", ON_A_CASE, ids=lambda command: command.name)
@pytest.mark.parametrize("role", ROLES)
async def test_a_command_on_a_case(floor: Floor, role: str, command: Any, kind: str) -> None:
    channel, who, member = ROLES[role]
    case_id, case = await a_case(floor, kind, who if role in ALLOWED else Person("a-1", "Ann"))
    await floor.deliver()
    before = None if case is None else await as_it_stands(floor, case)
    arguments = f"{case_id} {MORE.get(command.name, '')}".strip()
    if command.name == "transfer" and kind == "own":
        arguments = f"{case_id} billing"
    if command.name == "invite" and kind == "other queue":
        arguments = f"{case_id} shop"
    done = await give(floor, channel, who, command.name, arguments, member=member)
    expected = role in ALLOWED and kind in DONE[command.name]
    # The bank's own agent may work on the bank's case, and there alone.
    expected |= role == "other team" and kind == "other queue" and "waiting" in DONE[command.name]
    if command.name == "transfer" and kind == "other queue" and role == "other team":
        expected = True
    assert done is expected
    if not expected and case is not None:
        assert await as_it_stands(floor, case) == before, "refused, and yet something changed"


@pytest.mark.parametrize("command", AGENTS, ids=lambda command: command.name)
@pytest.mark.parametrize("role", sorted(ROLES.keys() - ALLOWED - {"other team"}))
async def test_whoever_is_no_agent_of_the_channel_may_nothing(floor: Floor, role: str, command: Any) -> None:
    channel, who, _ = ROLES[role]
    assert not await give(floor, channel, who, command.name, "4 now 22:00")
    assert await floor.parts.store.duty("support", keys.lane(channel, who.id)) is None
    assert await floor.parts.store.incident("support") is None


async def test_who_lost_the_role_is_powerless_at_the_next_command(floor: Floor) -> None:
    case = await floor.opened()
    mia = ROLES["member"][1]
    assert await give(floor, "shop", mia, "claim", case.id, member=True)
    assert not await give(floor, "shop", mia, "reply", f"{case.id} Hello", member=False)
    assert not [message for message in floor.messages() if message.kind == "reply"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.who}-{command.name}")
async def test_a_customer_who_forges_agents_commands_writes_words(floor: Floor, command: Any) -> None:
    """In the customer's own chat a line such as `/claim K7Q2M4` is a command of theirs, or else what they say."""
    case = await floor.opened()
    await floor.write(f"/{command.name} {case.id}")
    await floor.deliver()
    found = await floor.case()
    assert found is None or found.agent is None


async def test_messages_of_another_team_are_not_sent_again(floor: Floor) -> None:
    await floor.opened(channel="bank")
    floor.platforms["bank"].troubles.append(Refused("no"))
    await floor.deliver()
    [lost] = await floor.parts.store.dead_letters("billing")
    assert not await give(floor, "shop", ROLES["named"][1], "resend", lost)
    assert await give(floor, "bank", ROLES["other team"][1], "resend", lost)
