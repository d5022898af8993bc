"""What `jono export` tells of a bot in a process of its own is what happened there, and a replay can read it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.replay.trace import Trace, TracedCase, read
from tests.end_to_end.floor import CHANNEL, QUEUE, Agent, Floor, customers, floor
from tests.fakes.bot_process import toml

ROUNDING_S = 0.1
"""Traces are written to the tenth of a second; server and test read one clock."""


class Moments:
    """When the steps of a story happened, as far as the test can tell: between two looks at the clock."""

    def __init__(self) -> None:
        self._spans: dict[str, tuple[float, float]] = {}

    async def during(self, name: str, step: Any) -> Any:
        """Do a step and remember when."""
        began = time.time()
        result = await step
        self._spans[name] = (began, time.time())
        return result

    def has(self, name: str | None, at: float | None) -> bool:
        """Whether a time of the trace is that of the step; None for both that it did not happen."""
        if name is None or at is None:
            return name is None and at is None
        began, ended = self._spans[name]
        return began - ROUNDING_S <= at <= ended + ROUNDING_S


async def exported(desk: Floor, folder: Path, *options: str) -> Trace:
    """What another process exports from the same store."""
    config = folder / "config.toml"
    config.write_text(toml(desk.tables), "utf-8")
    config.chmod(0o600)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "export", "--config", str(config), "--out", str(folder), *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b""), err.decode()
    assert out.decode().split() == [str(folder / f"{QUEUE}.csv.gz")]
    return read(folder / f"{QUEUE}.csv.gz")


async def lived(desk: Floor, moments: Moments) -> dict[str, str]:
    """The story: three customers and two agents. Gives the case of each customer."""
    one, two, three = customers(3)
    ann, ben = desk.agent(0), desk.agent(1)

    async def step(name: str, doing: Any) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = await moments.during(name, doing)
        return answer

    await step("on", ann.do("on"))
    for customer in (one, two, three):
        await step(f"{customer.id} comes", desk.write(customer, 0))
        await asyncio.sleep(2 * ROUNDING_S)
    first = (await step("claim", ann.do("next")))["case_id"]
    await step("reply", ann.do("reply", f"{first} On its way"))
    second = (await step("ben claims", ben.do("next")))["case_id"]
    await step("ben gives back", ben.do("release", second))
    await step("two leaves", gives_up(desk, two.id))
    await step("close", ann.do("close", first))
    third = (await step("claim again", ben.do("next")))["case_id"]
    await step("ben replies", ben.do("reply", f"{third} Tomorrow"))
    await step("ben lets go", ben.do("release", third))
    await step("three again", desk.write(three, 1))
    await step("ben off", ben.do("off"))
    return {one.id: first, two.id: second, three.id: third}


async def gives_up(desk: Floor, customer_id: str) -> None:
    customer = next(one for one in customers(3) if one.id == customer_id)
    await desk.write(customer, 99, "/cancel")
    await desk.peer.until(lambda: desk.peer.news["case.closed"], "the case is closed")


def looks(case: TracedCase, moments: Moments, steps: tuple[str | None, ...]) -> bool:
    """Whether a line of the trace tells of these steps: came, was answered, left, was done with."""
    times = (case.arrived_at, case.replied_at, case.left_at, case.closed_at)
    return all(moments.has(step, at) for step, at in zip(steps, times, strict=True))


async def test_what_a_bot_lived_through_is_exported_and_read(store_url: str, tmp_path: Path) -> None:
    moments = Moments()
    async with floor(store_url, agents=2) as desk:
        cases = await lived(desk, moments)
        told = await exported(desk, tmp_path, "--names")
        secret = await exported(desk, tmp_path)
    ann, ben = (f"{CHANNEL}/{Agent(desk, f'a-{n}').id}" for n in range(2))
    expected: list[tuple[str, str, tuple[str | None, ...]]] = [
        (cases["c-0"], ann, ("c-0 comes", "reply", None, "close")),
        (cases["c-1"], "", ("c-1 comes", None, "two leaves", None)),
        (cases["c-2"], ben, ("c-2 comes", "ben replies", None, "ben lets go")),
        (cases["c-2"] + "-2", "", ("three again", None, None, None)),
    ]
    assert [(case.case_id, case.agent) for case in told.cases] == [
        (case, agent) for case, agent, _ in expected
    ]
    for case, (_, _, steps) in zip(told.cases, expected, strict=True):
        assert case.channel == CHANNEL
        assert looks(case, moments, steps), (case, steps)
    assert told.staff is not None
    assert [on_duty for _, on_duty in told.staff] == [1, 2, 1]
    for step, (at, _) in zip(("on", "ben claims", "ben off"), told.staff, strict=True):
        assert moments.has(step, at), step
    hides_the_same(told, secret)


def hides_the_same(told: Trace, secret: Trace) -> None:
    """The two tell the same story, one of them of nobody."""
    assert secret.staff == told.staff
    for open_, hidden in zip(told.cases, secret.cases, strict=True):
        assert (open_.arrived_at, open_.replied_at, open_.left_at, open_.closed_at) == (
            hidden.arrived_at,
            hidden.replied_at,
            hidden.left_at,
            hidden.closed_at,
        )
        assert bool(open_.agent) is bool(hidden.agent)
        assert not {open_.case_id, open_.agent} & {hidden.case_id, hidden.agent} - {""}
