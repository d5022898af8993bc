"""The X channel fetches files, shows the wait in the profile, and looks at itself: against a server as its far end."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from adapters.base import Busy, File, Outlet, Refused, Tools, Undelivered
from adapters.x import X, open_channel
from adapters.x.calls import TOKEN_TROUBLE
from bot.formats import FORMATS
from tests.adapters.carrying import content_of
from tests.adapters.contract import MESSAGE
from tests.adapters.x_side import BY_TOKEN, HOOK, OPTIONS, far, tools, x, x_by_token
from tests.fakes.x import PICTURE, US, Far, Planned, problem

__all__ = ["far", "tools", "x", "x_by_token"]

# --- files ---------------------------------------------------------------------------------------------------

PRIVATE_FILE = "https://ton.twitter.com/1.1/ton/data/dm/95449/95448/Fsl_xKTJ.jpg"


async def test_a_file_is_fetched_with_a_proof(x: X, x_by_token: X, far: Far) -> None:
    for channel, ref in ((x, f"{far.url}/files/1?a=b"), (x_by_token, PRIVATE_FILE)):
        assert await content_of(channel, File("photo", ref)) == PICTURE
    assert [path for path, _, _ in far.calls] == [
        "/files/1",
        "/2/dm_conversations/media/95449/95448/Fsl_xKTJ.jpg",
    ]


def test_only_where_x_keeps_private_files_it_is_told_who_asks(x: X) -> None:
    assert x._kept_at(PRIVATE_FILE) == (PRIVATE_FILE, True)
    picture = "https://pbs.twimg.com/media/G0ab.jpg"
    assert x._kept_at(picture) == (picture, False)


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "https://[",
        "https://evil.example/dm/1/2/3",
        "http://ton.twitter.com/dm/1/2/3",
        "https://ton.twitter.com.evil.example/1",
        "https://ton.twitter.com@evil.example/1",
        "https://api.x.com.evil.example/1",
        "file:///etc/passwd",
    ],
)
async def test_nobody_else_is_asked(tools: Tools, ref: str) -> None:
    for options in (OPTIONS, BY_TOKEN):
        with pytest.raises(Refused):
            await content_of(open_channel(options, tools), File("photo", ref))


@pytest.mark.parametrize(
    ("status", "error"),
    [(302, Busy), (401, Refused), (403, Refused), (404, Refused), (410, Refused), (500, Busy)],
)
async def test_a_file_that_does_not_come(x: X, far: Far, status: int, error: type[Undelivered]) -> None:
    far.plan = [problem(status)]
    into = BytesIO()
    with pytest.raises(error):
        await x.fetch(File("photo", f"{far.url}/files/1"), into)
    assert not into.getvalue()


# --- the profile ---------------------------------------------------------------------------------------------


def test_the_outlets_are_those_of_the_formats(x: X, x_by_token: X) -> None:
    banner, bio = x.outlets
    assert (FORMATS[banner.format].width, FORMATS[banner.format].height) == (1500, 500)
    assert bio == Outlet("bio", 900, chars=160)
    assert x_by_token.outlets == ()


async def test_the_profile_shows_the_wait(x: X, far: Far, reports: list[str]) -> None:
    await x.show_outlet("bio", {"": "Answers in ~10 min & less, + weekends"})
    await x.show_outlet("banner", PICTURE)
    await x.show_outlet("banner", None)
    assert [(path, body) for path, body, _ in far.calls] == [
        ("/1.1/account/update_profile.json", {"description": "Answers in ~10 min & less, + weekends"}),
        ("/1.1/account/update_profile_banner.json", {"banner": PICTURE}),
        ("/1.1/account/remove_profile_banner.json", {}),
    ]
    assert reports == []


async def test_what_stood_there_is_read(x: X, far: Far) -> None:
    assert await x.read_outlet("bio") == {"": "We sell"}
    assert await x.read_outlet("banner") is None
    for status, shown in ((200, PICTURE), (404, None)):
        far.me["profile_banner_url"] = f"{far.url}/banners/{status}"
        assert await x.read_outlet("banner") == shown
    far.me["profile_banner_url"] = f"{far.url}/banners/503"
    with pytest.raises(Busy):
        await x.read_outlet("banner")


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_an_outlet_that_x_has_ended_is_not_asked_again(
    x: X, far: Far, reports: list[str], status: int
) -> None:
    shown: list[tuple[str, Any]] = [("bio", {"": "~10 min"}), ("banner", PICTURE)]
    for name, what in shown:
        far.plan = [problem(status)]
        for _ in range(2):
            with pytest.raises(Refused, match=str(status)):
                await x.show_outlet(name, what)
    assert len(far.calls) == 2
    assert len(reports) == 2
    assert "bio" in reports[1]
    assert "banner" in reports[1]
    await x.send(MESSAGE)
    assert len(reports) == 2, "that messages go is no news of the profile"


@pytest.mark.parametrize(
    ("answer", "error"),
    [(problem(429), Busy), (problem(500), Busy), (problem(400), Refused), (problem(401), Refused)],
)
async def test_an_outlet_may_go_wrong_and_stay(
    x: X, far: Far, answer: Planned, error: type[Undelivered]
) -> None:
    far.plan = [answer]
    with pytest.raises(error):
        await x.show_outlet("bio", {"": "~10 min"})
    await x.show_outlet("bio", {"": "~10 min"})


async def test_each_outlet_takes_its_own_kind(x: X, far: Far) -> None:
    for name, shown in (("bio", PICTURE), ("banner", {"": "~10 min"})):
        with pytest.raises(Refused):
            await x.show_outlet(name, shown)
    assert far.calls == []


# --- beside --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "contact",
    ["", "https://x.com/acme", f"https://x.com/messages/compose?recipient_id={US}"],
)
def test_an_address_opens_a_message_to_us(tools: Tools, contact: str) -> None:
    x = open_channel(OPTIONS, replace(tools, contact=contact))
    opens = f"https://x.com/messages/compose?recipient_id={US}"
    assert x.invitation("") == opens
    assert x.invitation("billing__fi-7") == f"{opens}&text=/start%20billing__fi-7"


@pytest.mark.parametrize(
    ("me", "wrong"),
    [
        ({}, ""),
        ({"username": "exampleuser"}, ""),
        ({"id": "9"}, "mend handle and account"),
        ({"username": "Other"}, "@Other"),
    ],
)
async def test_a_look_tells_whose_tokens_they_are(x: X, far: Far, me: dict[str, str], wrong: str) -> None:
    far.me |= me
    tokens, hook = await x.check()
    assert wrong in tokens.wrong
    assert bool(tokens.wrong) == bool(wrong)
    assert HOOK in hook.what


@pytest.mark.parametrize(
    ("level", "enough"), [("read", False), ("read-write", False), ("read-write-directmessages", True)]
)
async def test_a_look_tells_that_the_tokens_have_no_right_to_messages(
    x: X, far: Far, level: str, enough: bool
) -> None:
    far.level = level
    _, may, _ = await x.check()
    assert (may.wrong == "", "new tokens" in may.wrong) == (enough, not enough)


async def test_a_look_tells_what_is_wrong(x: X, far: Far, reports: list[str]) -> None:
    far.plan = [problem(401)]
    assert (await x.check())[0].wrong == TOKEN_TROUBLE
    assert reports == []
