"""Posts, people and files in both of X's shapes: that of today, and the older one with ids as `id_str`.

What is needed is wanted, and named where it is missing; all else is taken where it makes sense.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.base import (
    File,
    Malformed,
    Person,
    maybe_object,
    maybe_objects,
    maybe_text,
    read_text,
    wanted_object,
)

REF_CHARS = 1_000
ID = re.compile(r"[0-9]{1,20}")
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Post:
    """One version of a post: `first` is the id of the first one. `user` is what X tells of its author."""

    id: str
    first: str
    author: Person
    user: Data
    text: str
    names_us: bool
    reposts: bool
    files: tuple[File, ...] = ()


# --- fields --------------------------------------------------------------------------------------------------


def wanted_id(data: Data, name: str) -> str:
    """An id of X's that must be there, digits in a text. Raises Malformed."""
    value = data.get(name)
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise Malformed(f"{name}: a text of digits is wanted")
    return value


# --- people --------------------------------------------------------------------------------------------------


def users_of(data: Data) -> Mapping[str, Data]:
    """Accounts by id: from a list of them, or from a map of them; either may wrap each into `data`."""
    mapped = [one for one in maybe_object(data, "users").values() if isinstance(one, dict)]
    users = [maybe_object(one, "data") or one for one in mapped or maybe_objects(data, "users")]
    return {maybe_text(one, "id_str") or maybe_text(one, "id"): one for one in users}


def named(account: str, users: Mapping[str, Data]) -> Person:
    """A person as X shows them."""
    user = users.get(account, {})
    return Person(
        account, maybe_text(user, "name") or maybe_text(user, "username") or maybe_text(user, "screen_name")
    )


def _names(text: str, mentions: Iterable[Data], account: str, handle: str) -> bool:
    """Whether an account is mentioned. What X lists is left out where nobody asked X for it."""
    if re.search(rf"(?<!\w)@{re.escape(handle)}\b", text, re.IGNORECASE):
        return True
    return any(
        account in (one.get("id"), one.get("id_str"))
        or (maybe_text(one, "username") or maybe_text(one, "screen_name")).lower() == handle
        for one in mentions
    )


# --- posts ---------------------------------------------------------------------------------------------------


def post_of(data: Data, includes: Data, account: str, handle: str) -> Post:
    """A post as X tells it today. Raises Malformed."""
    number, author = wanted_id(data, "id"), wanted_id(data, "author_id")
    users, long = users_of(includes), maybe_object(data, "note_tweet")
    entities = maybe_object(long, "entities") or maybe_object(data, "entities")
    history = data.get("edit_history_tweet_ids")
    first = history[0] if isinstance(history, list) and len(history) > 1 else number
    keys = maybe_object(data, "attachments").get("media_keys")
    shown = keys if isinstance(keys, list) else []
    media = [one for one in maybe_objects(includes, "media") if one.get("media_key") in shown]
    text, mentions = maybe_text(long, "text") or read_text(data, "text"), maybe_objects(entities, "mentions")
    return Post(
        number,
        first if isinstance(first, str) and ID.fullmatch(first) else number,
        named(author, users),
        users.get(author, {}),
        plain(text, entities, media),
        data.get("in_reply_to_user_id") == account or _names(text, mentions, account, handle),
        text.startswith("RT @")
        or any(one.get("type") == "retweeted" for one in maybe_objects(data, "referenced_tweets")),
        files_of(media),
    )


def older_post(data: Data, account: str, handle: str) -> Post:
    """A post in the older shape. Raises Malformed."""
    number, user = wanted_id(data, "id_str"), wanted_object(data, "user")
    author, long = wanted_id(user, "id_str"), maybe_object(data, "extended_tweet")
    entities = maybe_object(long, "entities") or maybe_object(data, "entities")
    more = maybe_object(long, "extended_entities") or maybe_object(data, "extended_entities") or entities
    media, mentions = maybe_objects(more, "media"), maybe_objects(entities, "user_mentions")
    quoted = maybe_object(maybe_object(data, "quoted_status"), "user").get("id_str")
    text = maybe_text(long, "full_text") or read_text(data, "text")
    return Post(
        number,
        number,
        named(author, {author: user}),
        user,
        plain(text, entities, media),
        account in (data.get("in_reply_to_user_id_str"), quoted) or _names(text, mentions, account, handle),
        bool(maybe_object(data, "retweeted_status")),
        files_of(media),
    )


def plain(text: str, entities: Data, media: Iterable[Data]) -> str:
    """A text as people read it: links in full instead of shortened, none to the files that come along, and three signs
    as themselves."""
    for link in maybe_objects(entities, "urls"):
        short, full = maybe_text(link, "url"), maybe_text(link, "expanded_url")
        if short and full:
            text = text.replace(short, "" if "/messages/media/" in full else full)
    for one in media:
        if short := maybe_text(one, "url"):
            text = text.replace(short, "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


# --- files ---------------------------------------------------------------------------------------------------


def files_of(media: Iterable[Data]) -> tuple[File, ...]:
    """Pictures and films by their addresses."""
    return tuple(file for one in media if (file := _file(one)) is not None)


def _file(media: Data) -> File | None:
    older = maybe_object(media, "video_info")
    variants = maybe_objects(media, "variants") or maybe_objects(older, "variants")
    films = [one for one in variants if one.get("content_type") == "video/mp4"]
    film = max(films, key=_bitrate, default={})
    address = maybe_text(film, "url") or maybe_text(media, "media_url_https") or maybe_text(media, "url")
    if not address.startswith(("https://", "http://")) or len(address) > REF_CHARS:
        return None
    return File("video", address, mime="video/mp4") if film else File("photo", address)


def _bitrate(film: Data) -> int:
    rate = film.get("bitrate", film.get("bit_rate"))
    return rate if type(rate) is int else 0
