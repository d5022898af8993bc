"""What goes wrong on request: at chosen calls, a chosen number of times or by a seeded share."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["error", "429", "html", "list", "reset", "hang", "lost", "never", "slow", "garbled"]
"""`error`: `code` and `description`, nothing done. `429`: with `seconds` as retry_after. `html`: 502 with a page for
people. `list`: 500 with JSON that is no object. `reset`: the connection is reset, nothing done. `hang`: no answer,
nothing done. `lost`: done, then the connection is reset. `never`: done, no answer. `slow`: done, answered after
`seconds`. `garbled`: done, but the answer, with 200, is cut short."""
AFTERWARDS = ("lost", "never", "slow", "garbled")


@dataclass(slots=True)
class Fault:
    """One kind of trouble: for these methods (all, if none), this chat (any, if none), so many times (for ever, if
    None), for this share of the calls."""

    kind: Kind
    methods: Sequence[str] = ()
    chat: str = ""
    times: int | None = 1
    share: float = 1.0
    seconds: float = 1.0
    code: int = 500
    description: str = "Internal Server Error"

    def meets(self, method: str, chat: str) -> bool:
        """Whether it may happen to a call. Methods have no case."""
        named = not self.methods or method in {one.lower() for one in self.methods}
        return self.times != 0 and named and self.chat in ("", chat)


@dataclass(slots=True)
class Faults:
    """All that is to go wrong, in the order it was asked for."""

    seed: int
    planned: list[Fault] = field(default_factory=list)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def pick(self, method: str, chat: str) -> Fault | None:
        """What happens to this call."""
        for fault in self.planned:
            if fault.meets(method, chat) and (fault.share >= 1.0 or self._chance.random() < fault.share):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
