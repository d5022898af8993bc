"""The Viber channel sends, fetches, listens and looks at itself: against a server as its far end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from adapters.base import (
    Attachment,
    Busy,
    Down,
    EditOut,
    File,
    FileKind,
    MessageOut,
    Refused,
    Tools,
    Uncertain,
    Undelivered,
    Unusable,
)
from adapters.viber import Options, Viber, open_channel
from bot.fetch import open_session
from tests.adapters.carrying import content_of, holding
from tests.adapters.contract import ANSWER, MESSAGE, SendingContract, never
from tests.adapters.test_viber import HOOK, OLD, TOKEN, far, tools, viber
from tests.fakes.viber import PICTURE, Far, Planned
from tests.waiting import WITHIN_S, until

__all__ = ["far", "tools", "viber"]

ELSEWHERE = "https://dl-media.viber.example/a.jpg"


class TestViber(SendingContract):
    @pytest.fixture
    def channel(self, viber: Viber) -> Viber:
        return viber

    @pytest.fixture
    def far_end(self, far: Far) -> Far:
        return far

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return (TOKEN,)


def bodies(far: Far, method: str) -> list[object]:
    return [body for name, body, _ in far.calls if name == method]


# --- texts ---------------------------------------------------------------------------------------------------


async def test_what_is_sent_is_what_viber_documents(viber: Viber, far: Far) -> None:
    assert await viber.send(MESSAGE) == "7001"
    assert await viber.send(ANSWER) == "7002"
    sender = {"sender": {"name": "Acme"}, "type": "text"}
    assert far.sent == [
        sender | {"receiver": "c-1", "text": MESSAGE.text},
        sender | {"receiver": "a-1", "text": ANSWER.text},
    ]
    _, _, headers = far.calls[0]
    assert (headers["X-Viber-Auth-Token"], headers["Content-Type"]) == (TOKEN, "application/json")


async def test_the_first_token_sends(tools: Tools, far: Far) -> None:
    await open_channel(Options((OLD, TOKEN), "Acme", api_base=far.url + "/"), tools).send(MESSAGE)
    assert far.calls[0][2]["X-Viber-Auth-Token"] == OLD


async def test_what_viber_would_not_take_is_refused_or_cut(viber: Viber, far: Far) -> None:
    with pytest.raises(Refused, match="30 kB"):
        await viber.send(replace(MESSAGE, text="\x01" * 7_000))
    await viber.send(replace(ANSWER, text="😀" * 9_000))
    assert far.delivered == ["😀" * 3_499 + "…"]


async def test_there_are_no_edits(viber: Viber) -> None:
    with pytest.raises(Refused):
        await viber.send(EditOut("k", "c-1", "c-1", "7001", "new"))


REFUSED, WAITS = {1, 3, 4, 5, 6, 11, 13, 14, *range(16, 23)}, {2, 7, 8, 9, 10, 12, 15, 23, 24, 25, 1000, -1}


@pytest.mark.parametrize("status", sorted(REFUSED | WAITS))
async def test_what_a_status_means(viber: Viber, far: Far, status: int) -> None:
    far.plan = [status]
    with pytest.raises(Refused if status in REFUSED else Busy, match=r"\w"):
        await viber.send(MESSAGE)


async def test_what_the_operator_must_mend_is_reported_until_it_is(
    viber: Viber, far: Far, reports: list[str]
) -> None:
    far.plan = [2, 2, 24, 0, 0]
    for _ in range(3):
        with pytest.raises(Busy):
            await viber.send(MESSAGE)
    await viber.send(MESSAGE)
    await viber.send(MESSAGE)
    assert [("token" in one, "balance" in one) for one in reports] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert reports[-1] == ""


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, Busy) for status in (302, 404, 429, 503)),
        *((status, Uncertain) for status in (200, 500, 502, 504)),
    ],
)
async def test_what_is_not_vibers_answer(
    viber: Viber, far: Far, status: int, error: type[Undelivered]
) -> None:
    far.plan = [(status, {"Retry-After": "7"})]
    with pytest.raises(error) as caught:
        await viber.send(MESSAGE)
    assert not isinstance(caught.value, Busy) or caught.value.retry_after_s == 7.0
    assert len(far.calls) == 1


async def test_what_never_left_waits_and_what_may_have_arrived_is_uncertain(
    tools: Tools, nobody: str, silent: str
) -> None:
    with pytest.raises(Busy):
        await open_channel(Options(TOKEN, "Acme", api_base=nobody), tools).send(MESSAGE)
    viber = open_channel(Options(TOKEN, "Acme", api_base=silent), tools)
    with pytest.raises(Uncertain):
        await viber.send(MESSAGE)
    assert not viber.limits.resend_is_safe


# --- files ---------------------------------------------------------------------------------------------------


def with_files(*attachments: Attachment) -> MessageOut:
    return replace(MESSAGE, text="", attachments=attachments)


async def test_a_file_with_an_address_goes_by_it(viber: Viber, far: Far) -> None:
    photo, film = Attachment(File("photo", ELSEWHERE)), Attachment(File("video", ELSEWHERE))
    place = Attachment(File("location", "60.169900,-24.938400"))
    assert await viber.send(with_files(photo, film, place)) == "7001"
    wanted = {"sender": {"name": "Acme"}, "receiver": "c-1"}
    assert far.sent == [
        wanted | {"type": "picture", "text": "", "media": ELSEWHERE},
        wanted | {"type": "url", "media": ELSEWHERE},
        wanted | {"type": "location", "location": {"lat": 60.1699, "lon": -24.9384}},
    ]


@pytest.mark.parametrize(
    "attachment",
    [
        holding(File("photo", "photo:AgAC"), b"JFIF"),
        holding(File("photo", ELSEWHERE), b"JFIF"),
        holding(File("photo", "photo:AgAC"), b"JFIF", "https://" + "a" * 2_000),
        Attachment(File("document", "http://viber.example/a.pdf")),
        Attachment(File("document", "https://" + "a" * 2_000)),
    ],
)
async def test_a_file_without_an_address_is_refused_with_a_way_out(
    viber: Viber, far: Far, attachment: Attachment
) -> None:
    with pytest.raises(Refused, match="send a link"):
        await viber.send(with_files(Attachment(File("photo", ELSEWHERE)), attachment))
    assert not far.calls


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        (File("photo", "1", mime="image/jpeg", size_bytes=1_000_000), {"type": "picture", "text": ""}),
        (
            File("photo", "1", mime="image/jpeg", size_bytes=1_000_001),
            {"type": "file", "size": 1_000_001, "file_name": "photo.jpg"},
        ),
        (File("video", "1", mime="video/mp4", size_bytes=26_000_000), {"type": "video", "size": 26_000_000}),
        (
            File("video", "1", "a.mp4", "video/mp4", size_bytes=26_000_001),
            {"type": "file", "size": 26_000_001, "file_name": "a.mp4"},
        ),
        (
            File("document", "1", "lasku ä.pdf", size_bytes=7),
            {"type": "file", "size": 7, "file_name": "lasku ä.pdf"},
        ),
        (
            File("voice", "1", mime="audio/ogg", size_bytes=7),
            {"type": "file", "size": 7, "file_name": "photo.jpg"},
        ),
        (File("document", "1"), {"type": "url"}),
    ],
)
async def test_a_file_from_elsewhere_goes_by_our_address(
    viber: Viber, far: Far, file: File, shown: dict[str, object]
) -> None:
    url = "https://jono.example/files/token/photo.jpg"
    await viber.send(with_files(Attachment(file, url=url)))
    assert far.sent == [{"sender": {"name": "Acme"}, "receiver": "c-1", "media": url} | shown]


async def test_files_that_went_are_not_sent_again(viber: Viber, far: Far) -> None:
    photo = Attachment(File("photo", ELSEWHERE))
    far.plan = [12]
    with pytest.raises(Busy):
        await viber.send(with_files(photo, photo))
    failures: list[Planned] = [12, 6, (500, {})]
    for failure in failures:
        far.plan = [0, failure]
        with pytest.raises(Uncertain, match="only 1 of 2"):
            await viber.send(with_files(photo, photo))


@pytest.mark.parametrize("kind", ["photo", "video", "document", "sticker"])
async def test_a_file_is_fetched(viber: Viber, far: Far, kind: FileKind) -> None:
    assert await content_of(viber, File(kind, far.url.replace("/pa", "/media/picture"))) == PICTURE
    assert not far.calls, "no token goes to where files are kept"


@pytest.mark.parametrize(
    ("name", "error"),
    [("302", Refused), ("403", Refused), ("404", Refused), ("410", Refused), ("429", Busy), ("500", Busy)],
)
async def test_a_file_that_is_not_there(viber: Viber, far: Far, name: str, error: type[Undelivered]) -> None:
    with pytest.raises(error) as caught:
        await content_of(viber, File("photo", far.url.replace("/pa", f"/media/{name}")))
    assert not isinstance(caught.value, Busy) or caught.value.retry_after_s == 9.0


async def test_a_file_that_does_not_come_is_asked_for_again(viber: Viber, far: Far) -> None:
    with pytest.raises(Busy):
        await content_of(viber, File("photo", far.url.replace("/pa", "/media/cut")))


async def test_a_file_has_a_size(viber: Viber, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    file = File("photo", far.url.replace("/pa", "/media/picture"))
    monkeypatch.setattr("adapters.viber.FILE_BYTES", len(PICTURE))
    assert await content_of(viber, file) == PICTURE
    monkeypatch.setattr("adapters.viber.FILE_BYTES", len(PICTURE) - 1)
    with pytest.raises(Refused, match="larger than"):
        await content_of(viber, file)


@pytest.mark.parametrize("ref", ["", "60.1,24.9", "ftp://viber.example/a", "file:///etc/passwd", "https://["])
async def test_only_addresses_are_fetched(viber: Viber, ref: str) -> None:
    with pytest.raises(Refused):
        await content_of(viber, File("document", ref))


async def test_nobody_is_led_into_our_network(tools: Tools, far: Far) -> None:
    port = far.url.partition("://")[2].partition("/")[0].rpartition(":")[2]
    async with open_session(allow_private=False) as session:
        viber = open_channel(Options(TOKEN, "Acme"), replace(tools, http=session))
        for host in ("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"):
            for scheme in ("http", "https"):
                with pytest.raises(Refused, match="not public"):
                    await content_of(viber, File("photo", f"{scheme}://{host}:{port}/media/picture"))


# --- listening and looking -----------------------------------------------------------------------------------


async def listening(viber: Viber, reports: list[str]) -> asyncio.Task[None]:
    """A session that has begun, or ended."""
    task = asyncio.create_task(viber.listen(never))
    await until(lambda: reports or task.done())
    return task


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "before",
    [
        {"webhook": ""},
        {"webhook": "https://other.example/"},
        {"event_types": ["message"]},
        {"event_types": None},
    ],
)
async def test_it_makes_known_where_to_push(
    viber: Viber, far: Far, reports: list[str], before: dict[str, object]
) -> None:
    far.account |= before
    await ended(await listening(viber, reports))
    [wanted] = bodies(far, "set_webhook")
    events = ["subscribed", "unsubscribed", "conversation_started", "failed"]
    assert wanted == {"url": HOOK, "event_types": events, "send_name": True}
    assert reports == [""]


async def test_what_is_set_already_is_left_alone(viber: Viber, far: Far, reports: list[str]) -> None:
    await ended(await listening(viber, reports))
    assert not bodies(far, "set_webhook")


async def test_a_webhook_that_is_taken_away_is_noticed(
    viber: Viber, far: Far, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.viber.WATCH_S", 0.001)
    task = await listening(viber, reports)
    far.account |= {"webhook": "https://other.example/"}
    with pytest.raises(Down, match="another program"):
        await asyncio.wait_for(task, WITHIN_S)


@pytest.mark.parametrize(
    ("plan", "error", "words"),
    [
        ([2], Unusable, "token"),
        ([9], Down, "suspended"),
        ([99], Down, "99"),
        ([(500, {})], Down, "HTTP 500"),
        ([(504, {})], Down, "HTTP 504"),
        ([(200, {})], Down, "no sense"),
        ([0, 1], Down, "told by Viber"),
    ],
)
async def test_why_it_cannot_be_listened_to(
    viber: Viber, far: Far, plan: list[Planned], error: type[Exception], words: str
) -> None:
    far.account |= {"webhook": ""}
    far.plan = [*plan]
    with pytest.raises(error, match=words) as caught:
        await viber.listen(never)
    assert TOKEN not in str(caught.value)
    far.plan = plan[:1] if plan[0] else []
    findings = await viber.check()
    assert [finding.what for finding in findings if finding.wrong] == (
        ["Viber takes the token"] if plan[0] else []
    )


async def test_an_address_that_is_none_is_unusable(tools: Tools) -> None:
    with pytest.raises(Unusable, match="api_base"):
        await open_channel(Options(TOKEN, "Acme", api_base="http://["), tools).listen(never)


@pytest.mark.parametrize("webhook", ["", HOOK, "https://other.example/"])
async def test_a_look_changes_nothing(viber: Viber, far: Far, webhook: str) -> None:
    far.account |= {"webhook": webhook}
    findings = await viber.check()
    assert not any(finding.wrong for finding in findings)
    assert "“Acme”" in findings[0].what
    assert ("replaced" in findings[1].what) == (webhook == "https://other.example/")
    assert [name for name, _, _ in far.calls] == ["get_account_info"]
    assert json.dumps([finding.what for finding in findings]).find(TOKEN) == -1
