from status.history import Learned
from status.hours import Hours
from status.model import Desk, Observation, Outlook, Promise, Snapshot, Unknown, Wait
from status.promise import outlook
from status.wait import estimate, observe

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
]
