"""One bot's world: people, chats, messages, topics and files, and how the vendor writes them down.

Invariant: whatever appears in a chat goes through `put`, `change` or `remove`, and so into the ledger.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.telegram.errors import ApiError, bad, forbidden
from tests.fakes.telegram.faults import Faults
from tests.fakes.telegram.ledger import JSON, Log
from tests.fakes.telegram.pacing import Limits, Pacer
from tests.fakes.telegram.things import (
    ADMIN_RIGHTS,
    Chat,
    Connection,
    File,
    Message,
    Person,
    Query,
    Topic,
    member,
    told_of,
)
from tests.fakes.telegram.updates import Updates

BUSINESS_DAY_S = 86_400


class World:
    """All that one bot can see. `number` makes the ids of several bots differ."""

    def __init__(self, number: int, token: str, seed: int, conflict_s: float = 0.2) -> None:
        self.token = token
        self.revoked = False
        self.log = Log()
        self.ahead_s = 0.0
        """By how much tests have put the time forward."""
        bot_id = int(token.partition(":")[0])
        self.me: JSON = {
            "id": bot_id,
            "is_bot": True,
            "first_name": "Acme help",
            "username": f"acme_{bot_id}_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": True,
            "has_main_web_app": False,
            "has_topics_enabled": False,
            "allows_users_to_create_topics": False,
            "can_manage_bots": False,
            "supports_guest_queries": False,
        }
        self.people: dict[int, Person] = {}
        self.chats: dict[str, Chat] = {}
        self.files: dict[str, File] = {}
        self.connections: dict[str, Connection] = {}
        self.queries: dict[str, Query] = {}
        self.profile: dict[str, dict[str, str]] = {"short_description": {}, "description": {}}
        self.photos: list[str] = []
        """The ids of the profile photo and of those before it, the latest first."""
        self.commands: dict[tuple[str, str], list[JSON]] = {}
        self.updates = Updates(self.log, self.now, 700_000_000 + number * 1_000_000, conflict_s)
        self.faults = Faults(seed)
        self.pacer = Pacer(Limits(), lambda: time.monotonic() + self.ahead_s)
        self._numbers = 10_000 + number * 1_000_000

    def now(self) -> float:
        """The time in epoch seconds."""
        return time.time() + self.ahead_s

    def next_number(self) -> int:
        """A number that was not given before."""
        self._numbers += 1
        return self._numbers

    def myself(self) -> JSON:
        """The bot as a User, in messages."""
        return {name: self.me[name] for name in ("id", "is_bot", "first_name", "username")}

    # --- finding -------------------------------------------------------------------------------------------

    def private(self, person: Person) -> Chat:
        """The chat of a person and the bot."""
        return self.chats.setdefault(str(person.id), Chat(person.id, "private"))

    def business(self, connection: Connection, customer_id: int) -> Chat:
        """The chat of a business account and its customer."""
        chat = Chat(customer_id, "private", connection=connection.id)
        return self.chats.setdefault(chat.name, chat)

    def visible(self, chat_id: str) -> Chat:
        """The chat that a bot names, if it may know of it. Raises ApiError."""
        chat = self.chats.get(chat_id)
        if chat is None and chat_id.isdigit() and int(chat_id) in self.people:
            chat = self.private(self.people[int(chat_id)])
        if chat is None:
            raise bad("chat not found" if chat_id else "chat_id is empty")
        if chat.moved_to:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, description, migrate_to_chat_id=chat.moved_to)
        if chat.type != "private" and chat.bot in ("left", "kicked"):
            how = "was kicked from" if chat.bot == "kicked" else "is not a member of"
            raise forbidden(f"bot {how} the {'group' if chat.type == 'group' else 'supergroup'} chat")
        return chat

    def writable(self, chat_id: str, connection_id: str = "") -> Chat:
        """The chat that a bot wants to write to, if it may. Raises ApiError."""
        if connection_id:
            return self._business_writable(chat_id, connection_id)
        chat = self.visible(chat_id)
        if chat.type == "private":
            person = self.people[chat.id]
            if person.deactivated:
                raise forbidden("user is deactivated")
            if person.blocked:
                raise forbidden("bot was blocked by the user")
            if not person.started:
                raise forbidden("bot can't initiate conversation with a user")
        return chat

    def _business_writable(self, chat_id: str, connection_id: str) -> Chat:
        connection = self.connections.get(connection_id)
        if connection is None:
            raise bad("business connection not found")
        chat = self.chats.get(f"{connection_id}:{chat_id}")
        if chat is None:
            raise bad("chat not found")
        if not connection.enabled or not connection.rights.get("can_reply"):
            raise bad("BUSINESS_CONNECTION_NOT_ALLOWED")
        if chat.active_at < self.now() - BUSINESS_DAY_S:
            raise bad("BUSINESS_PEER_USAGE_MISSING")
        return chat

    def may(self, chat: Chat, right: str) -> bool:
        """Whether the bot has a right in a group."""
        return chat.bot == "creator" or (chat.bot == "administrator" and right in chat.rights)

    # --- writing -------------------------------------------------------------------------------------------

    def put(
        self,
        chat: Chat,
        sender: JSON,
        content: JSON,
        *,
        topic: int | None = None,
        reply_to: int | None = None,
        mine: bool = False,
        made: Sequence[JSON] = (),
        more: Mapping[str, Any] | None = None,
        silent: bool = False,
    ) -> JSON:
        """A new message in a chat: `content` is its own part, `made` the entities that its sender made."""
        message_id = self._next_message(chat)
        body = {
            "message_id": message_id,
            **({"from": sender} if sender else {}),
            "chat": self.chat_of(chat),
            "date": int(self.now()),
            **self._place(chat, topic, reply_to),
            **({"business_connection_id": chat.connection} if chat.connection else {}),
            **content,
            **(more or {}),
        }
        chat.messages[message_id] = Message(body, mine)
        self.log.note(
            "shown",
            chat=chat.name,
            id=message_id,
            by="bot" if mine else str(sender.get("id", "")),
            topic=topic,
            reply_to=reply_to,
            silent=silent,
            group=body.get("media_group_id", ""),
            **told_of(body, made),
        )
        return body

    def change(self, chat: Chat, message: Message, content: JSON, made: Sequence[JSON]) -> JSON:
        """Another content for a message. A caption or keyboard that is not given any more is gone."""
        for name in ("text", "entities", "caption", "caption_entities", "reply_markup"):
            message.body.pop(name, None)
        message.body |= {**content, "edit_date": int(self.now())}
        told = told_of(message.body, made)
        told.pop("kind"), told.pop("files")
        self.log.note("edited", chat=chat.name, id=message.body["message_id"], **told)
        return message.body

    def remove(self, chat: Chat, message_id: int) -> None:
        """A message is gone."""
        del chat.messages[message_id]
        self.log.note("deleted", chat=chat.name, id=message_id)

    def react(self, chat: Chat, message_id: int, by: str, emoji: str) -> None:
        """Somebody puts a mark at a message, or takes it away."""
        self.log.note("reacted", chat=chat.name, id=message_id, by=by, emoji=emoji)

    def make_topic(self, chat: Chat, sender: JSON, name: str, colour: int, mine: bool) -> tuple[Topic, JSON]:
        """A new topic, and the message that tells of it."""
        about = {"forum_topic_created": {"name": name, "icon_color": colour}}
        body = self.put(chat, sender, about, mine=mine)
        topic = Topic(body["message_id"], name, colour, by_bot=mine)
        chat.topics[topic.id] = topic
        body |= {"message_thread_id": topic.id, "is_topic_message": True}
        self.note_topic(chat, topic, "made")
        return topic, body

    def note_topic(self, chat: Chat, topic: Topic, done: str) -> None:
        """Tell the ledger what was done with a topic: made, named, closed, reopened or deleted."""
        self.log.note("topic", chat=chat.name, topic=topic.id, done=done, name=topic.name)

    def _next_message(self, chat: Chat) -> int:
        """Supergroups count their own messages, all other chats of an account count together."""
        if chat.type == "supergroup":
            chat.last_message += 1
            return chat.last_message
        return self.next_number()

    def _place(self, chat: Chat, topic: int | None, reply_to: int | None) -> JSON:
        """In a topic every message that replies to none replies to the one that made the topic; in supergroups
        without topics, replies have the root of their chain as a thread."""
        place: JSON = {}
        if topic is not None:
            place = {"message_thread_id": topic, "is_topic_message": True}
        replied = chat.messages.get(reply_to if reply_to is not None else topic or 0)
        if replied is not None:
            place["reply_to_message"] = {k: v for k, v in replied.body.items() if k != "reply_to_message"}
            if topic is None and chat.type == "supergroup":
                root = replied.body.get("message_thread_id", replied.body["message_id"])
                place["message_thread_id"] = root
        return place

    # --- as the vendor writes it ---------------------------------------------------------------------------

    def chat_of(self, chat: Chat) -> JSON:
        """As a Chat."""
        if chat.type == "private":
            user = self.people[chat.id].user()
            names = {k: v for k, v in user.items() if k in ("first_name", "last_name", "username")}
            return {"id": chat.id, "type": "private", **names}
        forum = {"is_forum": True} if chat.forum else {}
        return {"id": chat.id, "title": chat.title, "type": chat.type, **forum}

    def member_of(self, chat: Chat, user_id: int) -> JSON:
        """As a ChatMember. Raises ApiError."""
        if user_id == self.me["id"]:
            user, status, rights = self.myself(), chat.bot, chat.rights
        elif user_id in self.people:
            user, status = self.people[user_id].user(), chat.members.get(user_id, "left")
            rights = set(ADMIN_RIGHTS)
        else:
            raise bad("user not found")
        return member(user, status, rights)

    def connection_of(self, connection: Connection) -> JSON:
        """As a BusinessConnection."""
        return {
            "id": connection.id,
            "user": connection.owner.user(),
            "user_chat_id": connection.owner.id,
            "date": int(self.now()),
            "is_enabled": connection.enabled,
            "rights": {name: True for name, given in connection.rights.items() if given},
        }
