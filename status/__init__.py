"""The chapter on waiting. The question: *how long until a human replies, and how sure are we?*

The nouns are a **turn** (from the oldest unanswered message to the reply), the **line** it stands in, the
**agents** on duty and the **hands** they have, the **wait** (a distribution, never one number) and the
**promise** made from it. Read on, one idea after another:

1. `model`        the nouns, as frozen values
2. `hours`        which seconds count: opening hours, split and overnight shifts, days off, changing clocks
3. `rota`         who is planned to come, and who comes on top
4. `rhythm`       who usually comes, how today differs, and how long that lasts
5. `pace`         how long a hand needs for a case, who leaves, and when a desk is overrun
6. `claims`       who is taken next: a line is not always fair
7. `capacity`     the desk's own clock, on which nights count nothing
8. `forecast`     from a place in the line to a distribution, by the theory of queues
9. `survival`     how long turns last when some have not ended: censoring
10. `experience`  what customers waited lately, whatever theory says
11. `calibration` whether forecasts came true, and what follows for the next ones
12. `history`     all of it kept up, one observation after another
13. `wait`        `estimate(snapshot, learned, desk)`: the answer
14. `promise`     what we dare say of it, when to say it anew, and whether it was kept
15. `level`       looking back: service level, replies, promises kept
16. `memory`      what was learned as plain data

Nothing here reads a clock, a file or a network; the same input gives the same answer. Nothing is ever refitted:
all learning is a constant amount of work for each observation.
"""

from status.history import Learned
from status.hours import Hours
from status.model import Desk, Observation, Outlook, Promise, Snapshot, Unknown, Wait
from status.promise import outlook
from status.wait import estimate, observe, publish

__all__ = [
    "Desk",
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
    "publish",
]
