"""What the failures of the Cloud API say. They are told by `code` and `error_data.details`, not by titles.

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.base import Answered, Busy, Refused, graph, maybe_object

PASSING: Mapping[int, float | None] = {
    131000: None,
    131016: None,
    130429: 10.0,
    131056: 6.0,
    131048: 900.0,
    133004: 60.0,
}
"""What passes by itself, and after how many seconds it is worth another try: our fault is none, or to be too fast."""
NUMBER, PAIR = "number", "pair"
"""The budgets: of each number of ours, and of it towards each customer."""
OF_NUMBER = frozenset({130429, 131048})
"""What is too much of our number, and not only towards one customer."""
UNREGISTERED = "the number is not registered with the Cloud API"
RIGHTS = "the token has no right to do that: give the system user the app, the account and the permission"
OURS: Mapping[int, str] = {
    131031: "Meta has locked the account; see the support inbox of its Business Manager",
    131042: "Meta could not charge the account; see its payment settings",
    131037: "Meta has not approved the number's display name; see the WhatsApp Manager",
    131045: UNREGISTERED,
    133010: UNREGISTERED,
    3: RIGHTS,
    10: RIGHTS,
    131005: RIGHTS,
    **dict.fromkeys(range(200, 300), RIGHTS),
}
"""What somebody must mend, and may: messages wait for it."""
CLOSED = 131047
NEVER: Mapping[int, str] = {
    CLOSED: "the customer last wrote more than 24 hours ago; WhatsApp takes only an approved template now",
    131026: "it cannot be brought to the customer: no WhatsApp there, an old one, or its terms are not accepted",
    131051: "WhatsApp does not support this kind of message",
    131053: "WhatsApp does not take the file",
    130472: "WhatsApp did not bring it: the customer is part of an experiment of Meta's",
    130497: "WhatsApp lets the account write to nobody in the customer's country",
    131049: "WhatsApp did not bring it, so that the customer is not written to too often",
    131030: "the number is a test number, and the customer is not on its list",
    132000: "the template has not exactly one parameter in its body: see `template`",
    132001: "there is no such template in that language, or it is not approved: see `template`",
    132015: "Meta has paused the template: see `template`",
}


def reason_of(error: Mapping[str, Any]) -> str:
    """What an error says, for agents: our own words where we have some, else Meta's."""
    code, details = graph.code_in(error, "code"), maybe_object(error, "error_data").get("details")
    told = next(
        (one for one in (details, error.get("message"), error.get("title")) if isinstance(one, str)), ""
    )
    words = NEVER.get(code) or OURS.get(code) or told[: graph.REASON_CHARS] or "refused"
    return f"{words} (code {code})"


def judge(answer: Answered) -> str:
    """What must be mended on our side, "" when all is well. Raises Busy or Refused."""
    error = graph.error_of(answer)
    code = graph.code_in(error, "code")
    if code in PASSING:
        budget = NUMBER if code in OF_NUMBER else ""
        raise Busy(reason_of(error), answer.retry_after_s or PASSING[code], budget)
    if code in OURS:
        return OURS[code]
    if code in NEVER:
        raise Refused(reason_of(error))
    if answer.status == 403 and code not in {graph.BAD_TOKEN, *graph.RESTRICTED}:
        return RIGHTS
    return graph.judge(answer, NUMBER)
