"""The site chat's adapter: who is who, what a page may post, and what is put into a visitor's box."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from adapters.base import (
    Attachment,
    CommandAnswer,
    CustomerMessage,
    EditOut,
    File,
    Inviting,
    Malformed,
    Media,
    MessageOut,
    NameRoom,
    NoMailbox,
    Receipt,
    Refused,
    Site,
    Tools,
    Typing,
    Untrusted,
)
from adapters.web import Options, Web, open_channel
from tests.adapters.carrying import content_of, holding
from tests.adapters.contract import NOW, Contract

SECRET = "5e" * 32
VISITOR = hashlib.sha256(SECRET.encode()).hexdigest()[:32]
HEADERS = {"Cookie": f"theme=dark; __Host-jono-site={SECRET}"}
MESSAGE_ID = "0123456789abcdef"
HOOK = "https://jono.example/hooks/site"


@pytest.fixture
def mailbox() -> NoMailbox:
    return NoMailbox()


@pytest.fixture
async def channel(mailbox: NoMailbox) -> Any:
    async with aiohttp.ClientSession() as session:
        yield open_channel(Options(), Tools("site", session, lambda: NOW, mailbox=mailbox))


def posted(**more: object) -> bytes:
    return json.dumps({"id": MESSAGE_ID, "text": "Where is my parcel?"} | more).encode()


def accepted(channel: Web, body: bytes, headers: Mapping[str, str] = HEADERS) -> CustomerMessage:
    (arrival,) = channel.accept(headers, body, NOW)
    assert isinstance(arrival, CustomerMessage)
    return arrival


class TestContract(Contract):
    """A site chat is a channel like any other."""


def test_it_serves_browsers_and_can_carry_files_and_typing(channel: Web) -> None:
    assert isinstance(channel, Site)
    assert isinstance(channel, Media)
    assert isinstance(channel, Typing)


# --- who it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("around", ["{}", "a=1; {}; b=2", 'j={{"x":"y, z"}}; {}', "{};", "naïve=ü; {}"])
def test_a_browser_is_known_by_a_digest_of_its_secret(channel: Web, around: str) -> None:
    cookies = around.format(f"__Host-jono-site={SECRET}")
    assert channel.visitor({"Cookie": cookies}) == VISITOR
    assert SECRET not in VISITOR


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "theme=dark",
        "__Host-jono-site=",
        "__Host-jono-site=short",
        f"__Host-jono-site={'Z' * 64}",
        f"__Host-jono-other={SECRET}",
        f"jono-site={SECRET}",
        f"__Host-jono-site={SECRET}0",
        "\udcff;;;=",
    ],
)
def test_without_our_cookie_nothing_is_taken(channel: Web, cookie: str) -> None:
    with pytest.raises(Untrusted, match="cookie"):
        channel.accept({"Cookie": cookie}, posted(), NOW)


# --- what a page posts -----------------------------------------------------------------------------------------


def test_a_message_is_the_visitors_own(channel: Web) -> None:
    message = accepted(channel, posted(name=" Aino ", language="fi", queue="billing"))
    assert message.id == f"{VISITOR}-{MESSAGE_ID}"
    assert message.conversation_id == message.customer.id == VISITOR
    assert (message.customer.name, message.customer.language) == ("Aino", "fi")
    assert (message.text, message.queue, message.ref) == ("Where is my parcel?", "billing", MESSAGE_ID)


def test_names_are_no_longer_than_names(channel: Web) -> None:
    customer = accepted(channel, posted(name="A" * 30_000, language="fi" * 15_000)).customer
    assert (len(customer.name), len(customer.language)) == (200, 35)


def test_what_a_page_leaves_out_is_not_known(channel: Web) -> None:
    message = accepted(channel, posted())
    assert (message.customer.name, message.customer.language, message.queue, message.files) == (
        "",
        "",
        None,
        (),
    )


def test_a_file_needs_no_text(channel: Web) -> None:
    row = {"ref": f"{VISITOR}/ab12", "name": "box.png", "mime": "image/png", "size": 70}
    message = accepted(channel, posted(text="", files=[row]))
    assert message.files == (File("photo", f"{VISITOR}/ab12", "box.png", "image/png", 70),)


@pytest.mark.parametrize(
    ("mime", "kind"),
    [
        ("image/png", "photo"),
        ("video/mp4", "video"),
        ("audio/ogg", "audio"),
        ("text/html", "document"),
        ("", "document"),
    ],
)
def test_a_file_is_told_by_its_type(channel: Web, mime: str, kind: str) -> None:
    row = {"ref": f"{VISITOR}/ab12", "mime": mime, "size": 1}
    assert accepted(channel, posted(files=[row])).files[0].kind == kind


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", "object"),
        (b"{", "JSON"),
        (posted(id=""), "id"),
        (posted(id="a" * 65), "id"),
        (posted(id="../../etc"), "id"),
        (posted(id=7), "id"),
        (posted(text=""), "text"),
        (posted(text="   "), "text"),
        (posted(text={"a": 1}), "text"),
        (posted(name=["x"]), "name"),
        (posted(files={"a": 1}), "files"),
        (posted(files=[1]), r"files\.0"),
        (posted(files=[{"ref": f"{VISITOR}/a"}] * 11), "files"),
        (posted(files=[{"ref": "somebody-else/ab12"}]), r"files\.0\.ref"),
        *(
            (posted(files=[{"ref": f"{VISITOR}/a", "size": size}]), r"files\.0\.size")
            for size in ("big", -1, True, 1.5, 10**30)
        ),
    ],
)
def test_bad_input_is_told_by_its_field(channel: Web, body: bytes, field: str) -> None:
    with pytest.raises(Malformed, match=field):
        channel.accept(HEADERS, body, NOW)


def test_what_the_visitor_wrote_is_shown_in_their_other_windows(channel: Web) -> None:
    row = {"ref": f"{VISITOR}/ab12", "name": "box.png", "mime": "image/png", "size": 70}
    item = channel.shown(accepted(channel, posted(files=[row])), NOW)
    assert item == {
        "at": NOW,
        "kind": "message",
        "id": MESSAGE_ID,
        "text": "Where is my parcel?",
        "files": [row | {"kind": "photo"}],
    }


@pytest.mark.parametrize(
    ("hook_url", "wrong"),
    [
        ("https://chat.acme.example/hooks/site", ""),
        ("http://127.0.0.1:8080/hooks/site", ""),
        ("http://localhost:8080/hooks/site", ""),
        ("", "server.public_url is empty"),
        ("http://chat.acme.example/hooks/site", "https only"),
    ],
)
async def test_it_is_checked_whether_browsers_would_keep_our_cookies(hook_url: str, wrong: str) -> None:
    async with aiohttp.ClientSession() as session:
        (found,) = await open_channel(
            Options(), Tools("site", session, lambda: NOW, hook_url=hook_url)
        ).check()
    assert wrong in found.wrong
    assert bool(found.wrong) is bool(wrong)


# --- what is put into boxes ------------------------------------------------------------------------------------


def reply(*files: Attachment) -> MessageOut:
    return MessageOut(
        "K7Q2M4-3-0", VISITOR, VISITOR, "K7Q2M4", "reply", "" if files else "It is here.", files
    )


async def test_a_message_stands_in_the_visitors_box_once(channel: Web, mailbox: NoMailbox) -> None:
    for _ in range(2):
        await channel.send(reply())
    assert mailbox.boxes == {
        VISITOR: {"K7Q2M4-3-0": {"at": NOW, "kind": "reply", "text": "It is here.", "files": []}}
    }


async def test_a_file_from_elsewhere_is_kept_beside_the_box(channel: Web, mailbox: NoMailbox) -> None:
    await channel.send(reply(holding(File("document", "tg-file-7", "bill.pdf"), b"%PDF")))
    (shown,) = mailbox.boxes[VISITOR]["K7Q2M4-3-0"]["files"]
    assert shown["ref"].startswith(f"{VISITOR}/")
    assert (shown["name"], shown["size"]) == ("bill.pdf", 4)
    assert mailbox.files[shown["ref"]] == b"%PDF"
    assert await content_of(channel, File("document", shown["ref"])) == b"%PDF"


async def test_a_file_of_an_agents_browser_is_copied_to_where_the_visitor_may_fetch_it(
    channel: Web, mailbox: NoMailbox
) -> None:
    ref = await mailbox.keep_file("@site/anna", b"picture")
    await channel.send(reply(Attachment(File("photo", ref, "map.png"))))
    (shown,) = mailbox.boxes[VISITOR]["K7Q2M4-3-0"]["files"]
    assert shown["ref"].startswith(f"{VISITOR}/")
    assert mailbox.files[shown["ref"]] == b"picture"


async def test_a_file_that_is_not_kept_any_more_is_refused(channel: Web) -> None:
    with pytest.raises(Refused, match="not kept"):
        await channel.send(reply(Attachment(File("photo", f"{VISITOR}/gone"))))


async def test_a_correction_and_a_deletion_name_the_message(channel: Web, mailbox: NoMailbox) -> None:
    await channel.send(EditOut("e-1", VISITOR, VISITOR, "17-0", "It is there."))
    await channel.send(EditOut("e-2", VISITOR, VISITOR, "17-0", None))
    assert [item["text"] for item in mailbox.boxes[VISITOR].values()] == ["It is there.", None]
    assert {item["id"] for item in mailbox.boxes[VISITOR].values()} == {"17-0"}


async def test_agents_find_answers_and_receipts_in_their_own_box(channel: Web, mailbox: NoMailbox) -> None:
    await channel.send(CommandAnswer("c-1", "x-1", "anna", "Case closed.", True, "K7Q2M4", "@site/anna"))
    await channel.send(Receipt("r-1", "@site/anna", "x-2", "delivered"))
    assert list(mailbox.boxes) == ["@site/anna"]
    answer, receipt = mailbox.boxes["@site/anna"].values()
    assert (answer["kind"], answer["id"], answer["ok"], answer["case"]) == ("answer", "x-1", True, "K7Q2M4")
    assert (receipt["kind"], receipt["id"], receipt["fate"]) == ("receipt", "x-2", "delivered")


async def test_a_chat_has_no_room_for_agents(channel: Web) -> None:
    with pytest.raises(Refused):
        await channel.send(NameRoom("n-1", "place", "title", "waiting", True))


async def test_typing_is_shown_and_not_kept(channel: Web, mailbox: NoMailbox) -> None:
    await channel.show_typing(VISITOR, "")
    assert mailbox.signs == [(VISITOR, "typing")]
    assert mailbox.boxes == {}


# --- invitations ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hook", "contact", "opened", "invited"),
    [
        ("", "", "", ""),
        ("", "https://acme.example/help", "https://acme.example/help", ""),
        (HOOK, "", "https://jono.example/chat/site", "https://jono.example/chat/site#start=ABC"),
        (
            HOOK,
            "https://acme.example/help",
            "https://acme.example/help",
            "https://jono.example/chat/site#start=ABC",
        ),
    ],
)
async def test_a_link_opens_the_chat_with_the_code_behind_a_hash(
    hook: str, contact: str, opened: str, invited: str
) -> None:
    async with aiohttp.ClientSession() as session:
        tools = Tools("site", session, lambda: NOW, hook_url=hook, contact=contact)
        web = open_channel(Options(), tools)
        assert isinstance(web, Inviting)
        assert (web.invitation(""), web.invitation("ABC")) == (opened, invited)
