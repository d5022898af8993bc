"""The chapter on waiting. The question: *how long until a human replies, and how sure are we?*

The nouns are a **turn** (from the oldest unanswered message to the reply), the **queue** it stands in, the
**agents** on duty, the **wait** (a distribution, never one number) and the **promise** made from it. Read on:

1. `model`     the nouns, as frozen values
2. `hours`     which seconds count: opening hours, split and overnight shifts, days off, changing clocks
3. `survival`  how long turns last when some have not ended: censoring
4. `history`   what the past taught: one observation after another, into a small state
5. `wait`      position, pace and people: `estimate(snapshot, learned)`
6. `promise`   what we dare say of it, when to say it anew, and whether it was kept
7. `level`     looking back: service level, replies, promises kept

Nothing here reads a clock, a file or a network; the same input gives the same answer.
"""

from status.history import Learned, observe
from status.hours import Hours
from status.model import Observation, Outlook, Promise, Snapshot, Unknown, Wait
from status.promise import outlook
from status.wait import estimate

__all__ = [
    "Hours",
    "Learned",
    "Observation",
    "Outlook",
    "Promise",
    "Snapshot",
    "Unknown",
    "Wait",
    "estimate",
    "observe",
    "outlook",
]
