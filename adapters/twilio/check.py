"""Whether the channel would work as it is configured: its account, and what its sender calls for a message."""

from __future__ import annotations

from urllib.parse import quote

from adapters.base import Finding, Undelivered
from adapters.twilio.calls import NO_ACCOUNT, Rest


async def findings(rest: Rest, sender: str, hook_url: str, agents: frozenset[str]) -> list[Finding]:
    """What was looked at, and what is wrong with it."""
    found = [
        Finding(f"the agent {agent}", "who writes an SMS can be forged: name agents by whatsapp: addresses")
        for agent in sorted(agents)
        if not agent.startswith("whatsapp:")
    ]
    try:
        account = await _account(rest)
        return (
            [*found, account] if account.wrong else [*found, account, await _sender(rest, sender, hook_url)]
        )
    except Undelivered as error:
        return [*found, Finding("Twilio", str(error))]


async def _account(rest: Rest) -> Finding:
    answer = await rest.get(f"{rest.account}.json")
    if answer.status != 200:
        wrong = NO_ACCOUNT if answer.status in (401, 403, 404) else f"HTTP {answer.status}"
        return Finding("the account", wrong)
    state = answer.data.get("status")
    return Finding("the account", "" if state == "active" else f"is {state}: see the Console")


async def _sender(rest: Rest, sender: str, hook_url: str) -> Finding:
    what = f"the sender {sender}"
    if sender.startswith("MG"):
        return await _service(rest, sender, hook_url)
    if not sender.startswith("+"):
        return Finding(f"{what} cannot be looked at: see in the Console that it calls the hook")
    query = f"IncomingPhoneNumbers.json?PhoneNumber={quote(sender, safe='')}"
    answer = await rest.get(f"{rest.account}/{query}")
    rows = answer.data.get("incoming_phone_numbers")
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        return Finding(what, "is no number of this account")
    if rows[0].get("sms_application_sid"):
        # Then Twilio asks that app, whatever address the number has.
        return Finding(f"{what} leaves incoming messages to a TwiML app: that must call the hook")
    return _called(what, hook_url, rows[0].get("sms_url"), rows[0].get("sms_method"))


async def _service(rest: Rest, sender: str, hook_url: str) -> Finding:
    what = f"the messaging service {sender}"
    answer = await rest.get(f"{rest.base.replace('//api.', '//messaging.', 1)}/v1/Services/{sender}")
    service = answer.data
    if answer.status != 200:
        return Finding(what, f"is none of this account (HTTP {answer.status})")
    if service.get("use_inbound_webhook_on_number"):
        return Finding(f"{what} leaves incoming messages to its numbers: each must call the hook")
    return _called(what, hook_url, service.get("inbound_request_url"), service.get("inbound_method"))


def _called(what: str, hook_url: str, address: object, method: object) -> Finding:
    # What follows a # tells Twilio how to connect.
    if f"{address}".partition("#")[0] == hook_url and method == "POST":
        return Finding(what)
    return Finding(what, f"must call {hook_url} by HTTP POST when a message comes in")
