"""What X pushes: https://docs.x.com/x-api/activity/event-payloads, the older shape that
https://docs.x.com/x-api/account-activity/introduction shows, and posts that match the operator's rules, as
https://docs.x.com/x-api/webhooks/stream/introduction tells.

Invariant: the same post or message has the same id, whichever of them brings it. One broken event hides no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.base import (
    AgentCommand,
    Arrival,
    CustomerEdit,
    CustomerMessage,
    File,
    Malformed,
    OutsideReply,
    Person,
    maybe_object,
    object_of,
    read_text,
    start,
    wanted_object,
    wanted_text,
)
from adapters.x.reading import Post, files_of, named, older_post, plain, post_of, users_of, wanted_id

ENCRYPTED = (
    "(An encrypted message, which can be read in X's own app only: answer there, or ask to write elsewhere.)"
)
UNTOLD = "(a message of a kind that X does not pass on)"
ADDRESSED = frozenset({"post.mention.create", "post.reply.create", "post.quote.create"})
"""Somebody speaks to us, whether or not our name stands in the text."""
Reading = Callable[[], list[Arrival]]
"""Reads one event of several. Raises Malformed."""


@dataclass(frozen=True, slots=True)
class Us:
    """Our account, and what is to be taken in. `handle` and `keywords` are in lower case; `app_id` is that of the app
    which sends for us, "" where replies from X's own inbox are not told apart; `quiet` says nothing automatic."""

    account: str
    handle: str
    app_id: str
    keywords: tuple[str, ...]
    agents: frozenset[str]
    queues: tuple[str, ...]
    quiet: bool


def arrivals_of(push: Mapping[str, Any], us: Us) -> list[Arrival]:
    """What a pushed object brings. Raises Malformed where that cannot be told, and nothing else is in it."""
    data = push.get("data")
    if isinstance(data, dict) and "event_type" in data:
        return _activity(data, us)
    if isinstance(data, dict) and "matching_rules" in push:
        return _public(post_of(data, maybe_object(push, "includes"), us.account, us.handle), us)
    return _older(push, us)


def _activity(event: Mapping[str, Any], us: Us) -> list[Arrival]:
    kind, includes = wanted_text(event, "event_type"), maybe_object(event, "includes")
    for_us = maybe_object(event, "filter").get("user_id", us.account) == us.account
    if kind in ("dm.received", "dm.sent") and for_us:
        return _every(_messages(wanted_object(event, "payload"), us))
    if kind == "chat.received" and for_us:
        return _encrypted(wanted_object(event, "payload"), us)
    if (kind in ADDRESSED and for_us) or kind == "post.create":
        post = post_of(wanted_object(event, "payload"), includes, us.account, us.handle)
        return _public(post, us, addressed=kind in ADDRESSED)
    if kind == "post.delete":
        payload = wanted_object(event, "payload")
        return _deleted(wanted_id(payload, "id"), wanted_id(payload, "author_id"), us)
    return []


def _older(push: Mapping[str, Any], us: Us) -> list[Arrival]:
    if push.get("for_user_id", us.account) != us.account:
        return []
    said = (partial(_posted, one, us) for one in _listed(push, "tweet_create_events"))
    gone = (partial(_gone, one, us) for one in _listed(push, "tweet_delete_events"))
    return _every([*_messages(push, us), *said, *gone])


def _listed(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name, [])
    if not isinstance(value, list):
        raise Malformed(f"{name}: a list is wanted")
    return value


def _every(readings: Iterable[Reading]) -> list[Arrival]:
    """All that can be read. Raises Malformed where something is broken and nothing could."""
    arrivals: list[Arrival] = []
    broken: Malformed | None = None
    for reading in readings:
        try:
            arrivals += reading()
        except Malformed as error:
            broken = error
    if broken is not None and not arrivals:
        raise broken
    return arrivals


# --- private -------------------------------------------------------------------------------------------------


def _messages(payload: Mapping[str, Any], us: Us) -> list[Reading]:
    users = users_of(payload)
    return [partial(_message, one, users, us) for one in _listed(payload, "direct_message_events")]


def _message(told: object, users: Mapping[str, Mapping[str, Any]], us: Us) -> list[Arrival]:
    """One message between two people; of groups nothing is taken."""
    event = object_of(told, "direct_message_events")
    if wanted_text(event, "type") != "message_create":
        return []
    message, number = wanted_object(event, "message_create"), wanted_id(event, "id")
    sender, recipient = (
        wanted_id(message, "sender_id"),
        wanted_id(wanted_object(message, "target"), "recipient_id"),
    )
    said = wanted_object(message, "message_data")
    attached = maybe_object(maybe_object(said, "attachment"), "media")
    text = plain(read_text(said, "text"), maybe_object(said, "entities"), [attached])
    files = files_of([attached])
    if sender == us.account:
        return _our_own(f"dm-{number}", recipient, text, message, users, us)
    if recipient != us.account:
        return []
    told = text if text or files else UNTOLD
    return [_private(f"dm-{number}", named(sender, users), told, files, users, us)]


def _private(
    number: str,
    sender: Person,
    text: str,
    files: tuple[File, ...],
    users: Mapping[str, Mapping[str, Any]],
    us: Us,
) -> Arrival:
    if sender.id in us.agents and text.startswith("/"):
        command, _, arguments = text[1:].partition(" ")
        return AgentCommand(number, sender, command, arguments.strip())
    word, _, payload = text.partition(" ")
    queue = None
    if word == "/start":
        text, queue = start(payload.strip(), us.queues)
    return CustomerMessage(
        number,
        sender.id,
        sender,
        text,
        queue=queue,
        from_robot=_is_robot(users.get(sender.id, {})),
        files=files,
        continues=f"@{sender.id}",
        quiet=us.quiet,
    )


def _our_own(
    number: str,
    recipient: str,
    text: str,
    message: Mapping[str, Any],
    users: Mapping[str, Mapping[str, Any]],
    us: Us,
) -> list[Arrival]:
    """What was sent from our account. Only where X names the app, and it is not ours, a human wrote it: a text of our
    own must never count as an answer."""
    app = read_text(message, "source_app_id")
    if not us.app_id or app in ("", us.app_id):
        return []
    return [OutsideReply(number, recipient, named(us.account, users), text)]


def _encrypted(payload: Mapping[str, Any], us: Us) -> list[Arrival]:
    """A message of XChat, of which only the sender can be read; of groups nothing is taken: their id names nobody."""
    number, sender = wanted_text(payload, "id"), wanted_id(payload, "sender_id")
    between = read_text(payload, "conversation_id")
    if sender == us.account or (between and us.account not in re.split("[:-]", between)):
        return []
    return [_private(f"chat-{number}", Person(sender), ENCRYPTED, (), {}, us)]


def _is_robot(user: Mapping[str, Any]) -> bool:
    """X's label of accounts that are programs."""
    return maybe_object(user, "affiliation").get("description") == "Automated"


# --- public --------------------------------------------------------------------------------------------------


def _public(post: Post, us: Us, *, addressed: bool = False) -> list[Arrival]:
    """A post by somebody else that speaks to us, or of what we look out for; then nothing automatic is said, as X
    forbids that to whoever was not asked."""
    if post.author.id == us.account or post.reposts or _is_robot(post.user):
        return []
    addressed = addressed or post.names_us
    if not addressed and not any(one in post.text.lower() for one in us.keywords):
        return []
    place = f"@{post.author.id}"
    text = (
        re.sub(rf"^(?:\s*@{re.escape(us.handle)}\b[\s,:]*)+", "", post.text, flags=re.IGNORECASE) or post.text
    )
    message = CustomerMessage(
        f"post-{post.first}",
        place,
        post.author,
        text,
        files=post.files,
        ref=post.first,
        public=True,
        quiet=us.quiet or not addressed,
    )
    if post.first == post.id:
        return [message]
    # The first version is known already, or was none of ours; each further one is a post of its own.
    return [message, CustomerEdit(f"edit-{post.id}", place, post.first, text)]


def _posted(event: object, us: Us) -> list[Arrival]:
    return _public(older_post(object_of(event, "tweet_create_events"), us.account, us.handle), us)


def _gone(event: object, us: Us) -> list[Arrival]:
    status = wanted_object(object_of(event, "tweet_delete_events"), "status")
    return _deleted(wanted_id(status, "id"), wanted_id(status, "user_id"), us)


def _deleted(number: str, author: str, us: Us) -> list[Arrival]:
    return [] if author == us.account else [CustomerEdit(f"delete-{number}", f"@{author}", number, None)]
