"""Every key the bot keeps in Redis: its name, type, expiry and purpose. docs/redis.md is made from this table.

All keys of a queue share the hash tag `{q:<queue>}`, so a commit stays atomic on one server, behind Sentinel and
in a Cluster alike. `functions.lua` makes the same names from the same prefix; a test fails on a key not listed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One kind of key. `name` is what follows the queue's prefix; `<...>` stands for what varies."""

    name: str
    type: str
    expiry: str
    purpose: str


KEYS = (
    Key(
        "case:<case>",
        "list",
        "none while open; `retention.closed_cases_days` after it ended",
        "a case: its state first (`<version> <json>`), then what was said, oldest first",
    ),
    Key(
        "open",
        "hash",
        "none; a field goes when its case ends",
        "conversation (`<channel>/<conversation>`) to its open case, or `><queue> <case>` after a transfer",
    ),
    Key("waiting", "zset", "none", "cases waiting to be claimed, by the start of the turn in ms"),
    Key("timers", "zset", "none", "cases to look at again (lease, promise, silence), by desk time in ms"),
    Key("held:<agent>", "set", "none; empty sets vanish", "the open cases an agent holds"),
    Key("duty", "hash", "none; a field goes at `/off`", "agents on duty: name, since when, last seen"),
    Key(
        "incident",
        "string",
        "when it is over",
        "help that was announced: more agents than usual, from when until when",
    ),
    Key(
        "tally",
        "hash",
        "none",
        "how many cases are claimed (their turn unanswered) now; promises judged and kept, ever",
    ),
    Key(
        "day:<yyyymmdd>",
        "hash",
        "publish.history_days + 10 days",
        "the day's counters: arrived, answered, kept ...",
    ),
    Key(
        "events",
        "stream",
        "none; trimmed to about `retention.events`",
        "what happened, as the estimate learns from it and `jono export` tells it",
    ),
    Key("seen:<period>", "set", "12 days", "digests of message ids taken in, by 4-day period; 3 are asked"),
    Key("language:<lane>", "string", "a year", "the language a customer chose in a conversation"),
    Key("chosen:<lane>", "string", "a year", "the queue a customer chose for a conversation, by a link"),
    Key("out:<lane>", "list", "none; empty lists vanish", "outgoing messages of one conversation, in order"),
    Key("due:<channel>", "zset", "none", "lanes with something to send, by when (real time in ms)"),
    Key("fly:<channel>", "zset", "none", "lanes being sent by some process, by the end of its lease"),
    Key("holder:<channel>", "hash", "none; a field goes with its lease", "which process is sending a lane"),
    Key(
        "tries:<channel>",
        "hash",
        "none; a field goes with its message",
        "attempts made for the head of a lane; under `!` and the lane: it is being sent",
    ),
    Key("dead", "hash", "none; kept until resent or dropped", "messages given up, with the reason"),
    Key(
        "room:<case>",
        "hash",
        "`desk.close_after_s` + `retention.closed_cases_days` after the last change",
        "how a case is shown in agents' rooms, by channel: its place, its card, how far it was told",
    ),
    Key(
        "link:<lane>",
        "string",
        "as `room:<case>`",
        "a place or message in a room (`<channel>/<id>`) to its case, or to what was sent for it to the customer",
    ),
    Key("reader:<channel>", "string", "a few seconds", "the replica that listens to this channel"),
    Key(
        "marks:<channel>",
        "hash",
        "none",
        "how far each conversation was read, to catch up",
    ),
    Key(
        "pace:<channel>:<budget>",
        "list",
        "when all of it is free again",
        "when the last sends on a budget were (ms), the latest first",
    ),
    Key("hush:<channel>:<budget>", "string", "when it is over", "until when a platform wants silence (ms)"),
    Key(
        "outlets:<channel>",
        "hash",
        "none",
        "what a profile shows, when it was changed and may be again, the operator's own text or picture from before",
    ),
    Key(
        "writes:<channel>",
        "stream",
        "none; trimmed to 200",
        "changes of a profile that were tried: when, which outlet, to what, how it ended",
    ),
    Key(
        "left:<channel>",
        "string",
        "none; goes with `jono outlets resume`",
        "since when a profile is left to the operator, by `jono outlets restore`",
    ),
    Key(
        "mail:<lane>",
        "stream",
        "as `room:<case>`; trimmed to `limits.transcript_entries`",
        "what a customer's or an agent's browser shows of a site chat, in order",
    ),
    Key("mailed:<channel>", "stream", "none; trimmed to about 1,000", "which of these boxes changed last"),
    Key(
        "file:<lane>:<file>", "string", "as `room:<case>`", "a file that was sent in a site chat, in base 64"
    ),
    Key(
        "filed:<lane>",
        "hash",
        "as `room:<case>`, and a day",
        "bytes of the files that one visitor of a site chat, and all of a channel (its name alone), sent on each day",
    ),
    Key(
        "sign-in:<digest>",
        "string",
        "ten minutes",
        "a link that signs an agent in once, by the digest of its secret",
    ),
    Key(
        "session:<digest>",
        "string",
        "`desk.session_s` after the last use; for an agent by a group or role, after the link",
        "an agent who is signed in, by the digest of the cookie's secret",
    ),
    Key(
        "invitation:<digest>",
        "string",
        "a week; when it is used",
        "the case that whoever comes by this link goes on with, by the digest of its code",
    ),
    Key(
        "changes",
        "string",
        "none",
        "counts commits, so that a desk that is looked at knows when to look again",
    ),
    Key(
        "seal",
        "string",
        "none",
        "what signs the answers of the API where `server.signing_key` is empty; beside the first queue only",
    ),
    Key(
        "carried",
        "string",
        "none",
        "what signs the addresses at which platforms fetch files for an hour; beside the first queue only",
    ),
    Key("leader", "string", "a few seconds", "the replica that refreshes this queue"),
    Key("fence", "string", "none", "counts leaders; a write with an older number is refused"),
    Key("published", "string", "none", "the published wait, as plain data"),
    Key("learned", "string", "none", "what the estimate learned, and the last event it saw"),
    Key("history", "zset", "none; trimmed to publish.history_days", "one point a refresh, by desk time"),
)


def prefix(queue: str) -> str:
    """What all keys of a queue begin with."""
    return f"jono:{{q:{queue}}}:"


def lane(channel: str, conversation_id: str) -> str:
    """The name under which the messages of one conversation are kept in order."""
    return f"{channel}/{conversation_id}"


def channel_of(lane_name: str) -> str:
    """The channel a lane belongs to; channel names hold no slash."""
    return lane_name.split("/", 1)[0]
