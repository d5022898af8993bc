"""Whether it would work as it is configured: the tokens, the app's rights, and whether it is in its channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from adapters.base import Finding, Undelivered, maybe_object
from adapters.slack.calls import HOW_SCOPES, REASON_CHARS, Calls, Denied
from adapters.slack.options import Options

ALWAYS = frozenset(
    ("chat:write", "commands", "files:read", "files:write", "im:history", "reactions:read", "users:read")
)
AT_DESK = frozenset(("reactions:write",))
STATUS = frozenset(("users.profile:read", "users.profile:write"))
SOCKET = "events come by Socket Mode"
HOW_SOCKET = (
    "turn Socket Mode on, and take the app_token from Basic Information, App-Level Tokens, with the right "
    "connections:write"
)


async def findings(
    options: Options, bot: Calls, person: Calls | None, app: Calls | None, hook_url: str
) -> list[Finding]:
    """What was looked at, and what is wrong with it. Of `person` and `app` there is none where it has no token."""
    found, scopes = await _whose(bot, "the token")
    if not scopes:
        return found
    wanted = set(ALWAYS)
    if options.agents_channel:
        wanted |= AT_DESK
    channels = dict.fromkeys(
        filter(None, (options.agents_channel, *options.customers, options.topic_channel))
    )
    for channel in channels:
        finding, about = await _channel(bot, channel)
        found.append(finding)
        wanted |= _rights_in(channel, about, options) if about else set()
    found.append(_rights("the app's rights", scopes, wanted))
    if person is not None:
        whose, theirs = await _whose(person, "user_token")
        found += [*whose, _rights("the rights over the status", theirs, STATUS)] if theirs else whose
    if app is not None:
        return [*found, await _socket(app)]
    return [
        *found,
        Finding(f"the app's manifest must name {hook_url}, {hook_url}/commands, {hook_url}/actions"),
    ]


async def _whose(calls: Calls, token: str) -> tuple[list[Finding], set[str]]:
    """Whose a token is, and its rights; none where it is not accepted."""
    try:
        told = await calls.ask("auth.test")
        answer = await calls.answered("auth.test")
    except Undelivered as error:
        return [Finding(f"Slack takes {token}", str(error))], set()
    scopes = {one.strip() for one in answer.headers.get("X-OAuth-Scopes", "").split(",")} - {""}
    whose = Finding(f"{token} is that of “{told.get('user', '')}” in “{told.get('team', '')}”")
    if not scopes:
        return [whose, Finding("the app's rights", f"Slack does not tell them: {HOW_SCOPES}")], set()
    return [whose], scopes


async def _channel(calls: Calls, channel: str) -> tuple[Finding, Mapping[str, Any]]:
    """What is to be said of a channel, and what Slack tells about it; nothing where it does not."""
    try:
        about = maybe_object(await calls.ask("conversations.info", channel=channel), "channel")
    except Denied as error:
        wrong = f"{error}; is the id right, and the app invited there?"
        return Finding(f"the channel {channel}", wrong), {}
    except Undelivered as error:
        return Finding(f"the channel {channel}", str(error)), {}
    what = f"the app is in #{about.get('name', channel)}"
    if about.get("is_archived") is True:
        return Finding(what, "the channel is archived"), about
    wrong = "" if about.get("is_member") is True else "it is not: write /invite @ and its name there"
    return Finding(what, wrong), about


def _rights_in(channel: str, about: Mapping[str, Any], options: Options) -> set[str]:
    """Private channels have rights of their own. Nothing is read in one whose topic alone is ours."""
    kind = "groups" if about.get("is_private") is True else "channels"
    wanted = {f"{kind}:read"}
    if channel in (options.agents_channel, *options.customers):
        wanted.add(f"{kind}:history")
    if channel == options.topic_channel:
        wanted.add(f"{kind}:write.topic")
    return wanted


async def _socket(app: Calls) -> Finding:
    """Slack tells where to connect; nobody does."""
    try:
        answer = await app.answered("apps.connections.open")
    except Undelivered as error:
        return Finding(SOCKET, str(error))
    if answer.data.get("ok") is True:
        return Finding(SOCKET)
    word = str(answer.data.get("error") or f"HTTP {answer.status}")[:REASON_CHARS]
    return Finding(SOCKET, f"app_token: Slack opens no connection ({word}); {HOW_SOCKET}")


def _rights(what: str, scopes: set[str], wanted: Iterable[str]) -> Finding:
    missing = sorted(set(wanted) - scopes)
    return Finding(what, f"missing: {', '.join(missing)}; {HOW_SCOPES}" if missing else "")
