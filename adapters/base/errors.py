"""What may go wrong on a channel. The class says who must act."""

from __future__ import annotations


class ChannelError(Exception):
    """Root of all that an adapter raises on purpose.

    ChannelError
    |- Rejected            a pushed request is not taken; nothing of it is stored
    |  |- Untrusted        not genuine: no, wrong or stale signature (HTTP 401)
    |  `- Malformed        genuine, but not what the contract says (HTTP 400)
    |- Undelivered         a message did not (surely) reach the platform
    |  |- Refused          it never will
    |  |  `- Gone          because the room or the card it names is not there any more
    |  |- Busy             it certainly did not yet; try again after `retry_after_s`
    |  `- Uncertain        perhaps it did
    `- Unheard             the platform cannot be listened to
       |- Down             just now; try again
       `- Unusable         as it is configured: somebody must mend that first
    """


class Rejected(ChannelError):
    """A pushed request that is not taken. The text is shown to the sender: no secrets, no customer text."""


class Untrusted(Rejected):
    """The request is not proven to come from the platform."""


class Malformed(Rejected):
    """The request breaks the contract; the text names the field."""


class Undelivered(ChannelError):
    """A message that did not surely reach the platform. The text goes to logs and is shown to agents: no secrets, no
    customer text."""


class Refused(Undelivered):
    """The platform will never take this message."""


class Gone(Refused):
    """The room, or the card in it, was deleted: it must be made anew."""


class Busy(Undelivered):
    """Certainly not delivered yet. `retry_after_s` is the platform's own delay in seconds, or None. `budget` is the one
    that it counts for: its name, up to the ":" where each place has its own; "" for the narrowest."""

    def __init__(self, reason: str, retry_after_s: float | None = None, budget: str = "") -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s
        self.budget = budget


class Uncertain(Undelivered):
    """Perhaps delivered: the request left, no answer came."""


class Unheard(ChannelError):
    """The platform cannot be listened to. The text is shown at `/readyz`: no secrets."""


class Down(Unheard):
    """Not now: it does not answer, ended the session, or somebody else reads with the same token."""


class Unusable(Unheard):
    """Not as it is configured: the token is wrong, an intent or a right is missing. The text names which."""


class BadOptions(Exception):
    """The channel's configuration cannot work: `key` is the option, the text the way out."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason
