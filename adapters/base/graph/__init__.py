"""What Meta's platforms have in common, by the Graph API.

    proof      how Meta proves what it pushes
    calls      what the Graph API says of a call
    inbound    private messages and comments that are pushed
    outbound   private messages and comments that are sent
    fields     single fields of what is pushed

Adapters take all of it from here.
"""

from adapters.base.graph.calls import (
    BAD_TOKEN,
    MEND_S,
    PAUSE_S,
    REASON_CHARS,
    RESTRICTED,
    TOO_MANY,
    TRANSIENT,
    VERSION,
    Graph,
    Mend,
    error_of,
    judge,
)
from adapters.base.graph.fields import id_at, listed, moment, object_at, object_of
from adapters.base.graph.inbound import Inbound
from adapters.base.graph.outbound import DAY_S, WEEK_S, Direct, Rights, Ways, examine_rights
from adapters.base.graph.proof import SIGNATURE, handshake, verify

__all__ = [
    "BAD_TOKEN",
    "DAY_S",
    "MEND_S",
    "PAUSE_S",
    "REASON_CHARS",
    "RESTRICTED",
    "SIGNATURE",
    "TOO_MANY",
    "TRANSIENT",
    "VERSION",
    "WEEK_S",
    "Direct",
    "Graph",
    "Inbound",
    "Mend",
    "Rights",
    "Ways",
    "error_of",
    "examine_rights",
    "handshake",
    "id_at",
    "judge",
    "listed",
    "moment",
    "object_at",
    "object_of",
    "verify",
]
