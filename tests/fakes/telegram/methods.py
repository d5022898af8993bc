"""What a bot may call to write, change and delete messages, with or without files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fakes.telegram import media, words
from tests.fakes.telegram.errors import bad
from tests.fakes.telegram.ledger import JSON
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.things import Chat, File, Message
from tests.fakes.telegram.world import World

TEXT_UNITS, CAPTION_UNITS, DATA_BYTES, TOAST_CHARS = 4096, 1024, 64, 200
QUERY_LIFE_S = 60.0
DELETE_LIFE_S = 48 * 3600
GENERAL_TOPIC = 1
_ACTIONS = """
typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker find_location
record_video_note upload_video_note
"""
_REACTIONS = """
👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈
😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡
"""
ACTIONS, REACTIONS = frozenset(_ACTIONS.split()), frozenset(_REACTIONS.split())
ALBUMS = ({"photo", "video"}, {"document"}, {"audio"})

Method = Callable[[World, Params], Any]


# --- what all that write need ------------------------------------------------------------------------------


def chat_of(world: World, params: Params) -> Chat:
    """The chat that is to be written to."""
    return world.writable(params.text("chat_id"), params.text("business_connection_id"))


def text_of(params: Params, name: str, most: int) -> tuple[JSON, list[JSON]]:
    """The part of a message that holds its text or caption, and the entities that the bot made."""
    marks = "entities" if name == "text" else "caption_entities"
    try:
        shown, made = words.read(params.text(name), params.text("parse_mode"), params.objects(marks))
    except words.Unparsable as error:
        raise bad(f"can't parse entities: {error}") from None
    if name == "text" and not shown:
        raise bad("message text is empty")
    if words.units(shown) > most:
        raise bad("message is too long" if name == "text" else "message caption is too long")
    entities = sorted([*made, *words.found(shown)], key=lambda entity: int(entity["offset"]))
    part: JSON = {name: shown} if shown else {}
    return (part | {marks: entities} if entities else part), made


def keyboard_of(params: Params) -> JSON:
    """The buttons under a message."""
    markup = params.object("reply_markup")
    for row in markup.get("inline_keyboard", []):
        for button in row:
            data = button.get("callback_data")
            if not button.get("text"):
                raise bad("inline keyboard button text must be non-empty")
            if data is None and "url" not in button and "copy_text" not in button:
                raise bad("text buttons are unallowed in the inline keyboard")
            if data is not None and not 1 <= len(data.encode()) <= DATA_BYTES:
                raise bad("BUTTON_DATA_INVALID")
    return {"reply_markup": markup} if markup.get("inline_keyboard") else {}


def topic_and_reply(world: World, chat: Chat, params: Params) -> tuple[int | None, int | None]:
    """Where in the chat it goes. A reply goes where the message is that it replies to."""
    topic = params.number("message_thread_id") or None
    reply = params.object("reply_parameters")
    reply_to = reply.get("message_id")
    if topic is not None:
        topic = _topic(world, chat, topic)
    if reply_to is not None and reply_to not in chat.messages:
        if not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
        reply_to = None
    if reply_to is not None and topic is None and chat.forum:
        replied = chat.messages[reply_to].body
        topic = replied.get("message_thread_id") if replied.get("is_topic_message") else None
    return topic, reply_to


def _topic(world: World, chat: Chat, number: int) -> int | None:
    if not chat.forum and chat.type != "private":
        return None
    topic = chat.topics.get(number)
    if topic is None or topic.deleted or number == GENERAL_TOPIC:
        raise bad("message thread not found")
    if not topic.open and not (topic.by_bot or world.may(chat, "can_manage_topics")):
        raise bad("TOPIC_CLOSED")
    return number


def put(world: World, params: Params, part: JSON, made: list[JSON]) -> JSON:
    """A new message of the bot's."""
    chat = chat_of(world, params)
    topic, reply_to = topic_and_reply(world, chat, params)
    part = part | keyboard_of(params)
    sender, more = world.myself(), {}
    if chat.connection:
        sender = world.connections[chat.connection].owner.user()
        more = {"sender_business_bot": world.myself()}
    silent = params.flag("disable_notification")
    place = {"topic": topic, "reply_to": reply_to}
    return world.put(chat, sender, part, **place, mine=True, made=made, more=more, silent=silent)


# --- writing -----------------------------------------------------------------------------------------------


def send_message(world: World, params: Params) -> JSON:
    """Text."""
    chat_of(world, params)
    part, made = text_of(params, "text", TEXT_UNITS)
    return put(world, params, part, made)


def _send(kind: str) -> Method:
    def send(world: World, params: Params) -> JSON:
        chat_of(world, params)
        caption, made = text_of(params, "caption", CAPTION_UNITS)
        part = media.written(_file(world, params, kind, kind, params.text(kind)), params.text("emoji"))
        return put(world, params, part | caption, made)

    return send


def _file(world: World, params: Params, kind: str, field: str, value: str) -> File:
    upload = params.attached(value) or params.files.get(field)
    if upload is not None:
        return media.uploaded(world, kind, upload.content, upload.name, upload.mime)
    if not value:
        raise bad(f"there is no {kind} in the request")
    return media.known(world, kind, value)


def send_location(world: World, params: Params) -> JSON:
    """A point on the map."""
    point = {"latitude": float(params.text("latitude")), "longitude": float(params.text("longitude"))}
    return put(world, params, {"location": point}, [])


def send_media_group(world: World, params: Params) -> list[JSON]:
    """Two to ten files as one."""
    chat_of(world, params)
    items = params.objects("media")
    if not 2 <= len(items) <= 10:
        raise bad("expected 2-10 items in the album" if items else "there are no messages to send")
    kinds = {item.get("type", "") for item in items}
    if not any(kinds <= album for album in ALBUMS):
        raise bad("can't use the media of the specified type in the album")
    parts = []
    for item in items:
        caption, made = text_of(Params(item), "caption", CAPTION_UNITS)
        file = _file(world, params, item["type"], "", item.get("media", ""))
        parts.append((media.written(file) | caption, made))
    group = {"media_group_id": str(world.next_number())}
    return [put(world, params, part | group, made) for part, made in parts]


def copy_message(world: World, params: Params) -> JSON:
    """The same again, without a word of where it is from."""
    source = _source(world, params, "message to copy not found")
    part = {k: v for k, v in source.body.items() if k in _CONTENT}
    return {"message_id": put(world, params, part, [])["message_id"]}


def forward_message(world: World, params: Params) -> JSON:
    """The same again, with its origin."""
    source = _source(world, params, "message to forward not found")
    part = {k: v for k, v in source.body.items() if k in _CONTENT}
    origin = {"type": "user", "sender_user": source.body["from"], "date": source.body["date"]}
    return put(world, params, part | {"forward_origin": origin}, [])


_CONTENT = ("text", "entities", "caption", "caption_entities", "location", *media.KINDS)


def _source(world: World, params: Params, otherwise: str) -> Message:
    source = world.visible(params.text("from_chat_id")).messages.get(params.number("message_id"))
    if source is None:
        raise bad(otherwise)
    return source


# --- changing ----------------------------------------------------------------------------------------------


def _mine(world: World, params: Params) -> tuple[Chat, Message]:
    chat = chat_of(world, params)
    message = chat.messages.get(params.number("message_id"))
    if message is None:
        raise bad("message to edit not found")
    if not message.mine:
        raise bad("message can't be edited")
    return chat, message


def _change(world: World, chat: Chat, message: Message, part: JSON, made: list[JSON]) -> JSON:
    names = ("text", "entities", "caption", "caption_entities", "reply_markup")
    if {k: v for k, v in message.body.items() if k in names} == part:
        same = "specified new message content and reply markup are exactly the same as a current content"
        raise bad(f"message is not modified: {same} and reply markup of the message")
    return world.change(chat, message, part, made)


def edit_message_text(world: World, params: Params) -> JSON:
    """Another text; buttons that are not given again are gone."""
    chat, message = _mine(world, params)
    part, made = text_of(params, "text", TEXT_UNITS)
    if "text" not in message.body:
        raise bad("there is no text in the message to edit")
    return _change(world, chat, message, part | keyboard_of(params), made)


def edit_message_caption(world: World, params: Params) -> JSON:
    """Another caption."""
    chat, message = _mine(world, params)
    part, made = text_of(params, "caption", CAPTION_UNITS)
    if "text" in message.body:
        raise bad("there is no caption in the message to edit")
    return _change(world, chat, message, part | keyboard_of(params), made)


def edit_message_reply_markup(world: World, params: Params) -> JSON:
    """Other buttons, or none."""
    chat, message = _mine(world, params)
    names = ("text", "entities", "caption", "caption_entities")
    part = {k: v for k, v in message.body.items() if k in names}
    return _change(world, chat, message, part | keyboard_of(params), [])


def delete_message(world: World, params: Params) -> bool:
    """Delete a message."""
    chat = world.visible(params.text("chat_id"))
    message = chat.messages.get(params.number("message_id"))
    if message is None:
        raise bad("message to delete not found")
    too_old = message.body["date"] < world.now() - DELETE_LIFE_S
    privileged = world.may(chat, "can_delete_messages")
    others = not message.mine and chat.type != "private"
    if (too_old or others) and not privileged:
        raise bad("message can't be deleted")
    world.remove(chat, message.body["message_id"])
    return True


def delete_business_messages(world: World, params: Params) -> bool:
    """Delete messages in a business account."""
    connection = world.connections.get(params.text("business_connection_id"))
    numbers = params.numbers("message_ids")
    if connection is None:
        raise bad("business connection not found")
    if not connection.rights.get("can_delete_sent_messages"):
        raise bad("BUSINESS_CONNECTION_NOT_ALLOWED")
    chats = [chat for chat in world.chats.values() if chat.connection == connection.id]
    for chat in chats:
        for number in numbers:
            if number in chat.messages:
                world.remove(chat, number)
    return True


def set_message_reaction(world: World, params: Params) -> bool:
    """A bot's mark at a message: one, or none."""
    chat = world.writable(params.text("chat_id"))
    number = params.number("message_id")
    marks = params.objects("reaction")
    if number not in chat.messages:
        raise bad("message to react not found")
    if len(marks) > 1:
        raise bad("REACTIONS_TOO_MANY")
    emoji = "".join(mark.get("emoji", "") for mark in marks)
    if marks and emoji not in REACTIONS:
        raise bad("REACTION_INVALID")
    world.react(chat, number, "bot", emoji)
    return True


def answer_callback_query(world: World, params: Params) -> bool:
    """What somebody is shown who pressed a button."""
    query_id, text = params.text("callback_query_id"), params.text("text")
    query = world.queries.get(query_id)
    if query is None or query.born < world.now() - QUERY_LIFE_S:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if len(text) > TOAST_CHARS:
        raise bad("MESSAGE_TOO_LONG")
    world.log.note("answered", query=query_id, text=text, alert=params.flag("show_alert"))
    return True


def send_chat_action(world: World, params: Params) -> bool:
    """Show what the bot is doing."""
    chat = chat_of(world, params)
    action = params.text("action")
    if action not in ACTIONS:
        raise bad("wrong parameter action in request")
    world.log.note("action", chat=chat.name, action=action)
    return True


METHODS: dict[str, Method] = {
    one.__name__.replace("_", ""): one
    for one in (
        send_message,
        send_location,
        send_media_group,
        copy_message,
        forward_message,
        edit_message_text,
        edit_message_caption,
        edit_message_reply_markup,
        delete_message,
        delete_business_messages,
        set_message_reaction,
        answer_callback_query,
        send_chat_action,
    )
} | {f"send{kind.replace('_', '')}": _send(kind) for kind in media.KINDS}
