"""What a link says that opens a chat: a queue and a language to begin with, or the code of an invitation."""

from __future__ import annotations

from collections.abc import Sequence

LANGUAGE_MARK = "__"


def start(payload: str, queues: Sequence[str]) -> tuple[str, str | None]:
    """What a customer who came by a link says, and the queue they chose. `billing__fi` names a queue and a language,
    `__fi` a language alone; anything else goes along as it is, such as an invitation's code."""
    queue, mark, language = payload.partition(LANGUAGE_MARK)
    if mark or queue in queues:
        return f"/start {language}".strip(), queue if queue in queues else None
    return f"/start {payload}".strip(), None
