"""What Meta's platforms have in common, by the Graph API.

    proof      how Meta proves what it pushes
    calls      what the Graph API says of a call
    batch      what is pushed at once
    fields     single fields of what is pushed
    inbound    private messages and comments that are pushed
    outbound   private messages and comments that are sent

Adapters take all of it from here.
"""

from adapters.base.graph.batch import BATCH_BYTES, Batch
from adapters.base.graph.calls import (
    BAD_TOKEN,
    REASON_CHARS,
    RESTRICTED,
    VERSION,
    Graph,
    code_in,
    error_of,
    judge,
)
from adapters.base.graph.fields import id_at, listed, located
from adapters.base.graph.inbound import UNTOLD, Inbound
from adapters.base.graph.outbound import DAY_S, Direct, Rights, Ways, examine_rights, permitted, reachable
from adapters.base.graph.proof import handshake, verify

__all__ = [
    "BAD_TOKEN",
    "BATCH_BYTES",
    "DAY_S",
    "REASON_CHARS",
    "RESTRICTED",
    "UNTOLD",
    "VERSION",
    "Batch",
    "Direct",
    "Graph",
    "Inbound",
    "Rights",
    "Ways",
    "code_in",
    "error_of",
    "examine_rights",
    "handshake",
    "id_at",
    "judge",
    "listed",
    "located",
    "permitted",
    "reachable",
    "verify",
]
