"""What a bot may call about chats and members, topics, lists of commands, its profile, files and updates."""

from __future__ import annotations

import hashlib
import re

from tests.fakes.telegram import media, words
from tests.fakes.telegram.errors import bad
from tests.fakes.telegram.ledger import JSON
from tests.fakes.telegram.methods import Method
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.things import Chat, Topic
from tests.fakes.telegram.updates import Hook
from tests.fakes.telegram.world import World

TOPIC_NAME_CHARS, COMMANDS, SUMMARY_CHARS = 128, 100, 256
COLOURS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
PROFILE_CHARS = {"short_description": 120, "description": 512}
SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")


# --- chats -------------------------------------------------------------------------------------------------


def get_me(world: World, params: Params) -> JSON:
    """The bot."""
    return world.me


def get_chat(world: World, params: Params) -> JSON:
    """All about a chat."""
    chat = world.visible(params.text("chat_id"))
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    more = {
        "accent_color_id": 1,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }
    return world.chat_of(chat) | more


def get_chat_member(world: World, params: Params) -> JSON:
    """One member."""
    return world.member_of(world.visible(params.text("chat_id")), params.number("user_id"))


def get_chat_administrators(world: World, params: Params) -> list[JSON]:
    """Those who administrate a group."""
    chat = world.visible(params.text("chat_id"))
    if chat.type == "private":
        raise bad("there are no administrators in the private chat")
    statuses = {**chat.members, world.me["id"]: chat.bot}
    admins = [who for who, status in statuses.items() if status in ("creator", "administrator")]
    return [world.member_of(chat, who) for who in admins]


def get_business_connection(world: World, params: Params) -> JSON:
    """A business account that the bot serves."""
    connection = world.connections.get(params.text("business_connection_id"))
    if connection is None:
        raise bad("business connection not found")
    return world.connection_of(connection)


# --- topics ------------------------------------------------------------------------------------------------


def _forum(world: World, params: Params) -> Chat:
    chat = world.writable(params.text("chat_id"))
    if chat.type != "supergroup" or not chat.forum:
        raise bad("the chat is not a forum")
    return chat


def _topic(world: World, params: Params) -> tuple[Chat, Topic]:
    chat = _forum(world, params)
    topic = chat.topics.get(params.number("message_thread_id"))
    if topic is None or topic.deleted:
        raise bad("TOPIC_ID_INVALID")
    if not topic.by_bot and not world.may(chat, "can_manage_topics"):
        raise bad("not enough rights to manage topics")
    return chat, topic


def create_forum_topic(world: World, params: Params) -> JSON:
    """A new topic."""
    chat = _forum(world, params)
    name, colour = words.cleaned(params.text("name")), params.number("icon_color", COLOURS[0])
    if not world.may(chat, "can_manage_topics"):
        raise bad("not enough rights to create a topic")
    if not 1 <= words.units(name) <= TOPIC_NAME_CHARS:
        raise bad("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
    if colour not in COLOURS:
        raise bad("invalid topic icon color specified")
    topic, _ = world.make_topic(chat, world.myself(), name, colour, mine=True)
    return {"message_thread_id": topic.id, "name": name, "icon_color": colour}


def edit_forum_topic(world: World, params: Params) -> bool:
    """Another name."""
    chat, topic = _topic(world, params)
    name = words.cleaned(params.text("name"))
    if words.units(name) > TOPIC_NAME_CHARS:
        raise bad("topic name is too long")
    if name in ("", topic.name):
        raise bad("TOPIC_NOT_MODIFIED")
    topic.name = name
    world.put(chat, world.myself(), {"forum_topic_edited": {"name": name}}, topic=topic.id, mine=True)
    world.note_topic(chat, topic, "named")
    return True


def close_forum_topic(world: World, params: Params) -> bool:
    """Only administrators may write there from now on."""
    return _open(world, params, False)


def reopen_forum_topic(world: World, params: Params) -> bool:
    """All may write there again."""
    return _open(world, params, True)


def _open(world: World, params: Params, wanted: bool) -> bool:
    chat, topic = _topic(world, params)
    if topic.open is wanted:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.open = wanted
    about: JSON = {"forum_topic_reopened" if wanted else "forum_topic_closed": {}}
    world.put(chat, world.myself(), about, topic=topic.id, mine=True)
    world.note_topic(chat, topic, "reopened" if wanted else "closed")
    return True


def delete_forum_topic(world: World, params: Params) -> bool:
    """A topic is gone, with all in it."""
    chat, topic = _topic(world, params)
    topic.deleted = True
    for number in [n for n, one in chat.messages.items() if one.body.get("message_thread_id") == topic.id]:
        world.remove(chat, number)
    world.note_topic(chat, topic, "deleted")
    return True


# --- commands and profile ----------------------------------------------------------------------------------


def _scope(world: World, params: Params) -> tuple[str, str]:
    scope, language = params.object("scope") or {"type": "default"}, params.text("language_code")
    if language and not re.fullmatch("[a-z]{2}", language):
        raise bad("invalid language code specified")
    kind = scope.get("type", "")
    if kind in SCOPES:
        return kind, language
    if kind not in ("chat", "chat_administrators", "chat_member"):
        raise bad("can't parse BotCommandScope: unsupported type specified")
    return f"{kind}:{world.visible(str(scope.get('chat_id', ''))).id}", language


def set_my_commands(world: World, params: Params) -> bool:
    """The list of commands that people of a language see in some chats."""
    key, commands = _scope(world, params), params.objects("commands")
    if len(commands) > COMMANDS:
        raise bad("too many commands specified")
    for command in commands:
        if not re.fullmatch("[a-z0-9_]{1,32}", command.get("command", "")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(command.get("description", "")) <= SUMMARY_CHARS:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[key] = commands
    world.log.note("commands", scope=key[0], language=key[1], commands=commands)
    return True


def get_my_commands(world: World, params: Params) -> list[JSON]:
    """That list, of exactly this scope and language."""
    return world.commands.get(_scope(world, params), [])


def delete_my_commands(world: World, params: Params) -> bool:
    """Take that list away."""
    key = _scope(world, params)
    world.commands.pop(key, None)
    world.log.note("commands", scope=key[0], language=key[1], commands=[])
    return True


def _set_words(name: str) -> Method:
    def set_words(world: World, params: Params) -> bool:
        text, language = params.text(name), params.text("language_code")
        if len(text) > PROFILE_CHARS[name]:
            raise bad(f"bot {name.replace('_', ' ')} is too long")
        world.profile[name][language] = text
        world.log.note("profile", name=name, language=language, value=text)
        return True

    return set_words


def _get_words(name: str) -> Method:
    def get_words(world: World, params: Params) -> JSON:
        return {name: world.profile[name].get(params.text("language_code"), "")}

    return get_words


def set_my_profile_photo(world: World, params: Params) -> bool:
    """Another picture: a JPEG."""
    photo = params.object("photo")
    upload = params.attached(str(photo.get("photo", "")))
    if photo.get("type") != "static" or upload is None:
        raise bad("profile photo must be uploaded")
    if not upload.content.startswith(media.PICTURES[0]):
        raise bad("PHOTO_INVALID")
    kept = media.keep(world, "photo", upload.content, len(upload.content), "", "image/jpeg")
    world.photos.insert(0, kept.id)
    return _note_photo(world)


def remove_my_profile_photo(world: World, params: Params) -> bool:
    """Take the picture away. What comes to light is not told; with people it is the one before."""
    del world.photos[:1]
    return _note_photo(world)


def _note_photo(world: World) -> bool:
    content = world.files[world.photos[0]].content if world.photos else None
    value = hashlib.sha256(content).hexdigest() if content is not None else ""
    world.log.note("profile", name="photo", language="", value=value)
    return True


def get_user_profile_photos(world: World, params: Params) -> JSON:
    """The pictures of somebody, the latest first."""
    mine = world.photos if params.number("user_id") == world.me["id"] else []
    first = params.number("offset")
    chosen = mine[first : first + min(max(params.number("limit", 100), 1), 100)]
    photos = [media.written(world.files[one])["photo"] for one in chosen]
    return {"total_count": len(mine), "photos": photos}


# --- files and updates -------------------------------------------------------------------------------------


def get_file(world: World, params: Params) -> JSON:
    """Where a file can be fetched."""
    return media.described(world, params.text("file_id"))


def set_webhook(world: World, params: Params) -> bool:
    """Push updates from now on."""
    url, secret = params.text("url"), params.text("secret_token")
    if not re.fullmatch("[A-Za-z0-9_-]{0,256}", secret):
        raise bad("secret token contains unallowed characters")
    if "allowed_updates" in params.given:
        world.updates.allowed = params.strings("allowed_updates")
    connections = min(max(params.number("max_connections", 40), 1), 100)
    hook = Hook(url, secret, connections) if url else None
    world.updates.set_hook(hook, params.flag("drop_pending_updates"))
    return True


def delete_webhook(world: World, params: Params) -> bool:
    """Keep updates until they are asked for."""
    world.updates.set_hook(None, params.flag("drop_pending_updates"))
    return True


def get_webhook_info(world: World, params: Params) -> JSON:
    """Where updates are pushed, and how that goes."""
    hook = world.updates.hook
    info: JSON = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": world.updates.pending,
    }
    if hook is not None:
        info |= {"max_connections": hook.max_connections, "allowed_updates": world.updates.allowed}
        if hook.error:
            info |= {"last_error_date": int(hook.error_at), "last_error_message": hook.error}
    return info


METHODS: dict[str, Method] = {
    one.__name__.replace("_", ""): one
    for one in (
        get_me,
        get_chat,
        get_chat_member,
        get_chat_administrators,
        get_business_connection,
        create_forum_topic,
        edit_forum_topic,
        close_forum_topic,
        reopen_forum_topic,
        delete_forum_topic,
        set_my_commands,
        get_my_commands,
        delete_my_commands,
        set_my_profile_photo,
        remove_my_profile_photo,
        get_user_profile_photos,
        get_file,
        set_webhook,
        delete_webhook,
        get_webhook_info,
    )
} | {
    "setmyshortdescription": _set_words("short_description"),
    "getmyshortdescription": _get_words("short_description"),
    "setmydescription": _set_words("description"),
    "getmydescription": _get_words("description"),
}
