"""A week at a busy desk, as its keeper would have published it: what the status page has to show."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from math import cos, pi, sin
from random import Random

from bot.clock import Clock
from bot.published import HistoryPoint, Published
from bot.store.store import Store
from status.hours import Hours
from status.model import Outlook, Promise, TrackRecord, Wait
from status.promise import box

REFRESH_S = 300
DAY_S = 86_400
AT_ONCE = 20
RECORD = TrackRecord(30, 4_812, 3_917)


def points(hours: Hours, until: float, days: int = 8, seed: int = 7) -> Iterator[HistoryPoint]:
    """Quiet mornings, a peak after noon, one very bad day, and a desk that closes."""
    dice = Random(seed)
    steps = int(days * DAY_S / REFRESH_S)
    for step in range(steps, -1, -1):
        at = until - step * REFRESH_S
        if not hours.is_open(at):
            yield HistoryPoint(at, "closed", 0, 0, None, None, 0, 0)
            continue
        of_day = ((at + hours.offset_s(at)) % DAY_S) / DAY_S
        load = 1 + 0.8 * sin(2 * pi * (of_day - 0.3)) + 0.15 * cos(40 * of_day)
        load *= 2.2 if int((until - at) / DAY_S) == 3 else 1.0
        p50_s = max(60.0, 240 * load * dice.uniform(0.85, 1.15))
        arrived = max(0, round(3.2 * load * dice.uniform(0.3, 1.6)))
        answered = max(0, arrived - (dice.random() < 0.25))
        kept = sum(dice.random() < 0.83 for _ in range(answered))
        left = int(dice.random() < 0.05)
        yield HistoryPoint(
            at,
            "open",
            round(4 * load),
            3,
            p50_s,
            p50_s * 2.2,
            promises=answered,
            kept=kept,
            arrived=arrived,
            answered=answered,
            left=left,
            within_target=sum(dice.random() < 0.9 for _ in range(answered)),
        )


def published(queue: str, point: HistoryPoint, opens_at: float | None, incident: bool = False) -> Published:
    """The figure that stood when this point was made."""
    wait = promise = None
    if point.p50_s is not None and point.p80_s is not None:
        wait = Wait(point.p50_s, point.p80_s, 1.4 * point.p80_s, 120, "throughput", point.at)
        promise = Promise(point.at, point.at, box(point.p80_s) or point.p80_s)
    outlook = Outlook(
        point.state,  # type: ignore[arg-type]  # a point holds one of the states, as plain text
        point.at,
        point.waiting,
        point.agents,
        wait=wait,
        promise=promise,
        opens_at=opens_at if point.state == "closed" else None,
    )
    return Published(queue, outlook, point.at + REFRESH_S, RECORD, incident=incident)


async def publish_week(
    store: Store, clock: Clock, queue: str, hours: Hours, incident: bool = False
) -> Sequence[HistoryPoint]:
    """Write the week into the store, up to now."""
    fence = await store.lead(queue, "history", 60)
    made = list(points(hours, clock.now()))
    # Only the last figure is seen; the others stand for their points.
    figure = published(queue, made[-1], hours.next_opening(made[-1].at), incident)
    for first in range(0, len(made), AT_ONCE):
        batch = made[first : first + AT_ONCE]
        await asyncio.gather(*(store.publish(fence, figure, point, 0, []) for point in batch))
    await store.resign(queue, "history")
    return made
