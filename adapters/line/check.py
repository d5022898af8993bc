"""Whether it would work as it is configured: the token, where LINE pushes to, what is left of the month's messages."""

from __future__ import annotations

from adapters.base import Finding, Undelivered
from adapters.line.calls import Calls

WEBHOOK = "/v2/bot/channel/webhook/endpoint"


async def findings(calls: Calls, hook_url: str) -> list[Finding]:
    """What was looked at, and what is wrong with it."""
    try:
        me = await calls.ask("GET", "/v2/bot/info")
    except Undelivered as error:
        return [Finding("the token", str(error))]
    found = [Finding(f"the token is that of “{me.get('displayName', '')}” ({me.get('basicId', '')})")]
    for what, looking in (
        ("the webhook", _webhook(calls, hook_url)),
        ("the month's messages", _quota(calls)),
    ):
        try:
            found.append(await looking)
        except Undelivered as error:
            found.append(Finding(what, str(error)))
    return found


async def _webhook(calls: Calls, hook_url: str) -> Finding:
    if not hook_url.startswith("https://"):
        return Finding("the webhook", "LINE pushes to https:// only: set server.public_url")
    hook = await calls.ask("GET", WEBHOOK, unset_is_fine=True)
    if hook and not hook.get("active"):
        return Finding("the webhook", "is off: switch on “Use webhook” in LINE's console, Messaging API")
    same = hook.get("endpoint") == hook_url
    return Finding("events are pushed to us" if same else f"events will be pushed to {hook_url}")


async def _quota(calls: Calls) -> Finding:
    most = (await calls.ask("GET", "/v2/bot/message/quota")).get("value")
    used = (await calls.ask("GET", "/v2/bot/message/quota/consumption")).get("totalUsage", 0)
    if most is None:
        return Finding("the month's messages have no limit")
    all_used = "customers get only answers to commands until the plan is larger"
    return Finding(f"{used} of the month's {most} messages are used", all_used if used >= most else "")
