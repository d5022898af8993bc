"""What is written into a case and what goes out for it: plain values, as the store keeps them.

An entry of what was said has `at` and `text`; `by` tells who: nobody (the customer), "agent", "note", "edit" and
"reaction" (the customer's), "change" (an agent's), "failed" and "gone". `ref` is the platform's name of a customer's
message, `from` the message in a room (`<channel>/<id>`) that an agent wrote it with. What happened beside writing is a
note that any language can read: "→ billing" to that queue, "✉ chat" invited to that channel, "↪ chat" went on there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, assert_never

from adapters.base import File
from bot.case import Case, changed, known_of, news
from bot.events import (
    Act,
    Answered,
    Changed,
    Corrected,
    Decision,
    Failed,
    GaveUp,
    GoesOn,
    Invited,
    Passage,
    Policy,
    Reacted,
    Remark,
    Reply,
    Spoken,
    Wrote,
)

Said = Mapping[str, Any]
"""One entry of what was said in a case."""

# --- what was said -----------------------------------------------------------------------------------------


def by_customer(event: Wrote) -> Said:
    """Without `by`: that is what the store takes for the customer's, so that a waiting case needs less room."""
    entry: dict[str, Any] = {"at": event.at, "text": event.text}
    if event.files:
        entry["files"] = files_out(event.files)
    if event.ref:
        entry["ref"] = event.ref
    if event.group:
        entry["group"] = event.group
    if event.public:
        entry["public"] = True
    return entry


def heard(case: Case, event: Wrote) -> Case:
    """The case with what a further message tells of its customer; one in a conversation that it has left tells nothing,
    as replies do not go there any more."""
    if (event.channel, event.conversation_id) != (case.channel, case.conversation_id):
        return case
    return changed(
        case,
        heard_at=event.at,
        customer=known_of(event.customer, case.customer),
        public=event.ref if event.public else case.public,
        quiet=event.quiet,
    )


def by_agent(act: Spoken, by: str) -> Said:
    """A reply ("agent") or a note."""
    entry: dict[str, Any] = {**note(act, act.text), "by": by}
    if act.files:
        entry["files"] = files_out(act.files)
    if act.source:
        entry["from"] = act.source
    return entry


def note(act: Act, text: str) -> Said:
    """Something for agents' eyes."""
    return {"at": round(act.at, 3), "by": "note", "who": act.name, "text": text}


def outside(act: Answered) -> Said:
    """A reply that the customer got past the bot."""
    return {"at": round(act.at, 3), "by": "agent", "who": act.name, "text": act.text, "outside": True}


def gone(event: GaveUp) -> Said:
    """The customer cannot be reached any more."""
    return {"at": event.at, "by": "gone", "text": ""}


def remark(case: Case, event: Remark | Passage) -> Decision:
    """What is only added to what was said; an agent's correction or invitation goes out to the customer as well."""
    match event:
        case Changed():
            return Decision(
                case, said=({"at": event.at, "by": "edit", "ref": event.ref, "text": event.text},)
            )
        case Reacted():
            return Decision(case, said=({"at": event.at, "by": "reaction", "text": event.emoji},))
        case Failed():
            entry = {"at": event.at, "by": "failed", "id": event.entry, "text": event.reason}
            return Decision(case, said=(entry,))
        case Corrected():
            entry = {**note(event, ""), "by": "change", "from": event.source, "text": event.text}
            out = message(case, "change", source=event.source, place=event.place, text=event.text)
            return Decision(case, said=(entry,), out=(out,) if event.to_customer else ())
        case Invited():
            out = message(case, "notice", invited=event.title, address=event.address)
            return Decision(case, said=(note(event, f"✉ {event.title}"),), out=(out,))
        case GoesOn():
            return _went_on(case, event)
        case _:
            assert_never(event)


def _went_on(case: Case, event: GoesOn) -> Decision:
    """The same case, turn and promises, in the customer's other conversation; there they hear that it is so."""
    there = changed(
        case,
        channel=event.channel,
        conversation_id=event.conversation_id,
        customer=known_of(event.customer, case.customer),
        heard_at=event.at,
        public="",
        quiet=False,
        before=(*case.before, event.left),
    )
    entry = {"at": round(event.at, 3), "by": "note", "who": "", "text": f"↪ {event.channel}"}
    return Decision(there, said=(entry,), out=(message(there, "notice", goes_on=True),))


def as_it_reads(said: Sequence[Said]) -> list[Said]:
    """What was said with later edits applied and deleted messages left out; edits themselves are not shown.

    An edit counts for every message of its name, wherever it stands: platforms may deliver it first.
    """
    edits = {entry["ref"]: entry["text"] for entry in said if entry["by"] == "edit"}
    changes = {entry["from"]: entry["text"] for entry in said if entry["by"] == "change"}
    read: list[Said] = []
    for entry in said:
        if entry["by"] in ("edit", "change"):
            continue
        text = edits.get(entry.get("ref"), changes.get(entry.get("from"), entry["text"]))
        if text is not None:
            read.append(entry if text == entry["text"] else {**entry, "text": text})
    return read


def in_words(entry: Said) -> str:
    """What an entry says where only text can be shown."""
    files = " ".join(f"[{file.name or file.text or file.kind}]" for file in files_in(entry.get("files", ())))
    return " ".join(filter(None, (entry["text"], files)))


# --- what goes out -----------------------------------------------------------------------------------------


def message(case: Case, kind: str, **more: Any) -> Mapping[str, Any]:
    """A message to the case's customer, by its meaning; and what the platform may ask about the way to them."""
    way: dict[str, Any] = {"heard": case.last_heard_at}
    if case.public:
        way["public"] = case.public
    return {"kind": kind, "case": case.id, "customer": case.customer.id, **way, **more}


def acknowledgement(case: Case, event: Wrote) -> Mapping[str, Any]:
    """The answer to what the customer wrote; the way back goes along where the platform has one for it."""
    way = {"answer_to": event.answer_to} if event.answer_to else {}
    return message(case, "acknowledgement", turn=case.turn_at, variant=event.variant, **way)


def reply(case: Case, act: Reply) -> Mapping[str, Any]:
    """An agent's words, and where they stand in a room, so that their fate can be shown there."""
    body = dict(message(case, "reply", text=act.text))
    if act.files:
        # Files are where the agent wrote; in most places that is the agent's own channel.
        body |= {"files": files_out(act.files), "origin": (act.source or act.agent).partition("/")[0]}
    if act.source:
        body |= {"source": act.source, "place": act.place}
    return body


def news_of(case: Case, name: str, at: float, policy: Policy, **more: Any) -> tuple[Mapping[str, Any], ...]:
    """What other programs hear, where there are any that want to."""
    if not policy.events:
        return ()
    return ({"kind": "event", "type": name, "data": news(case, at) | more},)


# --- files -------------------------------------------------------------------------------------------------


def files_out(files: Iterable[File]) -> list[list[Any]]:
    """Files as they are kept."""
    return [[f.kind, f.ref, f.name, f.mime, f.size_bytes, f.text] for f in files]


def files_in(rows: Iterable[Sequence[Any]]) -> tuple[File, ...]:
    """The inverse of `files_out`."""
    return tuple(File(*row) for row in rows)
