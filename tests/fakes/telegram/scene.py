"""What people do: customers in private and business chats, agents in groups. Each act becomes updates for the bot.

Tests reach the public methods of `Scene` over the control door, with JSON for arguments.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.telegram import media, words
from tests.fakes.telegram.ledger import JSON
from tests.fakes.telegram.things import ADMIN_RIGHTS, ANONYMOUS, Chat, Connection, Person, Query, member
from tests.fakes.telegram.world import World

FIRST_PERSON, FIRST_GROUP, FIRST_SUPERGROUP = 5_000_000_000, -4_000_000, -1_001_000_000_000


class Scene:
    """The people around one bot."""

    def __init__(self, world: World) -> None:
        self._world = world

    # --- who and where -------------------------------------------------------------------------------------

    def person(self, name: str, last_name: str = "", username: str = "", language: str = "") -> int:
        """Somebody new."""
        person = Person(FIRST_PERSON + self._world.next_number(), name, last_name, username, language)
        self._world.people[person.id] = person
        return person.id

    def starts(self, person: int) -> None:
        """Somebody has pressed Start, long ago."""
        self._world.people[person].started = True

    def group(
        self,
        title: str,
        forum: bool = True,
        basic: bool = False,
        members: Sequence[int] = (),
        bot: str = "administrator",
        rights: Sequence[str] = ADMIN_RIGHTS,
    ) -> int:
        """A supergroup, with topics or without, or a basic group. The bot is what `bot` says."""
        number = self._world.next_number()
        chat_id = FIRST_GROUP - number if basic else FIRST_SUPERGROUP - number
        chat = Chat(chat_id, "group" if basic else "supergroup", title, forum=forum and not basic)
        chat.members = dict.fromkeys(members, "member")
        chat.bot, chat.rights = bot, set(rights)
        self._world.chats[chat.name] = chat
        return chat_id

    def make_bot(self, chat: int, status: str, rights: Sequence[str] = ADMIN_RIGHTS) -> None:
        """An owner makes the bot an administrator, a member, or throws it out ("kicked")."""
        where = self._chat(chat)
        old = member(self._world.myself(), where.bot, where.rights)
        where.bot, where.rights = status, set(rights)
        owner = next(iter(where.members), 0)
        sender = self._world.people[owner].user() if owner else ANONYMOUS
        self._membership(where, sender, old, member(self._world.myself(), status, where.rights))

    def set_forum(self, chat: int, forum: bool) -> None:
        """An owner turns topics on or off."""
        self._chat(chat).forum = forum

    def migrates(self, chat: int) -> int:
        """A basic group becomes a supergroup: its new id. All else stays."""
        old = self._chat(chat)
        new = self._chat(self.group(old.title, forum=False, bot=old.bot, rights=tuple(old.rights)))
        new.members, old.moved_to = old.members, new.id
        sender = ANONYMOUS
        for where, about in (
            (old, {"migrate_to_chat_id": new.id}),
            (new, {"migrate_from_chat_id": old.id}),
        ):
            self._tell("message", where, self._world.put(where, sender, about))
        return new.id

    def blocks(self, person: int, blocked: bool = True) -> None:
        """A customer blocks the bot, or unblocks it."""
        who = self._world.people[person]
        status = {True: "kicked", False: "member"}
        who.blocked = blocked
        chat = self._world.private(who)
        me = self._world.myself()
        old, new = member(me, status[not blocked], set()), member(me, status[blocked], set())
        self._membership(chat, who.user(), old, new)

    def leaves_telegram(self, person: int) -> None:
        """An account is deleted."""
        self._world.people[person].deactivated = True

    # --- messages ------------------------------------------------------------------------------------------

    def says(self, person: int, text: str, entities: Sequence[JSON] = (), **where: Any) -> int:
        """Somebody writes; gives the message's id. `where`: chat, topic, reply_to, business, owner, anonymous."""
        clean = words.cleaned(text)
        return self._written(
            person, {"text": clean, **_entities("entities", clean, entities)}, entities, where
        )

    def sends(self, person: int, file: JSON, caption: str = "", group: str = "", **where: Any) -> int:
        """Somebody sends a file: kind, content in base64 or size, name, mime, emoji."""
        content = base64.b64decode(file["content"]) if file.get("content") is not None else None
        size = file["size"] if content is None else len(content)
        kept = media.keep(
            self._world, file["kind"], content, size, file.get("name", ""), file.get("mime", "")
        )
        part = media.written(kept, file.get("emoji", ""))
        if caption:
            part |= {"caption": caption, **_entities("caption_entities", caption, ())}
        if group:
            part["media_group_id"] = group
        return self._written(person, part, (), where)

    def content(self, person: int, part: JSON, **where: Any) -> int:
        """Somebody sends what is neither text nor a file: a location, a contact, a poll, as the vendor writes it."""
        return self._written(person, part, (), where)

    def edits(self, person: int, message_id: int, text: str, **where: Any) -> None:
        """Somebody changes the text or the caption of a message."""
        chat = self._where(person, where)
        message = chat.messages[message_id]
        media_part = {
            k: v for k, v in message.body.items() if k in (*media.KINDS, "location", "media_group_id")
        }
        name = "caption" if media_part else "text"
        more = _entities("caption_entities" if media_part else "entities", text, ())
        body = self._world.change(chat, message, {**media_part, name: text, **more}, ())
        kind = "edited_business_message" if chat.connection else "edited_message"
        self._tell(kind, chat, body)

    def deletes(self, person: int, message_ids: Sequence[int], **where: Any) -> None:
        """Somebody deletes messages. The bot is told only about its business chats."""
        chat = self._where(person, where)
        for message_id in message_ids:
            self._world.remove(chat, message_id)
        if chat.connection:
            payload = {
                "business_connection_id": chat.connection,
                "chat": self._world.chat_of(chat),
                "message_ids": list(message_ids),
            }
            told = {"chat": chat.name, "message_id": message_ids[0], "text": ""}
            self._world.updates.add("deleted_business_messages", payload, chat.name, told)

    def reacts(self, person: int, message_id: int, emoji: str, **where: Any) -> None:
        """Somebody reacts to a message; an empty emoji takes the reaction back."""
        chat = self._where(person, where)
        self._world.react(chat, message_id, str(person), emoji)
        payload = {
            "chat": self._world.chat_of(chat),
            "message_id": message_id,
            "user": self._world.people[person].user(),
            "date": int(self._world.now()),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}] if emoji else [],
        }
        if chat.type == "private" or chat.bot in ("administrator", "creator"):
            told = {"chat": chat.name, "message_id": message_id, "text": emoji}
            self._world.updates.add("message_reaction", payload, chat.name, told)

    def presses(self, person: int, message_id: int, data: str, chat: int = 0, forged: bool = False) -> str:
        """Somebody presses a button of the bot's; gives the query's id. `forged`: no button of that message has it."""
        where = self._chat(chat or person)
        message = where.messages[message_id]
        rows = message.body.get("reply_markup", {}).get("inline_keyboard", [])
        there = {button.get("callback_data") for row in rows for button in row}
        assert forged or data in there, f"{data!r} is none of {there}"
        query_id = str(9_000_000_000 + self._world.next_number())
        self._world.queries[query_id] = Query(where, self._world.now())
        payload = {
            "id": query_id,
            "from": self._world.people[person].user(),
            "message": dict(message.body),
            "chat_instance": f"i{where.id}",
            "data": data,
        }
        told = {"chat": where.name, "message_id": message_id, "text": data}
        self._world.updates.add("callback_query", payload, f"q{person}", told)
        return query_id

    # --- topics --------------------------------------------------------------------------------------------

    def makes_topic(self, person: int, chat: int, name: str) -> int:
        """An agent makes a topic."""
        where = self._chat(chat)
        topic, body = self._world.make_topic(
            where, self._world.people[person].user(), name, 7322096, mine=False
        )
        self._tell("message", where, body)
        return topic.id

    def closes_topic(self, person: int, chat: int, topic: int, closed: bool = True) -> None:
        """An agent closes a topic, or opens it again."""
        where = self._chat(chat)
        where.topics[topic].open = not closed
        self._world.note_topic(where, where.topics[topic], "closed" if closed else "reopened")
        about: JSON = {"forum_topic_closed" if closed else "forum_topic_reopened": {}}
        sender = self._world.people[person].user()
        self._tell("message", where, self._world.put(where, sender, about, topic=topic))

    def deletes_topic(self, chat: int, topic: int) -> None:
        """An agent deletes a topic with all in it. Nobody is told."""
        where = self._chat(chat)
        where.topics[topic].deleted = True
        self._world.note_topic(where, where.topics[topic], "deleted")
        for message_id in [n for n, m in where.messages.items() if m.body.get("message_thread_id") == topic]:
            self._world.remove(where, message_id)

    # --- business accounts ---------------------------------------------------------------------------------

    def connects(self, owner: int, rights: Mapping[str, bool]) -> str:
        """An owner lets the bot answer for their account; gives the connection's id."""
        connection = Connection(f"c{self._world.next_number()}", self._world.people[owner], dict(rights))
        self._world.connections[connection.id] = connection
        self._connection(connection)
        return connection.id

    def disconnects(self, connection: str) -> None:
        """An owner takes that back."""
        self._world.connections[connection].enabled = False
        self._connection(self._world.connections[connection])

    # --- anything else -------------------------------------------------------------------------------------

    def photographs(self, content: str) -> None:
        """The operator gives the bot a photo at @BotFather's, in base64."""
        picture = base64.b64decode(content)
        kept = media.keep(self._world, "photo", picture, len(picture), "", "image/jpeg")
        self._world.photos.insert(0, kept.id)

    def emits(self, kind: str, payload: JSON) -> int:
        """An update as the test writes it: one that nobody has heard of, for example."""
        return self._world.updates.add(kind, payload, "any", {"chat": "", "message_id": 0, "text": ""})

    # --- parts ---------------------------------------------------------------------------------------------

    def _chat(self, chat_id: int) -> Chat:
        if chat_id in self._world.people:
            return self._world.private(self._world.people[chat_id])
        return self._world.chats[str(chat_id)]

    def _where(self, person: int, where: Mapping[str, Any]) -> Chat:
        """The chat an act happens in. In a business account a customer writes to the owner; `owner` writes back."""
        if connection := where.get("business"):
            customer = where.get("chat") or person
            return self._world.business(self._world.connections[connection], customer)
        return self._chat(where.get("chat") or person)

    def _written(self, person: int, part: JSON, made: Sequence[JSON], where: Mapping[str, Any]) -> int:
        chat, who = self._where(person, where), self._world.people[person]
        sender, more = who.user(), {}
        if where.get("anonymous"):
            sender = ANONYMOUS
            more = {"sender_chat": self._world.chat_of(chat), "author_signature": where["anonymous"]}
        if chat.type == "private" and not chat.connection:
            who.started = True
        chat.active_at = self._world.now()
        topic, reply_to = where.get("topic"), where.get("reply_to")
        body = self._world.put(chat, sender, part, topic=topic, reply_to=reply_to, made=made, more=more)
        self._tell("business_message" if chat.connection else "message", chat, body)
        return int(body["message_id"])

    def _tell(self, kind: str, chat: Chat, body: JSON) -> None:
        """In groups a bot that is no administrator sees only what is for it."""
        if chat.type != "private" and not self._sees(chat, body):
            return
        told = {
            "chat": chat.name,
            "message_id": body["message_id"],
            "text": body.get("text", body.get("caption", "")),
        }
        self._world.updates.add(kind, dict(body), chat.name, told)

    def _sees(self, chat: Chat, body: JSON) -> bool:
        if chat.bot in ("left", "kicked"):
            return False
        if chat.bot in ("administrator", "creator") or self._world.me["can_read_all_group_messages"]:
            return True
        text = body.get("text", "")
        replied = chat.messages.get(body.get("reply_to_message", {}).get("message_id", 0))
        service = not ({"text", "location", *media.KINDS} & body.keys())
        named = f"@{self._world.me['username']}" in text
        return service or text.startswith("/") or named or (replied is not None and replied.mine)

    def _membership(self, chat: Chat, sender: JSON, old: JSON, new: JSON) -> None:
        payload = {
            "chat": self._world.chat_of(chat),
            "from": sender,
            "date": int(self._world.now()),
            "old_chat_member": old,
            "new_chat_member": new,
        }
        told = {"chat": chat.name, "message_id": 0, "text": new["status"]}
        self._world.updates.add("my_chat_member", payload, f"m{chat.name}", told)

    def _connection(self, connection: Connection) -> None:
        told = {"chat": "", "message_id": 0, "text": connection.id}
        payload = self._world.connection_of(connection)
        self._world.updates.add("business_connection", payload, "business", told)


def _entities(name: str, text: str, made: Sequence[JSON]) -> JSON:
    entities = sorted([*made, *words.found(text)], key=lambda entity: int(entity["offset"]))
    return {name: entities} if entities else {}
