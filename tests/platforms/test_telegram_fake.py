"""The wire fake behaves as the vendor documents, seen through python-telegram-bot and through plain HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    InputProfilePhotoStatic,
    ReplyParameters,
)
from telegram.constants import ReactionEmoji
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from tests.fakes.telegram.client import JPEG, TOKEN, TelegramFake, TelegramProcess, telegram_process
from tests.fakes.telegram.ledger import Counts, Ledger, all_counts, counts
from tests.fakes.telegram.methods import REACTIONS
from tests.fakes.telegram.words import units
from tests.waiting import WITHIN_S


@pytest.fixture(autouse=True)
def new_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library warns of the number that it gives else for the seconds of a 429."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture(scope="module")
def process() -> Iterator[TelegramProcess]:
    with telegram_process() as started:
        yield started


@pytest.fixture
async def fake(process: TelegramProcess) -> AsyncIterator[TelegramFake]:
    async with process.bot() as telegram:
        yield telegram


@asynccontextmanager
async def library(fake: TelegramFake, token: str = TOKEN) -> AsyncIterator[Bot]:
    """The library's bot. Without `initialize`, which calls getMe: tests with a wrong token need one too."""
    bot = Bot(token, base_url=f"{fake.api}/bot", base_file_url=f"{fake.api}/file/bot")
    try:
        yield bot
    finally:
        for request in bot._request:
            await request.shutdown()


@pytest.fixture
async def bot(fake: TelegramFake) -> AsyncIterator[Bot]:
    async with library(fake) as made:
        yield made


# --- updates -----------------------------------------------------------------------------------------------


async def test_an_offset_confirms_and_forgets(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.person("Aino", last_name="Aalto", language="fi")
    for text in ("one", "two", "three"):
        await fake.says(aino, text)
    first = await bot.get_updates(limit=2)
    assert [one.message.text for one in first if one.message] == ["one", "two"]
    assert first[0].message is not None
    assert first[0].message.from_user is not None
    assert first[0].message.from_user.full_name == "Aino Aalto"
    # Who asks the same at once is given one only.
    again = await bot.get_updates()
    assert [one.update_id for one in again] == [first[0].update_id]
    rest = await bot.get_updates(offset=first[-1].update_id + 1)
    assert [one.message.text for one in rest if one.message] == ["three"]
    assert [one.update_id for one in await bot.get_updates()] == [rest[0].update_id]
    ledger = await fake.read()
    assert ledger.delivered[first[0].update_id] == 2
    assert ledger.confirmed == {one.update_id for one in first}


async def test_a_long_poll_ends_when_something_happens(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.person("Aino")
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await fake.until(lambda ledger: ledger.calls["getupdates"], "a poll")
    await fake.says(aino, "hello")
    assert len(await asyncio.wait_for(poll, WITHIN_S)) == 1


async def test_a_second_poller_ends_the_first(fake: TelegramFake, bot: Bot) -> None:
    async with library(fake) as other:
        first = asyncio.create_task(bot.get_updates(timeout=20))
        await fake.until(lambda ledger: ledger.calls["getupdates"], "a poll")
        second = asyncio.create_task(other.get_updates(timeout=20))
        with pytest.raises(Conflict, match="terminated by other getUpdates"):
            await first
        await fake.says(await fake.person("Aino"), "hello")
        assert len(await second) == 1


async def test_updates_die_after_a_day(fake: TelegramFake, bot: Bot) -> None:
    await fake.says(await fake.person("Aino"), "hello")
    await fake.later(86_401)
    assert await bot.get_updates() == ()


async def test_reactions_come_only_when_they_are_asked_for(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.person("Aino")
    message = await fake.says(aino, "hello")
    await fake.reacts(aino, message, "👍")
    updates = await bot.get_updates(allowed_updates=["message_reaction"])
    assert len(updates) == 1
    await fake.reacts(aino, message, "❤")
    (reaction,) = await bot.get_updates(offset=updates[-1].update_id + 1)
    assert reaction.message_reaction is not None


# --- webhook -----------------------------------------------------------------------------------------------


async def test_a_webhook_is_tried_until_it_takes_the_update(fake: TelegramFake, bot: Bot) -> None:
    got: list[tuple[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        update = await request.json()
        got.append((request.headers["X-Telegram-Bot-Api-Secret-Token"], update["message"]["text"]))
        if len(got) == 1:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return web.Response(status=500 if len(got) == 2 else 200)

    async with listening(take) as url:
        assert await bot.set_webhook(url, secret_token="s-1")
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates()
        aino = await fake.person("Aino")
        await fake.says(aino, "one")
        await fake.says(aino, "two")
        ledger = await fake.until(lambda ledger: len(ledger.confirmed) == 2, "both taken")
    assert got == [("s-1", "one")] * 3 + [("s-1", "two")]
    assert [one["status"] for one in ledger.pushed] == [503, 500, 200, 200]
    assert ledger.pushed[1]["at"] - ledger.pushed[0]["at"] >= 1.0
    assert (await bot.get_webhook_info()).last_error_message
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


@asynccontextmanager
async def listening(take: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


# --- who may, and how it is refused ------------------------------------------------------------------------


async def test_an_unknown_token_and_an_unknown_method_are_refused(fake: TelegramFake, bot: Bot) -> None:
    async with library(fake, "99:other") as other:
        with pytest.raises(InvalidToken):
            await other.get_me()
    assert (await bot.get_me()).is_bot
    async with ClientSession() as http, http.post(f"{fake.api}/bot{TOKEN}/sendNothing") as answer:
        assert (answer.status, await answer.json()) == (
            404,
            {"ok": False, "error_code": 404, "description": "Not Found"},
        )


async def test_people_who_cannot_be_written_to(fake: TelegramFake, bot: Bot) -> None:
    aino, stranger = await fake.customer("Aino"), await fake.person("Stranger")
    with pytest.raises(Forbidden, match="initiate"):
        await bot.send_message(stranger, "hello")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(17, "hello")
    await fake.blocks(aino)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(aino, "hello")
    (update,) = await bot.get_updates()
    assert update.my_chat_member is not None
    assert update.my_chat_member.new_chat_member.status == "kicked"
    await fake.blocks(aino, False)
    assert await bot.send_message(aino, "hello")
    assert [one["code"] for one in (await fake.read()).refused] == [403, 400, 403]


async def test_a_group_that_moved_tells_where(fake: TelegramFake, bot: Bot) -> None:
    old = await fake.group("Team", basic=True)
    new = await fake.migrates(old)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(old, "hello")
    assert moved.value.new_chat_id == new
    assert await bot.send_message(new, "hello")


# --- texts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mode", "shown", "made"),
    [
        ("see https://a.example/x, ask @acme /help", None, None, []),
        ("<b>bold</b> &lt;x&gt;", "HTML", "bold <x>", [("bold", 0, 4)]),
        ("😀 *bold* a\\.b", "MarkdownV2", "😀 bold a.b", [("bold", 3, 4)]),
        ("[here](https://a.example/)", "MarkdownV2", "here", [("text_link", 0, 4)]),
    ],
)
async def test_the_ledger_tells_made_entities_from_found_ones(
    fake: TelegramFake, bot: Bot, text: str, mode: str | None, shown: str | None, made: list[object]
) -> None:
    aino = await fake.customer("Aino")
    await bot.send_message(aino, text, parse_mode=mode)
    (message,) = (await fake.read()).shown(aino)
    assert message.text == (shown or text)
    assert [(one["type"], one["offset"], one["length"]) for one in message.entities] == made
    assert [one["type"] for one in message.found] == ([] if shown else ["url", "mention", "bot_command"])


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("a.b", "MarkdownV2", "reserved"),
        ("*bold", "MarkdownV2", "parse entities"),
        ("<b>x</i>", "HTML", "parse entities"),
        ("1 < 2", "HTML", "parse entities"),
        ("<blink>x</blink>", "HTML", "nsupported start tag"),
        (" \n", None, "text is empty"),
        ("😀" * 2049, None, "too long"),
    ],
)
async def test_texts_that_are_refused(
    fake: TelegramFake, bot: Bot, text: str, mode: str | None, reason: str
) -> None:
    with pytest.raises(BadRequest, match=reason):
        await bot.send_message(await fake.customer("Aino"), text, parse_mode=mode)


async def test_the_longest_text_counts_in_utf16(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.customer("Aino")
    await bot.send_message(aino, "😀" * 2048)
    assert units((await fake.read()).texts(aino)[0]) == 4096


async def test_messages_are_changed_and_deleted(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.customer("Aino")
    sent = await bot.send_message(aino, "one")
    await bot.edit_message_text("two", aino, sent.message_id)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("two", aino, sent.message_id)
    (message,) = (await fake.read()).shown(aino)
    assert (message.text, message.earlier) == ("two", ["one"])
    await bot.delete_message(aino, sent.message_id)
    assert (await fake.read()).shown(aino) == []
    with pytest.raises(BadRequest, match="to edit not found"):
        await bot.edit_message_text("three", aino, sent.message_id)


# --- the agents' group -------------------------------------------------------------------------------------


async def test_topics(fake: TelegramFake, bot: Bot) -> None:
    ben = await fake.person("Ben")
    chat = await fake.group("Desk", [ben])
    topic = (await bot.create_forum_topic(chat, "K7Q2M4")).message_thread_id
    await bot.send_message(chat, "card", message_thread_id=topic)
    spoken = await fake.says(ben, "on it", chat=chat, topic=topic)
    (update,) = await bot.get_updates()
    message = update.message
    assert message is not None
    assert (message.is_topic_message, message.message_thread_id) == (True, topic)
    # The vendor names the message that made the topic as the one that is replied to.
    assert message.reply_to_message is not None
    assert message.reply_to_message.message_id == topic
    replied = await bot.send_message(chat, "yes", reply_parameters=ReplyParameters(spoken))
    assert replied.message_thread_id == topic
    await bot.edit_forum_topic(chat, topic, name="K7Q2M4 done")
    await bot.close_forum_topic(chat, topic)
    with pytest.raises(BadRequest, match=r"(?i)topic_not_modified"):
        await bot.close_forum_topic(chat, topic)
    await fake.deletes_topic(chat, topic)
    with pytest.raises(BadRequest, match="thread not found"):
        await bot.send_message(chat, "more", message_thread_id=topic)
    ledger = await fake.read()
    assert ledger.kept(chat) == []
    assert ledger.topics[str(chat)][topic].names == ["K7Q2M4", "K7Q2M4 done"]


async def test_a_topic_needs_the_right_to_make_it(fake: TelegramFake, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="ot enough rights"):
        await bot.create_forum_topic(await fake.group("Desk", rights=["can_delete_messages"]), "x")
    with pytest.raises(BadRequest, match="not a forum"):
        await bot.create_forum_topic(await fake.group("Desk", forum=False), "x")


async def test_who_is_no_administrator_sees_commands_and_replies_only(fake: TelegramFake, bot: Bot) -> None:
    ben = await fake.person("Ben")
    chat = await fake.group("Desk", [ben], bot="member", forum=False)
    card = await bot.send_message(chat, "card")
    for text, reply_to in (("chat", None), ("/next", None), ("answer", card.message_id)):
        await fake.says(ben, text, chat=chat, reply_to=reply_to)
    updates = await bot.get_updates()
    assert [one.message.text for one in updates if one.message] == ["/next", "answer"]
    assert (await bot.get_chat_member(chat, fake.bot_id)).status == "member"
    assert (await bot.get_chat(chat)).is_forum is None


async def test_buttons(fake: TelegramFake, bot: Bot) -> None:
    ben = await fake.person("Ben")
    chat = await fake.group("Desk", [ben])
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Claim", callback_data="claim K7Q2M4")]])
    card = await bot.send_message(chat, "card", reply_markup=markup)
    query = await fake.presses(ben, card.message_id, "claim K7Q2M4", chat)
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    assert (update.callback_query.id, update.callback_query.data) == (query, "claim K7Q2M4")
    await bot.answer_callback_query(query, "yours")
    assert (await fake.read()).answers[query]["text"] == "yours"
    await fake.later(61)
    with pytest.raises(BadRequest, match="too old"):
        await bot.answer_callback_query(query, "yours")
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Claim", callback_data="x" * 65)]])
    with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
        await bot.send_message(chat, "card", reply_markup=markup)


async def test_reactions_of_the_bot(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.person("Aino")
    message = await fake.says(aino, "hello")
    await bot.set_message_reaction(aino, message, "👍")
    (shown,) = (await fake.read()).shown(aino, by=str(aino))
    assert shown.reactions == {"bot": "👍"}
    with pytest.raises(BadRequest, match=r"(?i)reaction_invalid"):
        await bot.set_message_reaction(aino, message, "✅")
    # The library writes some with a sign that makes them colourful.
    assert {emoji.value.replace("\ufe0f", "") for emoji in ReactionEmoji} == REACTIONS


# --- files -------------------------------------------------------------------------------------------------


async def test_files_both_ways(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.person("Aino")
    await fake.sends(aino, "voice", b"Ogg" * 100)
    await fake.sends(aino, "photo", JPEG, caption="look", group="a-1")
    await fake.sends(aino, "document", size=21 * 1024**2, name="film.bin", group="a-1")
    voice, photo, document = [one.message for one in await bot.get_updates() if one.message]
    assert voice.voice is not None
    assert bytes(await (await bot.get_file(voice.voice.file_id)).download_as_bytearray()) == b"Ogg" * 100
    assert (photo.caption, photo.media_group_id) == ("look", "a-1")
    assert document.document is not None
    with pytest.raises(BadRequest, match="too big"):
        await bot.get_file(document.document.file_id)
    await bot.send_photo(aino, photo.photo[-1].file_id)
    await bot.send_document(aino, b"text", filename="a.txt", caption="read")
    await bot.send_media_group(aino, [InputMediaPhoto(JPEG), InputMediaPhoto(JPEG, caption="both")])
    await bot.send_location(aino, 60.17, 24.94)
    shown = (await fake.read()).shown(aino)
    assert [one.kind for one in shown] == ["photo", "document", "photo", "photo", "location"]
    assert len({one.group for one in shown[2:4]} - {""}) == 1


async def test_files_that_are_refused(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.person("Aino")
    await fake.sends(aino, "document", b"text")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    with pytest.raises(BadRequest, match="an't use file of type"):
        await bot.send_photo(aino, update.message.document.file_id)
    with pytest.raises(BadRequest, match=r"(?i)image_process_failed"):
        await bot.send_photo(aino, b"no picture")
    with pytest.raises(BadRequest, match="album"):
        await bot.send_media_group(aino, [InputMediaPhoto(JPEG)])


# --- business accounts -------------------------------------------------------------------------------------


async def test_a_business_account(fake: TelegramFake, bot: Bot) -> None:
    owner, aino = await fake.person("Owner"), await fake.person("Aino")
    connection = await fake.connects(owner)
    asked = await fake.says(aino, "open?", business=connection)
    await fake.says(owner, "yes", business=connection, chat=aino)
    await bot.send_message(aino, "and tomorrow", business_connection_id=connection)
    await fake.edits(aino, asked, "open now?", business=connection)
    await fake.deletes(aino, asked, business=connection)
    updates = await bot.get_updates()
    kinds = [next(kind for kind in one.to_dict() if kind != "update_id") for one in updates]
    assert kinds == [
        "business_connection",
        "business_message",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
    ]
    assert (await bot.get_business_connection(connection)).is_enabled
    assert (await fake.read()).texts(f"{connection}:{aino}") == ["and tomorrow"]
    await fake.later(86_401)
    with pytest.raises(BadRequest):
        await bot.send_message(aino, "late", business_connection_id=connection)


# --- profile -----------------------------------------------------------------------------------------------


async def test_commands_and_profile(fake: TelegramFake, bot: Bot) -> None:
    chat = await fake.group("Desk")
    await bot.set_my_commands([BotCommand("wait", "how long")], language_code="en")
    await bot.set_my_commands([BotCommand("next", "take one")], BotCommandScopeChat(chat))
    assert [one.command for one in await bot.get_my_commands(language_code="en")] == ["wait"]
    await bot.set_my_short_description("ca. 5 min", "fi")
    await bot.set_my_description("Acme")
    assert (await bot.get_my_short_description("fi")).short_description == "ca. 5 min"
    with pytest.raises(BadRequest):
        await bot.set_my_short_description("x" * 121)
    await fake.photographs(b"\xff\xd8\xff of the operator")
    await bot.set_my_profile_photo(InputProfilePhotoStatic(JPEG))
    assert (await fake.read()).profile["photo"] == hashlib.sha256(JPEG).hexdigest()
    photos = await bot.get_user_profile_photos(fake.bot_id)
    assert photos.total_count == 2
    assert await (await photos.photos[0][-1].get_file()).download_as_bytearray() == JPEG
    await bot.remove_my_profile_photo()
    assert (await bot.get_user_profile_photos(fake.bot_id)).total_count == 1, "the one before"
    await bot.remove_my_profile_photo()
    with pytest.raises(BadRequest):
        await bot.set_my_profile_photo(InputProfilePhotoStatic(b"\x89PNG is no JPEG"))
    ledger = await fake.read()
    assert set(ledger.commands) == {("default", "en"), (f"chat:{chat}", "")}
    assert ledger.profile == {
        "short_description": {"fi": "ca. 5 min"},
        "description": {"": "Acme"},
        "photo": "",
    }


async def test_changes_of_the_profile_are_limited_where_a_test_says_so(fake: TelegramFake, bot: Bot) -> None:
    await fake.limits(profile=[2, 600])
    for _ in range(2):
        await bot.set_my_short_description("ca. 5 min", "fi")
    await bot.set_my_short_description("about 5 min", "en")
    with pytest.raises(RetryAfter):
        await bot.set_my_short_description("ca. 10 min", "fi")
    await bot.set_my_profile_photo(InputProfilePhotoStatic(JPEG))
    await fake.later(590)
    with pytest.raises(RetryAfter):
        await bot.set_my_short_description("ca. 10 min", "fi")
    assert [one["kind"] for one in (await fake.read()).violations] == ["early"]
    await fake.later(11)
    await bot.set_my_short_description("ca. 10 min", "fi")


# --- limits and trouble ------------------------------------------------------------------------------------


async def test_too_fast_a_bot_is_noted_and_stopped_on_request(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.customer("Aino")
    await bot.send_message(aino, "one")
    await bot.send_message(aino, "two")
    assert [one["kind"] for one in (await fake.read()).violations] == ["private"]
    await fake.limits(enforced=True)
    with pytest.raises(RetryAfter):
        await bot.send_message(aino, "three")
    with pytest.raises(RetryAfter):
        await bot.send_message(aino, "three")
    ledger = await fake.read()
    assert [one["kind"] for one in ledger.violations] == ["private", "private", "early"]
    assert ledger.texts(aino) == ["one", "two"]


async def test_faults_before_anything_is_done(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.customer("Aino")
    for kind in ("html", "reset", "error"):
        await fake.fault(kind, "sendMessage")
        with pytest.raises(NetworkError):
            await bot.send_message(aino, kind)
    await fake.fault("list", "sendMessage")
    with pytest.raises(AttributeError):
        await bot.send_message(aino, "list")
    await fake.fault("hang", "sendMessage")
    with pytest.raises(TimedOut):
        await bot.send_message(aino, "hang", read_timeout=0.2)
    await fake.fault("429", "sendMessage", seconds=2)
    with pytest.raises(RetryAfter):
        await bot.send_message(aino, "429")
    ledger = await fake.read()
    assert ledger.texts(aino) == []
    assert [one["kind"] for one in ledger.faults] == ["html", "reset", "error", "list", "hang", "429"]


async def test_faults_after_it_was_done(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.customer("Aino")
    await fake.limits(private=(100, 1.0))
    for kind in ("lost", "never", "slow", "garbled"):
        await fake.fault(kind, "sendMessage", seconds=1)
        with pytest.raises(TelegramError):
            await bot.send_message(aino, kind, read_timeout=0.2)
    await bot.send_message(aino, "well")
    assert (await fake.read()).texts(aino) == ["lost", "never", "slow", "garbled", "well"]


async def test_nobody_listens_and_then_again(fake: TelegramFake, bot: Bot) -> None:
    aino = await fake.customer("Aino")
    await bot.send_message(aino, "one")
    await fake.down()
    with pytest.raises(NetworkError):
        await bot.send_message(aino, "two")
    await fake.up()
    await bot.send_message(aino, "three")
    assert (await fake.read()).texts(aino) == ["one", "three"]


async def test_a_share_of_the_calls_fails_the_same_for_the_same_seed(fake: TelegramFake, bot: Bot) -> None:
    await fake.fault("error", "getMe", share=0.5)
    outcomes = []
    for _ in range(20):
        try:
            await bot.get_me()
            outcomes.append(True)
        except NetworkError:
            outcomes.append(False)
    assert 3 < sum(outcomes) < 17
    assert len((await fake.read()).faults) == outcomes.count(False)


def test_counts_of_what_was_shown() -> None:
    expected = ["a", "b", "c", "d"]
    assert counts(expected, ["a", "x", "b", "c", "d"]) == Counts(0, 0, 0)
    assert counts(expected, ["b", "a", "a", "d"]) == Counts(1, 1, 1)
    ledger = Ledger()
    for number, text in enumerate(("a", "b", "b")):
        ledger.add([{"what": "shown", "chat": "1", "id": number, "by": "bot", "at": 0.0, "text": text}])
    assert all_counts({"1": ["a", "b", "c"], "2": ["d"]}, ledger) == Counts(2, 1, 0)
