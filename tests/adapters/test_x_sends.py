"""The X channel sends: against a server as its far end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from io import BytesIO

import pytest

from adapters.base import (
    Attachment,
    Busy,
    EditOut,
    File,
    MessageKind,
    Refused,
    Tools,
    Uncertain,
    Undelivered,
)
from adapters.x import MESSAGES, MESSAGES_OF_OURS, POSTS, POSTS_OF_OURS, Options, X, open_channel
from adapters.x.calls import CREDITS_TROUBLE, RIGHTS_TROUBLE, TOKEN_TROUBLE
from adapters.x.oauth import Keys, authorization
from adapters.x.posts import cut_post, weight
from tests.adapters.contract import ANSWER, EVENT, MESSAGE, NOW, SendingContract
from tests.adapters.x_side import BY_TOKEN, OPTIONS, SECRETS, far, tools, x
from tests.fakes.x import (
    ACCESS_SECRET,
    ACCESS_TOKEN,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    PICTURE,
    Far,
    Planned,
    problem,
)

__all__ = ["far", "tools", "x"]

PUBLIC = replace(MESSAGE, conversation_id="@22", public="2080765813578191303", kind="reply")


class TestX(SendingContract):
    @pytest.fixture
    def channel(self, x: X) -> X:
        return x

    @pytest.fixture
    def far_end(self, far: Far) -> Far:
        return far

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return *SECRETS, ACCESS_TOKEN, ACCESS_SECRET


# --- proof ---------------------------------------------------------------------------------------------------


def test_a_call_is_signed_as_x_documents_it() -> None:
    """https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature"""
    told = authorization(
        Keys(
            CONSUMER_KEY,
            CONSUMER_SECRET,
            "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
            ACCESS_SECRET,
        ),
        "post",
        "https://api.x.com/1.1/statuses/update.json?include_entities=true",
        {"status": "Hello Ladies + Gentlemen, a signed OAuth request!"},
        nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        timestamp=1318622958,
    )
    assert 'oauth_signature="Ls93hJiZbQ3akF3HF3x1Bz8%2FzU4%3D"' in told
    assert 'oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"' in told


@pytest.mark.parametrize("options", [OPTIONS, BY_TOKEN], ids=["keys", "token"])
async def test_what_is_sent_is_what_x_documents(tools: Tools, far: Far, options: Options) -> None:
    x = open_channel(replace(options, api_base=far.url), tools)
    assert await x.send(MESSAGE) == "7001"
    assert await x.send(PUBLIC) == "7002"
    assert await x.send(ANSWER) == "7003"
    assert await x.send(EVENT) == EVENT.key
    assert [(path, body) for path, body, _ in far.calls] == [
        ("/2/dm_conversations/with/c-1/messages", {"text": MESSAGE.text}),
        ("/2/tweets", {"text": MESSAGE.text, "reply": {"in_reply_to_tweet_id": PUBLIC.public}}),
        ("/2/dm_conversations/with/a-1/messages", {"text": ANSWER.text}),
    ]


def pictures(*contents: bytes) -> tuple[Attachment, ...]:
    return tuple(Attachment(File("photo", "1"), BytesIO(content)) for content in contents)


async def test_pictures_are_sent_one_by_one_and_posted_together(x: X, far: Far) -> None:
    assert await x.send(replace(MESSAGE, text="", attachments=pictures(b"a", b"b"))) == "7001"
    assert await x.send(replace(PUBLIC, text="", attachments=pictures(b"c", b"d"))) == "7003"
    message, upload = "/2/dm_conversations/with/c-1/messages", "/2/media/upload"
    below = {"reply": {"in_reply_to_tweet_id": PUBLIC.public}}
    assert [(path, body) for path, body, _ in far.calls] == [
        (upload, {"media_category": "dm_image", "media": b"a"}),
        (message, {"attachments": [{"media_id": "901"}]}),
        (upload, {"media_category": "dm_image", "media": b"b"}),
        (message, {"attachments": [{"media_id": "903"}]}),
        (upload, {"media_category": "tweet_image", "media": b"c"}),
        (upload, {"media_category": "tweet_image", "media": b"d"}),
        ("/2/tweets", {**below, "media": {"media_ids": ["905", "906"]}}),
    ]


async def test_a_picture_that_came_from_x_goes_back_there(x: X, far: Far) -> None:
    file = File("photo", f"{far.url}/files/1")
    await x.send(replace(MESSAGE, text="", attachments=(Attachment(file),)))
    assert far.calls[1][1] == {"media_category": "dm_image", "media": PICTURE}


@pytest.mark.parametrize(
    ("fine", "answer", "error"),
    [
        (0, problem(500), Busy),
        (0, problem(401), Busy),
        (0, problem(400), Refused),
        (0, (200, {}, {}), Refused),
        (1, problem(500), Uncertain),
        (1, problem(403), Refused),
        (2, problem(429), Uncertain),
        (3, problem(403), Uncertain),
    ],
)
async def test_a_picture_that_does_not_go(
    x: X, far: Far, fine: int, answer: Planned, error: type[Undelivered]
) -> None:
    far.plan = [*[(200, {}, {"data": {"id": "1"}})] * fine, answer]
    with pytest.raises(error) as caught:
        await x.send(replace(MESSAGE, text="", attachments=pictures(b"a", b"b")))
    assert type(caught.value) is error


async def test_a_place_is_a_link_and_other_files_are_refused(x: X, far: Far) -> None:
    place = File.located(60.1699, 24.9384)
    await x.send(replace(MESSAGE, text="", attachments=(Attachment(place),)))
    assert far.delivered == [place.text]
    refused = (
        replace(MESSAGE, text="", attachments=(Attachment(File("video", "1"), BytesIO(b"x")),)),
        replace(MESSAGE, text="", attachments=(Attachment(File("photo", "https://elsewhere.example/1")),)),
        replace(MESSAGE, text="", attachments=(Attachment(place), *pictures(b"x"))),
        replace(PUBLIC, text="", attachments=pictures(*[b"x"] * 5)),
        replace(PUBLIC, public=""),
        EditOut("k", "c-1", "c-1", "7001", None),
    )
    for outgoing in refused:
        with pytest.raises(Refused):
            await x.send(outgoing)
    assert len(far.delivered) == 1


# --- how much fits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("Hello, world! 👋", 16),
        ("cafe\u0301", 4),
        ("käännä", 6),
        ("日本語", 6),
        ("see https://example.com/very/long/path/" + "x" * 300, 27),
        ("https://a.example b.example/" + "x" * 30, 23 + 1 + 40),
        ("example.com", 23),
        ("one.Two", 23),
        ("1.5 kg", 6),
    ],
)
def test_a_post_is_counted_as_x_does_or_as_more(text: str, counted: int) -> None:
    """The first two stand in https://docs.x.com/fundamentals/counting-characters"""
    assert weight(text) == counted


@pytest.mark.parametrize(
    ("text", "posted"),
    [
        ("x" * 280, "x" * 280),
        ("word " * 80, ("word " * 55).rstrip() + "…"),
        ("語" * 141, "語" * 139 + "…"),
        ("short " + "x" * 300, "short " + "x" * 272 + "…"),
        ("x" * 270 + " https://example.com/" + "y" * 300, "x" * 270 + "…"),
        ("x" * 250 + " https://example.com/" + "y" * 300, "x" * 250 + " https://example.com/" + "y" * 300),
    ],
)
async def test_a_post_ends_at_a_word(x: X, far: Far, text: str, posted: str) -> None:
    await x.send(replace(PUBLIC, kind="acknowledgement", text=text))
    assert far.delivered == [posted] == [cut_post(text)]
    assert weight(posted) <= 280


async def test_nobodys_own_words_are_cut(x: X, far: Far) -> None:
    with pytest.raises(Refused, match="280"):
        await x.send(replace(PUBLIC, kind="reply", text="x" * 281))
    assert far.delivered == []
    await x.send(replace(PUBLIC, kind="reply", text="x" * 280))
    assert far.delivered == ["x" * 280]


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "x." * 5_000, "語" * 10_000, "a.b c-" * 1_700, " " * 9_999 + "x"]
)
def test_the_longest_text_is_cut_at_once(text: str) -> None:
    assert weight(cut_post(text)) <= 280


# --- budgets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["acknowledgement", "update", "answer", "notice", "reply"])
def test_humans_have_what_automatic_texts_may_not_take(x: X, kind: MessageKind) -> None:
    human = kind == "reply"
    assert x.paces(replace(MESSAGE, kind=kind)) == ((MESSAGES,) if human else (MESSAGES_OF_OURS, MESSAGES))
    assert x.paces(replace(PUBLIC, kind=kind)) == ((POSTS,) if human else (POSTS_OF_OURS, POSTS))


def test_the_budgets_are_those_x_documents(x: X) -> None:
    assert (MESSAGES.most, MESSAGES.per_s, POSTS.most, POSTS.per_s) == (15, 900, 100, 900)
    assert MESSAGES_OF_OURS.most < MESSAGES.most
    assert len({one.name for one in (MESSAGES, MESSAGES_OF_OURS, POSTS, POSTS_OF_OURS)}) == 4
    assert x.paces(replace(MESSAGE, kind="reply", attachments=pictures(b"a", b"b", b"c"))) == (
        replace(MESSAGES, draws=3),
    )
    assert x.paces(ANSWER) == (MESSAGES_OF_OURS, MESSAGES)
    assert x.paces(EVENT) == ()


# --- what goes wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "delay_s"),
    [
        (problem(429, x_rate_limit_reset=str(int(NOW) + 600)), Busy, 600.0),
        (problem(429, x_rate_limit_reset=str(int(NOW) - 5)), Busy, 1.0),
        (problem(429, x_rate_limit_reset=str(int(NOW) + 90_000)), Busy, 3_600.0),
        (problem(429, x_rate_limit_reset="9" * 5_000), Busy, 60.0),
        (
            problem(
                429,
                x_rate_limit_reset=str(int(NOW) + 600),
                x_user_limit_24hour_reset=str(int(NOW) + 50),
                x_user_limit_24hour_remaining="0",
            ),
            Busy,
            50.0,
        ),
        (
            problem(
                429,
                x_rate_limit_reset=str(int(NOW) + 600),
                x_user_limit_24hour_reset=str(int(NOW) + 50),
                x_user_limit_24hour_remaining="9",
            ),
            Busy,
            600.0,
        ),
        (problem(429), Busy, 60.0),
        (problem(503, Retry_After="7"), Busy, 7.0),
        (problem(302), Busy, None),
        (problem(500), Uncertain, None),
        (problem(504), Uncertain, None),
        (problem(400), Refused, None),
        (problem(403), Refused, None),
        (problem(404), Refused, None),
        ((201, {}, {}), Uncertain, None),
        ((201, {}, {"errors": [{}]}), Refused, None),
    ],
)
async def test_what_x_answers_is_what_is_known(
    x: X, far: Far, reports: list[str], answer: Planned, error: type[Undelivered], delay_s: float | None
) -> None:
    far.plan = [answer]
    with pytest.raises(error) as caught:
        await x.send(MESSAGE)
    assert type(caught.value) is error
    if isinstance(caught.value, Busy):
        assert caught.value.retry_after_s == pytest.approx(delay_s, abs=0.1)
    assert reports == []


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (problem(401), TOKEN_TROUBLE),
        (problem(402), CREDITS_TROUBLE),
        (problem(429, "usage-capped"), CREDITS_TROUBLE),
        (problem(403, "client-forbidden"), RIGHTS_TROUBLE),
        (problem(403, "oauth1-permissions"), RIGHTS_TROUBLE),
    ],
)
async def test_what_somebody_must_mend_is_told_until_it_is(
    x: X, far: Far, reports: list[str], answer: Planned, trouble: str
) -> None:
    far.plan = [answer, answer]
    for _ in far.plan[:]:
        with pytest.raises(Busy, match=trouble):
            await x.send(MESSAGE)
    await x.send(MESSAGE)
    assert reports == [trouble, ""]


async def test_what_never_left_is_busy(tools: Tools, nobody: str) -> None:
    x = open_channel(replace(OPTIONS, api_base=nobody), tools)
    with pytest.raises(Busy):
        await x.send(MESSAGE)
    with pytest.raises(Busy):
        await x.fetch(File("photo", f"{x._calls.base}/files/1"), BytesIO())


async def test_what_was_asked_and_not_answered_is_uncertain(x: X, far: Far) -> None:
    far.faults = ["cut"]
    with pytest.raises(Uncertain):
        await x.send(PUBLIC)
    assert len(far.calls) == 1


async def test_messages_go_side_by_side_with_nonces_of_their_own(x: X, far: Far) -> None:
    await asyncio.gather(*(x.send(replace(MESSAGE, key=f"K-{number}")) for number in range(20)))
    assert len(far.delivered) == 20
