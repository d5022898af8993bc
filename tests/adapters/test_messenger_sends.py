"""The Messenger channel sends, fetches, listens, shows the cover, looks at itself: against a server as its far end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from adapters.base import (
    Attachment,
    Busy,
    Down,
    EditOut,
    File,
    MessageKind,
    NoBookmarks,
    Pace,
    Person,
    Refused,
    Tools,
    Uncertain,
    Undelivered,
    Unusable,
)
from adapters.messenger import Messenger, open_channel
from tests.adapters.carrying import content_of, holding
from tests.adapters.contract import ANSWER, EVENT, MESSAGE, NOW, never
from tests.adapters.meta_side import APP, SECRET, TOKEN, far, tools
from tests.adapters.test_messenger import OPTIONS, PAGE, messenger
from tests.fakes.meta import PICTURE, Far
from tests.waiting import until

__all__ = ["far", "messenger", "tools"]

PDF = File("document", "other:1", "lasku.pdf", "application/pdf")
DAY_S = 86_400.0


async def test_what_is_sent_is_what_meta_documents(messenger: Messenger, far: Far) -> None:
    assert await messenger.send(MESSAGE) == "m_1"
    assert (far.last.method, far.last.path, far.last.query) == ("POST", f"{PAGE}/messages", {})
    assert far.last.said == {
        "recipient": {"id": "c-1"},
        "messaging_type": "RESPONSE",
        "message": {"text": MESSAGE.text, "metadata": f"jono:{MESSAGE.key}"},
    }
    assert far.last.headers["Authorization"] == f"Bearer {TOKEN}"
    await messenger.send(replace(ANSWER, text="😀" * 2_000))
    assert messenger.limits.measure(far.last.said["message"]["text"]) <= 2_000
    assert await messenger.send(EVENT) == EVENT.key
    with pytest.raises(Refused):
        await messenger.send(EditOut("k", "c-1", "c-1", "m_1", "new"))


async def test_an_answer_in_public_stands_under_what_was_said(messenger: Messenger, far: Far) -> None:
    out = replace(MESSAGE, conversation_id="@7", public="44_55", heard_at=1.0)
    assert await messenger.send(out) == "9001"
    assert (far.last.path, far.last.said) == ("44_55/comments", {"message": MESSAGE.text})
    with pytest.raises(Refused, match="files"):
        await messenger.send(replace(out, attachments=(holding(PDF, b"x"),)))
    with pytest.raises(Refused, match="private"):
        await messenger.send(replace(out, public="", heard_at=0.0))


@pytest.mark.parametrize(
    ("human_agent", "kind", "silent_s", "told"),
    [
        (False, "reply", DAY_S, "RESPONSE"),
        (False, "reply", DAY_S + 1, None),
        (True, "reply", DAY_S, "RESPONSE"),
        (True, "reply", DAY_S + 1, "HUMAN_AGENT"),
        (True, "reply", 7 * DAY_S, "HUMAN_AGENT"),
        (True, "reply", 7 * DAY_S + 1, None),
        (True, "update", DAY_S, "RESPONSE"),
        (True, "update", DAY_S + 1, None),
        (True, "acknowledgement", DAY_S + 1, None),
    ],
)
async def test_the_window(
    tools: Tools, far: Far, human_agent: bool, kind: MessageKind, silent_s: float, told: str | None
) -> None:
    channel = open_channel(replace(OPTIONS, api_base=far.url, human_agent=human_agent), tools)
    out = replace(MESSAGE, kind=kind, heard_at=NOW - silent_s)
    if told is None:
        with pytest.raises(Refused, match="last wrote more than"):
            await channel.send(out)
        assert far.calls == []
        return
    await channel.send(out)
    assert far.last.said.get("tag", far.last.said["messaging_type"]) == told


async def test_who_a_customer_is_is_asked_with_the_language_where_that_is_allowed(
    messenger: Messenger, far: Far, reports: list[str]
) -> None:
    far.answers["GET c-1"] = {"id": "c-1", "name": "Aino Virtanen", "locale": "fi_FI"}
    assert await messenger.person_of("c-1") == Person("c-1", "Aino Virtanen", "fi-FI")
    assert far.last.query == {"fields": "name,locale"}
    nothing = {"code": 100, "message": "Tried accessing nonexisting field (locale)"}
    far.plan = [(400, nothing)]
    await messenger.person_of("c-1")
    assert far.last.query == {"fields": "name"}
    far.plan = [(400, nothing), (400, {"code": 2018218, "message": "No profile available for this user."})]
    assert await messenger.person_of("c-1") == Person("c-1")
    assert reports == []


# --- files ---------------------------------------------------------------------------------------------------


async def test_files_go_by_their_address_or_are_uploaded(messenger: Messenger, far: Far) -> None:
    url = "https://jono.example/files/1"
    picture = Attachment(File("photo", "https://scontent.xx.fbcdn.net/a.jpg"))
    place = Attachment(File.located(60.0, 24.0, "Station"))
    out = replace(
        MESSAGE, text="", attachments=(holding(PDF, b"x", url), picture, holding(PDF, b"%PDF"), place)
    )
    assert await messenger.send(out) == "m_1"
    by_url, own, uploaded, link = [call.said for call in far.calls]
    mark = {"metadata": f"jono:{MESSAGE.key}"}
    assert by_url["message"] == {"attachment": {"type": "file", "payload": {"url": url}}} | mark
    assert own["message"]["attachment"] == {"type": "image", "payload": {"url": picture.file.ref}}
    assert json.loads(uploaded["recipient"]) == {"id": "c-1"}
    assert json.loads(uploaded["message"]) == {"attachment": {"type": "file", "payload": {}}} | mark
    assert (uploaded["messaging_type"], uploaded["filedata"]) == (
        "RESPONSE",
        ("lasku.pdf", "application/pdf", b"%PDF"),
    )
    assert link["message"]["text"].startswith("Station\nhttps://www.openstreetmap.org/")


async def test_half_of_the_files_is_told(messenger: Messenger, far: Far) -> None:
    out = replace(MESSAGE, attachments=(holding(PDF, b"x", "https://a.example/1"),) * 2)
    far.faults = ["refused"]
    with pytest.raises(Refused):
        await messenger.send(out)
    far.answers[f"POST {PAGE}/messages"] = {"message_id": "m_1"}
    far.plan = [(200, None)]
    with pytest.raises(Uncertain, match="makes no sense"):
        await messenger.send(out)
    with pytest.raises(Refused, match="address"):
        await messenger.send(replace(out, attachments=(Attachment(PDF),)))


async def test_a_file_is_fetched_from_meta_only(messenger: Messenger, far: Far, nobody: str) -> None:
    files = far.url.replace("/v", "/files")
    assert await content_of(messenger, File("photo", f"{files}/picture")) == PICTURE
    assert await content_of(messenger, File("photo", f"{files}/302?to={files}/picture")) == PICTURE
    for status, error in ((404, Refused), (410, Refused), (429, Busy), (503, Busy)):
        with pytest.raises(error):
            await content_of(messenger, File("photo", f"{files}/{status}"))
    inside = f"{nobody}/"
    elsewhere = (
        "http://scontent.xx.fbcdn.net/a",
        "https://fbcdn.net.example/",
        "https://evilfbcdn.net/",
        "x",
        inside,
    )
    for address in (*elsewhere, f"{files}/302?to={inside}"):
        with pytest.raises(Refused, match="nothing to fetch"):
            await content_of(messenger, File("photo", address))


# --- errors --------------------------------------------------------------------------------------------------

NEVER = [(10, 2018278), (10, 2018108), (551, 1545041), (100, 2018001), (200, 1545041), (100, None)]
LATER = [(1, None), (2, None), (1200, None), (4, None), (613, None), (80006, None)]
OURS = [(190, 460), (230, None), (10, None), (200, 2018028), (368, None), (10, 1893063)]


@pytest.mark.parametrize(("code", "subcode"), [*NEVER, *LATER, *OURS])
async def test_what_an_error_means(
    messenger: Messenger, far: Far, reports: list[str], code: int, subcode: int | None
) -> None:
    error: dict[str, Any] = {"code": code, "message": "told by Meta"}
    far.plan = [(400, error | ({"error_subcode": subcode} if subcode else {}))]
    with pytest.raises(Refused if (code, subcode) in NEVER else Busy, match=r"\w"):
        await messenger.send(MESSAGE)
    assert bool(reports) == ((code, subcode) in OURS)
    await messenger.send(MESSAGE)
    assert reports[1:] == ([""] if reports else [])


async def test_a_permission_that_is_named_is_missing(
    messenger: Messenger, far: Far, reports: list[str]
) -> None:
    far.plan = [
        (403, {"code": 200, "message": "(#200) Requires pages_messaging permission to manage the object"})
    ]
    with pytest.raises(Busy, match="permission"):
        await messenger.send(MESSAGE)
    assert len(reports) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_who_stands_in_between_knows_nothing(messenger: Messenger, far: Far, status: int) -> None:
    far.plan = [(status, None)]
    with pytest.raises(Uncertain):
        await messenger.send(MESSAGE)


async def test_strange_errors_break_nothing(messenger: Messenger, far: Far) -> None:
    strange: list[Mapping[str, Any]] = [{}, {"code": []}, {"code": {}, "error_subcode": [], "message": 7}]
    for error in strange:
        far.plan = [(400, error)]
        with pytest.raises(Undelivered):
            await messenger.send(MESSAGE)


async def test_before_and_after_the_request_left(tools: Tools, nobody: str, silent: str) -> None:
    with pytest.raises(Busy):
        await open_channel(replace(OPTIONS, api_base=nobody), tools).send(MESSAGE)
    with pytest.raises(Uncertain):
        await open_channel(replace(OPTIONS, api_base=silent), tools).send(MESSAGE)


# --- beside --------------------------------------------------------------------------------------------------


async def test_signs_are_shown_in_private_and_fail_silently(messenger: Messenger, far: Far) -> None:
    await messenger.show_seen("c-1", "m_1")
    await messenger.show_typing("c-1", "m_1")
    signs = [(call.said["recipient"], call.said["sender_action"]) for call in far.calls]
    assert signs == [({"id": "c-1"}, "mark_seen"), ({"id": "c-1"}, "typing_on")]
    await messenger.show_seen("@7", "44_55")
    assert len(far.calls) == 2
    far.faults = ["cut", "unauthorised"]
    await messenger.show_typing("c-1", "")
    await messenger.show_typing("c-1", "")


async def test_after_too_many_files_the_texts_wait_as_well(messenger: Messenger, far: Far) -> None:
    far.faults = ["busy"]
    with pytest.raises(Busy) as caught:
        await messenger.send(replace(MESSAGE, attachments=(holding(PDF, b"x"),)))
    assert caught.value.budget == "messages"


def test_paces(messenger: Messenger) -> None:
    two = replace(MESSAGE, attachments=(holding(PDF, b"x"),) * 2)
    assert messenger.paces(MESSAGE) == (Pace("messages", 40, 1.0),)
    assert messenger.paces(two) == (Pace("messages", 40, 1.0), Pace("media", 10, 1.0, draws=2))
    assert messenger.paces(EVENT) == ()


def test_invitations(tools: Tools) -> None:
    for contact, payload, link in (
        ("https://m.me/acme", "K7Q2_x-1", "https://m.me/acme?ref=K7Q2_x-1"),
        ("https://m.me/acme?text=hi", "a", "https://m.me/acme?text=hi&ref=a"),
        ("https://m.me/acme", "", "https://m.me/acme"),
        ("https://acme.example", "a", ""),
        ("", "a", ""),
    ):
        assert open_channel(OPTIONS, replace(tools, contact=contact)).invitation(payload) == link


async def test_listening_has_events_pushed(messenger: Messenger, far: Far) -> None:
    listening = asyncio.create_task(messenger.listen(never))
    await until(lambda: far.calls)
    listening.cancel()
    assert (far.last.method, far.last.path) == ("POST", f"{PAGE}/subscribed_apps")
    assert "message_echoes" in far.last.said["subscribed_fields"].split(",")
    for fault, error in (("unauthorised", Unusable), ("refused", Unusable), ("broken", Down), ("cut", Down)):
        far.faults = [fault]  # type: ignore[list-item]
        with pytest.raises(error):
            await messenger.listen(never)
    for codes in ({"code": 368}, {"code": 10, "error_subcode": 1893063}):
        far.plan = [(400, codes)]
        with pytest.raises(Down, match="restricted"):
            await messenger.listen(never)


async def test_it_looks_at_itself(messenger: Messenger, far: Far) -> None:
    far.answers[f"GET {PAGE}"] = {"name": "Acme", "id": PAGE}
    far.answers[f"GET {PAGE}/subscribed_apps"] = {
        "data": [
            {"id": APP, "subscribed_fields": ["messages", "feed"]},
            {"id": "7", "subscribed_fields": ["message_edits"]},
        ]
    }
    page, events, where, _ = await messenger.check()
    assert (page.what, page.wrong, where.wrong) == ("the token is that of the page “Acme”", "", "")
    assert "message_echoes, message_edits" in events.wrong, "another app's do not count"
    far.faults = ["unauthorised"]
    [finding] = await messenger.check()
    assert "token" in finding.wrong
    assert TOKEN not in finding.wrong


async def test_it_names_the_permissions_that_its_token_lacks(messenger: Messenger, far: Far) -> None:
    needed = ["pages_messaging", "pages_manage_metadata", "pages_read_engagement", "pages_manage_engagement"]
    for scopes, what, wrong in (
        ([*needed, "pages_manage_posts"], "the token has the permissions it needs", ""),
        (needed, "not pages_manage_posts, for the cover", ""),
        (needed[1:], "", "not pages_messaging"),
    ):
        far.answers["GET debug_token"] = {"data": {"scopes": scopes}}
        finding = (await messenger.check())[-1]
        assert what in finding.what
        assert finding.wrong == wrong
    assert (far.last.query, far.last.headers["Authorization"]) == (
        {"input_token": TOKEN},
        f"Bearer {APP}|{SECRET}",
    )
    far.answers["GET debug_token"] = {}
    assert "secret" in (await messenger.check())[-1].wrong


async def test_without_the_apps_id_permissions_are_not_asked_for(tools: Tools, far: Far) -> None:
    await open_channel(replace(OPTIONS, api_base=far.url, app_id=""), tools).check()
    assert far.last.path != "debug_token"


# --- the cover -----------------------------------------------------------------------------------------------


async def test_the_cover_is_replaced_and_only_ours_is_taken_away(tools: Tools, far: Far) -> None:
    marks = NoBookmarks()
    channel = open_channel(replace(OPTIONS, api_base=far.url), replace(tools, bookmarks=marks))
    await channel.show_outlet("cover", PICTURE)
    upload, cover = far.calls
    assert (upload.path, upload.said["published"]) == (f"{PAGE}/photos", "false")
    assert upload.said["source"] == ("cover.jpg", "image/jpeg", PICTURE)
    settings = {"cover": "9001", "offset_y": "0", "no_feed_story": "true", "no_notification": "true"}
    assert (cover.path, cover.said) == (PAGE, settings)
    await channel.show_outlet("cover", PICTURE)
    assert [(call.method, call.path) for call in far.calls[4:]] == [("DELETE", "9001")]
    await channel.show_outlet("cover", None)
    assert (far.last.method, far.last.path) == ("DELETE", "9003")
    with pytest.raises(Refused, match="no text"):
        await channel.show_outlet("cover", {"": "3 min"})


async def test_a_cover_that_is_refused_leaves_no_photo_behind(messenger: Messenger, far: Far) -> None:
    far.answers[f"POST {PAGE}/photos"] = {"id": "77"}
    far.faults = ["", "refused"]  # type: ignore[list-item]
    with pytest.raises(Refused):
        await messenger.show_outlet("cover", PICTURE)
    assert (far.last.method, far.last.path) == ("DELETE", "77")


async def test_the_cover_that_stands_there_is_read(messenger: Messenger, far: Far) -> None:
    far.answers[f"GET {PAGE}"] = {"id": PAGE}
    assert await messenger.read_outlet("cover") is None
    far.answers[f"GET {PAGE}"] = {"cover": {"id": "1", "source": far.url.replace("/v", "/files/picture")}}
    assert await messenger.read_outlet("cover") == PICTURE
