"""What goes wrong on request: at chosen calls, a chosen number of times or by a seeded share."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["error", "429", "ban", "reset", "hang", "lost", "never", "slow"]
"""`error`: `status` and `code`, nothing done. `429`: with `seconds` as retry_after. `ban`: a 429 with a page, of the
shield before the API. `reset`: the connection is reset, nothing done. `hang`: no answer, nothing done. `lost`: done,
then the connection is reset. `never`: done, no answer. `slow`: done, answered after `seconds`."""
AFTERWARDS = ("lost", "never", "slow")


@dataclass(slots=True)
class Fault:
    """One kind of trouble: for routes that begin so ("POST /channels", any if ""), in this channel (any, if 0), so many
    times (for ever, if None), for this share of the calls."""

    kind: Kind
    route: str = ""
    channel: int = 0
    times: int | None = 1
    share: float = 1.0
    seconds: float = 1.0
    everywhere: bool = False
    status: int = 500
    code: int = 0

    def meets(self, route: str, channel: int) -> bool:
        """Whether it may happen to a call."""
        return self.times != 0 and route.startswith(self.route) and self.channel in (0, channel)


@dataclass(slots=True)
class Faults:
    """All that is to go wrong, in the order it was asked for."""

    seed: int
    planned: list[Fault] = field(default_factory=list)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def pick(self, route: str, channel: int) -> Fault | None:
        """What happens to this call."""
        for fault in self.planned:
            if fault.meets(route, channel) and (fault.share >= 1.0 or self._chance.random() < fault.share):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
