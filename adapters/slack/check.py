"""Whether it would work as it is configured: the tokens, the app's rights, and whether it is in its channels."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.base import Finding, Undelivered, maybe_object
from adapters.slack.calls import HOW_SCOPES, Calls, Denied
from adapters.slack.options import Options

ALWAYS = frozenset(
    ("chat:write", "commands", "files:read", "files:write", "im:history", "reactions:read", "users:read")
)
IN_CHANNELS = frozenset(("channels:history", "channels:read"))
IN_PRIVATE_CHANNELS = frozenset(("groups:history", "groups:read"))
AT_DESK = frozenset(("reactions:write",))
TOPICS, PRIVATE_TOPICS = "channels:write.topic", "groups:write.topic"
STATUS = frozenset(("users.profile:read", "users.profile:write"))


async def findings(options: Options, bot: Calls, person: Calls | None, hook_url: str) -> list[Finding]:
    """What was looked at, and what is wrong with it."""
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
        found.append(await _channel(bot, channel))
    if channels and not scopes & IN_PRIVATE_CHANNELS:
        wanted |= IN_CHANNELS
    if options.topic_channel and PRIVATE_TOPICS not in scopes:
        wanted.add(TOPICS)
    found.append(_rights("the app's rights", scopes, wanted))
    if person is not None:
        whose, theirs = await _whose(person, "user_token")
        found += [*whose, _rights("the rights over the status", theirs, STATUS)] if theirs else whose
    if options.app_token:
        return [*found, Finding("events come by Socket Mode")]
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


async def _channel(calls: Calls, channel: str) -> Finding:
    try:
        about = maybe_object(await calls.ask("conversations.info", channel=channel), "channel")
    except Denied as error:
        return Finding(f"the channel {channel}", f"{error}; is the id right, and the app invited there?")
    except Undelivered as error:
        return Finding(f"the channel {channel}", str(error))
    what = f"the app is in #{about.get('name', channel)}"
    if about.get("is_archived") is True:
        return Finding(what, "the channel is archived")
    return Finding(
        what, "" if about.get("is_member") is True else "it is not: write /invite @ and its name there"
    )


def _rights(what: str, scopes: set[str], wanted: Iterable[str]) -> Finding:
    missing = sorted(set(wanted) - scopes)
    return Finding(what, f"missing: {', '.join(missing)}; {HOW_SCOPES}" if missing else "")
