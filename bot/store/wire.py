"""What travels to the store and back: commits and outgoing messages as values, and as functions.lua reads them.

Pure translation: nothing here reaches a server.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from bot.case import Case, decode, encode
from bot.events import Observed
from bot.incident import Incident
from bot.store import keys
from status.model import Observation

_encode = msgspec.json.Encoder().encode
pack = msgspec.msgpack.Encoder().encode


def dump(value: Any) -> str:
    """Compact JSON."""
    return _encode(value).decode()


@dataclass(slots=True)
class OutEntry:
    """One outgoing message as it stands in its lane: `body` says what it means or, once worded, its words.

    Not frozen, like Commit: they are made for every message, and a frozen dataclass takes four times as long.
    """

    id: str
    lane: str
    body: Mapping[str, Any]

    @property
    def channel(self) -> str:
        """The channel it goes out on."""
        return keys.channel_of(self.lane)

    @property
    def line(self) -> str:
        """As stored: the id first, so that the store can compare it without decoding."""
        return f"{self.id} {dump(self.body)}"

    @staticmethod
    def parse(lane: str, line: str) -> OutEntry:
        """The inverse of `line`."""
        entry_id, _, body = line.partition(" ")
        return OutEntry(entry_id, lane, msgspec.json.decode(body))


@dataclass(slots=True)
class Commit:
    """One decision, to be written whole or not at all.

    `before` is the case the decision saw (None: no open case), `after` the case as it shall be (None: the commit
    touches no case). `past` allows a new case in a conversation whose last one went to another queue. `incident` is
    help that was announced, "over" takes it back.
    """

    seen: str | None = None
    before: Case | None = None
    after: Case | None = None
    past: str | None = None
    said: Sequence[Mapping[str, Any]] = ()
    timer_at: float | None = None
    moved_to: str | None = None
    keep_ended_s: int = 0
    observations: Sequence[Observed] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    duty: tuple[str, Mapping[str, Any] | None] | None = None
    out: Sequence[OutEntry] = ()
    worded: OutEntry | None = None
    language: tuple[str, str] | None = None
    incident: Incident | Literal["over"] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a commit: `done`, `seen` (known already: nothing to do), `stale` (`case` is what was found
    instead, None when there is none), `moved` (the conversation went to `queue` with `pointer`) or `taken` (the new
    case's id is in use)."""

    kind: Literal["done", "seen", "stale", "moved", "taken"]
    case: Case | None = None
    queue: str = ""
    pointer: str = ""


DONE, SEEN, TAKEN = Outcome("done"), Outcome("seen"), Outcome("taken")


@dataclass(frozen=True, slots=True)
class Taken:
    """An outgoing message leased to this process; `lapsed` when an earlier sender vanished after it had begun."""

    entry: OutEntry
    attempt: int
    lapsed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A queue at one moment, as counters tell it; `judged` and `kept` count promises since the beginning."""

    waiting: int
    oldest_at: float | None
    claimed: int
    agents: int
    judged: int
    kept: int


def seen_digest(channel: str, message_id: str) -> str:
    """A message's id as remembered: 72 bits of it in 12 characters, so that a million ids take little room."""
    digest = hashlib.blake2b(f"{channel}\0{message_id}".encode(), digest_size=9).digest()
    return binascii.b2a_base64(digest, newline=False).decode()


def day_name(at: float) -> str:
    """The UTC day of an instant (epoch seconds), as keys name it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%d")


def wire(commit: Commit) -> dict[str, Any]:
    """A commit as functions.lua reads it; what does not change is left out."""
    data: dict[str, Any] = {}
    if commit.seen:
        data["seen"] = commit.seen
    if commit.after is not None:
        _wire_case(data, commit, commit.before, commit.after)
    if commit.observations:
        channel = "" if commit.after is None else commit.after.channel
        data["events"] = [_wire_event(observed, channel) for observed in commit.observations]
    if commit.counts:
        data["count"] = commit.counts
    if commit.duty:
        agent, known = commit.duty
        data["duty"] = [agent, dump(known) if known else False]
    if commit.out:
        data["out"] = by_lane(commit.out)
    if commit.worded:
        data["worded"] = [commit.worded.lane, commit.worded.line]
    if commit.language:
        data["language"] = commit.language
    if commit.incident:
        data["incident"] = _wire_incident(commit.incident)
    return data


def _wire_incident(incident: Incident | Literal["over"]) -> list[str | int] | Literal[False]:
    """What to keep and until when, or that nothing is kept any more."""
    return False if incident == "over" else [dump(incident), round(incident.until_at * 1000)]


def _wire_event(observed: Observed, channel: str) -> list[str | int]:
    happened, at, agent, wait_s, queued = observed
    return [
        happened,
        round(at * 1000),
        "" if wait_s is None else round(wait_s * 1000),
        1 if queued else 0,
        agent,
        channel if happened == "arrived" else "",
    ]


def by_lane(out: Sequence[OutEntry]) -> list[list[str]]:
    """Entries as functions.lua takes them: channel, lane and the entries, for each run of one lane."""
    rows: list[list[str]] = []
    for entry in out:
        if rows and rows[-1][1] == entry.lane:
            rows[-1].append(entry.line)
        else:
            rows.append([entry.channel, entry.lane, entry.line])
    return rows


def _wire_case(data: dict[str, Any], commit: Commit, before: Case | None, after: Case) -> None:
    lane = keys.lane(after.channel, after.conversation_id)
    data.update(id=after.id, lane=lane, expect=before.version if before else 0, doc=encode(after))
    data["said"] = [dump(entry) for entry in commit.said]
    if after.ended and commit.keep_ended_s:
        data["ttl"] = commit.keep_ended_s
    if before is None:
        data["open"] = after.id
        if commit.past:
            data["past"] = commit.past
    elif commit.moved_to:
        data["open"] = commit.moved_to
    elif after.ended and not before.ended:
        data["open"] = False
    elif after.before != before.before:
        data.update(open=after.id, goes_on=True)
        if commit.past:
            data["past"] = commit.past
    if after.before and "open" in data:
        data["also"] = after.before
    _wire_order(data, commit, before, after)
    _wire_holder(data, before, after)


def _wire_order(data: dict[str, Any], commit: Commit, before: Case | None, after: Case) -> None:
    """The case's places in the queue's order and among the timers."""
    if after.state == "waiting" and after.turn_at is not None:
        data["waiting"] = round(after.turn_at * 1000)
    elif before is not None and before.state == "waiting":
        data["waiting"] = False
    if commit.timer_at is not None:
        data["timers"] = round(commit.timer_at * 1000)
    elif before is not None:
        data["timers"] = False


def _wire_holder(data: dict[str, Any], before: Case | None, after: Case) -> None:
    """Who holds the case, and how many are claimed."""
    was = before.agent if before is not None else None
    now = None if after.ended else after.agent
    if was != now:
        if was:
            data["drop"] = was
        if now:
            data["hold"] = now
    claimed = (after.state == "claimed") - (before is not None and before.state == "claimed")
    if claimed:
        data["claimed"] = claimed


def read_stale(queue: str, answer: str | Sequence[str]) -> Outcome:
    """What a commit met instead, from its answer. Raises RuntimeError for a commit that is faulty."""
    if not isinstance(answer, str):
        case_id, document = answer
        return Outcome("stale", case=decode(queue, case_id, document))
    if answer == "!taken":
        return TAKEN
    if answer.startswith("!"):
        raise RuntimeError(f"the store refused a commit: {answer[1:]}")
    if answer.startswith(">"):
        target, _, _ = answer[1:].partition(" ")
        return Outcome("moved", queue=target, pointer=answer)
    return Outcome("stale")


def read_incident(text: str) -> Incident:
    """Announced help, as it was committed."""
    return msgspec.json.decode(text, type=Incident)


def read_event(values: Mapping[str, str]) -> Observation:
    """An event of the stream, as the estimate learns from it. Older bots wrote no more than the first six fields."""
    return Observation(
        at=int(values["t"]) / 1000,
        happened=values["e"],  # type: ignore[arg-type]  # written by _wire_event from the same words
        waiting=int(values["n"]),
        agents=int(values["a"]),
        wait_s=int(values["w"]) / 1000 if values["w"] else None,
        queued=values["q"] == "1",
        case=values.get("c", ""),
        agent=values.get("g", ""),
        ahead=int(values["r"]) if values.get("r") else None,
        held=max(0, int(values.get("h", 0))),
        channel=values.get("ch", ""),
    )
