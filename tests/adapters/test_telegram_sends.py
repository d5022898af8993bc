"""What goes out through Telegram's adapter, and what a failure says of it: certainly not, never, or perhaps."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import ClientSession

import adapters.telegram
from adapters.base import (
    Attachment,
    Busy,
    CommandAnswer,
    CustomerMessage,
    EditOut,
    File,
    FileKind,
    Gone,
    NameRoom,
    OpenRoom,
    Outgoing,
    Post,
    Receipt,
    Refused,
    Tools,
    Uncertain,
    utf16,
)
from adapters.telegram import Options, media, open_channel
from tests.adapters.carrying import content_of, holding
from tests.adapters.contract import EVENT, NOW
from tests.adapters.telegram_side import Side, message, proxy, side
from tests.fakes.telegram.client import JPEG, TOKEN, TelegramFake, TelegramProcess, telegram_process

HOSTILE = (
    "*bold* _it_ `code` [x](https://a.example) ~s~ ||spoiler||",
    "<b>bold</b> <script>alert(1)</script> &lt; & <",
    "{name} {0.__class__} %s ${x}",
    "@everyone @acme /start #tag https://a.example/?a=1&b=2",
    "Z\u0335a\u0335l\u0335g\u0335o\u0335 \u200b\u200d 👩‍👩‍👧‍👦 🏳️‍🌈",
    "\\. \\* \\_ !#()-=",
    "x" * 4096,
    "😀" * 2048,
)


@pytest.fixture(scope="module")
def process() -> Iterator[TelegramProcess]:
    with telegram_process() as started:
        yield started


@pytest.fixture
async def fake(process: TelegramProcess) -> AsyncIterator[TelegramFake]:
    async with process.bot() as telegram:
        yield telegram


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Channels that are opened now wait for answers no longer than a moment."""
    monkeypatch.setattr(adapters.telegram, "READ_TIMEOUT_S", 0.3)
    monkeypatch.setattr(adapters.telegram, "CONNECT_TIMEOUT_S", 0.3)
    monkeypatch.setattr(adapters.telegram, "POOL_TIMEOUT_S", 0.3)
    return iter((None,))


@pytest.fixture
async def tg(fake: TelegramFake, impatient: None) -> AsyncIterator[Side]:
    async with side(fake) as made:
        yield made


@pytest.fixture
async def aino(fake: TelegramFake) -> int:
    return await fake.customer("Aino")


# --- messages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_every_text_is_shown_as_it_is(tg: Side, aino: int, text: str) -> None:
    await tg.channel.send(message(aino, text))
    (shown,) = (await tg.fake.read()).shown(aino)
    assert shown.text == text
    assert shown.entities == []
    assert tg.fake.ledger.refused == []


async def test_a_message_is_edited_and_deleted(tg: Side, aino: int) -> None:
    sent = await tg.channel.send(message(aino, "tomorow"))
    edit = EditOut("k", str(aino), str(aino), sent, "tomorrow")
    assert await tg.channel.send(edit) == sent
    assert await tg.channel.send(edit) == sent
    assert (await tg.fake.read()).texts(aino) == ["tomorrow"]
    await tg.channel.send(EditOut("k", str(aino), str(aino), sent, None))
    assert (await tg.fake.read()).texts(aino) == []


async def test_what_stands_under_a_file_is_edited(tg: Side, aino: int) -> None:
    sent = await tg.channel.send(message(aino, "", attachments=(uploaded("photo", JPEG),)))
    await tg.channel.send(EditOut("k", str(aino), str(aino), sent, "our shop"))
    assert (await tg.fake.read()).texts(aino) == ["our shop"]


async def test_a_business_account_answers_in_its_own_name(tg: Side) -> None:
    owner, aino = await tg.fake.person("Olga"), await tg.fake.person("Aino")
    connection = await tg.fake.connects(owner)
    await tg.fake.says(aino, "open?", business=connection)
    conversation = f"b{connection}:{aino}"
    sent = await tg.channel.send(message(conversation, "yes"))
    await tg.channel.send(message(conversation, "", attachments=(uploaded("photo", JPEG),)))
    await tg.channel.show_typing(conversation, "")
    shown = (await tg.fake.read()).shown(f"{connection}:{aino}")
    assert [one.kind for one in shown] == ["text", "photo"]
    assert [one["chat"] for one in tg.fake.ledger.actions] == [f"{connection}:{aino}"]
    await tg.channel.send(EditOut("k", conversation, str(aino), sent, None))
    assert len((await tg.fake.read()).shown(f"{connection}:{aino}")) == 1
    await tg.fake.disconnects(connection)
    with pytest.raises(Refused):
        await tg.channel.send(message(conversation, "more"))


async def test_typing_fails_silently(tg: Side, aino: int) -> None:
    await tg.fake.blocks(aino)
    await tg.channel.show_typing(str(aino), "")


async def test_answers_to_commands_and_buttons(tg: Side, aino: int) -> None:
    asked = await tg.fake.says(aino, "/wait")
    answer = CommandAnswer("k", "c", str(aino), "x" * 5000, True, None, f"m{aino}:0:{asked}")
    await tg.channel.send(answer)
    (shown,) = (await tg.fake.read()).shown(aino)
    assert (shown.reply_to, utf16(shown.text)) == (asked, 4096)
    good = await tg.fake.presses(aino, asked, "next", forged=True)
    bad = await tg.fake.presses(aino, asked, "claim K7Q2M4", forged=True)
    await tg.channel.send(CommandAnswer("k", "c", str(aino), "yours", True, None, f"q{good}"))
    await tg.channel.send(CommandAnswer("k", "c", str(aino), "x" * 300, False, None, f"q{bad}"))
    answers = (await tg.fake.read()).answers
    assert (answers[good]["text"], answers[good]["alert"]) == ("yours", False)
    assert (len(answers[bad]["text"]), answers[bad]["alert"]) == (200, True)
    await tg.fake.later(120)
    with pytest.raises(Refused, match="too old"):
        await tg.channel.send(CommandAnswer("k", "c", str(aino), "yours", True, None, f"q{good}"))


async def test_what_is_for_one_agent_alone_is_not_written_into_the_group(tg: Side, aino: int) -> None:
    group = await tg.fake.group("Desk", [aino])
    asked = await tg.fake.says(aino, "/desk", chat=group)
    link = CommandAnswer("k", "c", str(aino), "the link", True, None, f"m{group}:0:{asked}", "ask in private")
    await tg.channel.send(link)
    ledger = await tg.fake.read()
    assert [one.text for one in ledger.shown(aino)] == ["the link"]
    assert ledger.shown(group) == []
    await tg.fake.blocks(aino)
    await tg.channel.send(link)
    assert [one.text for one in (await tg.fake.read()).shown(group)] == ["ask in private"]


# --- files -------------------------------------------------------------------------------------------------


def uploaded(kind: FileKind, content: bytes, name: str = "", mime: str = "") -> Attachment:
    """A file of another channel."""
    return holding(File(kind, "elsewhere", name, mime), content)


async def test_files_of_other_channels_are_uploaded(tg: Side, aino: int) -> None:
    for attachment, kind in (
        (uploaded("photo", JPEG), "photo"),
        (uploaded("document", b"%PDF", "bill.pdf", "application/pdf"), "document"),
        (uploaded("voice", b"OggS"), "voice"),
        (uploaded("photo", b"<svg>", "logo.svg"), "document"),
        (Attachment(File("location", "60.1,24.9")), "location"),
    ):
        assert await tg.channel.send(message(aino, "", attachments=(attachment,)))
        assert (await tg.fake.read()).shown(aino)[-1].kind == kind


async def test_a_picture_too_large_for_a_photo_is_a_document(
    tg: Side, aino: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "PHOTO_BYTES", len(JPEG) - 1)
    await tg.channel.send(message(aino, "", attachments=(uploaded("photo", JPEG, "big.jpg"),)))
    assert [one.kind for one in (await tg.fake.read()).shown(aino)] == ["document"]


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        ((uploaded("photo", JPEG), uploaded("photo", JPEG)), ["photo", "photo"]),
        ((uploaded("photo", JPEG), uploaded("document", b"%PDF")), ["document", "document"]),
        ((uploaded("photo", JPEG), uploaded("photo", b"<svg>")), ["document", "document"]),
        ((uploaded("voice", b"Ogg"), uploaded("sticker", b"RIFF")), ["document", "document"]),
    ],
)
async def test_several_files_are_one_album(
    tg: Side, aino: int, files: tuple[Attachment, ...], kinds: list[str]
) -> None:
    sent = await tg.channel.send(message(aino, "", attachments=files))
    shown = (await tg.fake.read()).shown(aino)
    assert [one.kind for one in shown] == kinds
    assert len({one.group for one in shown}) == 1
    assert sent == f"m{shown[0].id}"


async def test_telegrams_own_files_are_sent_on_without_being_fetched(tg: Side, aino: int) -> None:
    ben = await tg.fake.person("Ben")
    for kind in ("photo", "document", "video", "audio", "voice", "sticker", "animation", "video_note"):
        await tg.fake.sends(ben, kind, size=30_000_000)
    async with tg.listening():
        for arrival in await tg.got(8):
            assert isinstance(arrival, CustomerMessage)
            await tg.channel.send(message(aino, "", attachments=tuple(map(Attachment, arrival.files))))
    ledger = await tg.fake.read()
    assert [one.files for one in ledger.shown(aino)] == [one.files for one in ledger.shown(ben, by=str(ben))]
    assert ledger.calls["getfile"] == 0


async def test_files_are_fetched(tg: Side, aino: int) -> None:
    await tg.fake.sends(aino, "voice", b"OggS" * 1000)
    await tg.fake.sends(aino, "document", size=21 * 1024**2)
    async with tg.listening():
        small, large = [one.files[0] for one in await tg.got(2) if isinstance(one, CustomerMessage)]
    assert await content_of(tg.channel, small) == b"OggS" * 1000
    with pytest.raises(Refused, match="too big"):
        await content_of(tg.channel, large)
    with pytest.raises(Refused):
        await content_of(tg.channel, File("location", "1.0,2.0"))
    await tg.fake.fault("hang", "getFile")
    with pytest.raises(Busy):
        await content_of(tg.channel, small)


# --- failures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more", "expected", "shown"),
    [
        ("error", {"code": 500}, Busy, False),
        ("error", {"code": 400, "description": "Bad Request: wrong"}, Refused, False),
        ("error", {"code": 401, "description": "Unauthorized"}, Busy, False),
        ("html", {}, Busy, False),
        ("list", {}, Busy, False),
        ("reset", {}, Uncertain, False),
        ("hang", {}, Uncertain, False),
        ("lost", {}, Uncertain, True),
        ("never", {}, Uncertain, True),
        ("slow", {"seconds": 2}, Uncertain, True),
        ("garbled", {}, Uncertain, True),
    ],
)
async def test_a_failure_says_what_is_known(
    tg: Side, aino: int, kind: Any, more: dict[str, Any], expected: type[Exception], shown: bool
) -> None:
    await tg.fake.fault(kind, "sendMessage", **more)
    with pytest.raises(expected) as told:
        await tg.channel.send(message(aino, "between us"))
    assert bool((await tg.fake.read()).texts(aino)) == shown
    assert "between us" not in str(told.value)
    assert TOKEN not in str(told.value)


async def test_a_proxy_that_gave_up_waiting_leaves_it_uncertain(aino: int) -> None:
    """504 says that somebody in between did not wait for Telegram, not that Telegram did nothing."""
    for status, expected in ((b"504 Gateway Timeout", Uncertain), (b"403 Forbidden", Busy)):
        async with proxy(status) as address, ClientSession() as http:
            channel = open_channel(Options(TOKEN, api_base=address), Tools("tg", http, lambda: NOW))
            with pytest.raises(expected):
                await channel.send(message(aino, "hello"))
            await channel.aclose()


async def test_too_fast_is_told_with_the_time_to_wait(tg: Side, aino: int) -> None:
    await tg.fake.fault("429", "sendMessage", seconds=7)
    with pytest.raises(Busy) as told:
        await tg.channel.send(message(aino, "hello"))
    assert told.value.retry_after_s == 7


async def test_nobody_listens(tg: Side, aino: int) -> None:
    await tg.fake.down()
    with pytest.raises(Busy, match="no connection"):
        await tg.channel.send(message(aino, "hello"))
    await tg.fake.up()
    await tg.channel.send(message(aino, "hello"))
    assert (await tg.fake.read()).texts(aino) == ["hello"]


async def test_a_server_that_takes_no_connections_was_never_reached(aino: int, impatient: None) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = f"http://127.0.0.1:{full.getsockname()[1]}"
        waiting = [asyncio.create_task(connect(full.getsockname()[1])) for _ in range(3)]
        async with ClientSession() as http:
            await asyncio.wait(waiting, timeout=0.2)
            channel = open_channel(Options(TOKEN, api_base=address), Tools("tg", http, lambda: NOW))
            with pytest.raises(Busy, match="no connection: ConnectTimeout"):
                await channel.send(message(aino, "hello"))
            await channel.aclose()
        for task in waiting:
            task.cancel()
        for opened in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(opened, asyncio.StreamWriter):
                opened.close()


async def connect(port: int) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    return writer


async def test_without_a_free_connection_nothing_left(
    fake: TelegramFake, aino: int, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters.telegram, "READ_TIMEOUT_S", 5.0)
    monkeypatch.setattr(adapters.telegram, "CONNECTIONS", 1)
    async with side(fake) as tg:
        await fake.fault("slow", "sendMessage", seconds=1)
        first = asyncio.create_task(tg.channel.send(message(aino, "one")))
        await fake.until(lambda ledger: ledger.faults, "the slow one is on its way")
        with pytest.raises(Busy, match="no connection: PoolTimeout"):
            await tg.channel.send(message(aino, "two"))
        await first
    assert (await fake.read()).texts(aino) == ["one"]


async def test_who_cannot_be_reached_is_refused(tg: Side, aino: int) -> None:
    stranger, gone = await tg.fake.person("Stranger"), await tg.fake.customer("Gone")
    await tg.fake.blocks(aino)
    await tg.fake.leaves_telegram(gone)
    for chat, why in ((aino, "blocked"), (stranger, "initiate"), (gone, "deactivated"), (1, "not found")):
        with pytest.raises(Refused, match=why):
            await tg.channel.send(message(chat, "hello"))


@pytest.mark.parametrize("conversation", ["c-1", "", "b:1", "1:2:3x", "１２"])
async def test_a_name_of_no_chat_is_refused(tg: Side, conversation: str) -> None:
    with pytest.raises(Refused, match="no such chat"):
        await tg.channel.send(message(conversation, "hello"))


async def test_an_answer_to_nowhere_is_refused(tg: Side) -> None:
    with pytest.raises(Refused, match="not told where"):
        await tg.channel.send(CommandAnswer("k", "c", "1", "yours", True, None))


# --- budgets -----------------------------------------------------------------------------------------------

PICTURES = (Attachment(File("photo", "photo:1")), Attachment(File("photo", "photo:2")))


@pytest.mark.parametrize(
    ("outgoing", "budgets"),
    [
        (message(5, "hello"), ["all", "chat:5"]),
        (message("bc1:5", "hello"), ["all", "chat:bc1:5"]),
        (EditOut("k", "5", "5", "m1", "x"), ["all", "chat:5"]),
        (CommandAnswer("k", "c", "5", "x", True, None, "q1"), []),
        (CommandAnswer("k", "c", "5", "x", True, None, "m5:0:1"), ["all", "chat:5"]),
        (CommandAnswer("k", "c", "5", "x", True, None, "m-100:0:1"), ["all", "group:agents"]),
        (OpenRoom("k", "K7Q2M4", "x", "x", "waiting", "x"), ["all", "group:agents"]),
        (NameRoom("k", "t1", "x", "closed", False), ["all", "group:agents", "group:agents"]),
        (Post("k", "t1", "", PICTURES), ["all", "group:agents", "group:agents"]),
        (Receipt("k", "t1", "m1", "delivered"), ["all", "marks:agents"]),
        (EVENT, []),
    ],
)
async def test_budgets(tg: Side, outgoing: Outgoing, budgets: list[str]) -> None:
    """The narrowest comes last: it is the one that is kept quiet when Telegram asks for silence."""
    drawn = [name for pace in tg.channel.paces(outgoing) for name in [pace.name] * pace.draws]
    assert drawn == budgets


async def test_gone_is_a_refusal_of_its_own(fake: TelegramFake) -> None:
    group = await fake.group("Desk")
    async with side(fake, agents_chat=group) as tg:
        with pytest.raises(Gone):
            await tg.channel.send(Post("k", "t77", "hello"))
        for place in ("", "77", "x77", "t", "t7x"):
            with pytest.raises(Refused, match="no such place"):
                await tg.channel.send(Post("k", place, "hello"))
