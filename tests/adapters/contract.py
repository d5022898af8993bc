"""What every channel must keep to, whatever platform is behind it. Not a test itself.

An adapter's test file derives a class from `Contract`, gives it the fixture `channel`, and adds what is its own.
"""

from __future__ import annotations

import asyncio
import json
import logging
import operator
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, get_args

import pytest
from multidict import CIMultiDict

from adapters.base import (
    Arrival,
    Busy,
    Channel,
    CommandAnswer,
    CustomerMessage,
    EventOut,
    Malformed,
    MessageOut,
    Naming,
    Outgoing,
    Person,
    Refused,
    Rejected,
    Uncertain,
    Undelivered,
)

NOW = 1_767_614_400.0
MESSAGE = MessageOut("K7Q2M4-1-0", "c-1", "c-1", "K7Q2M4", "acknowledgement", "Zażółć 😀\n{x} <b>")
ANSWER = CommandAnswer("command-1", "x-1", "a-1", "Case K7Q2M4 is yours.", ok=True, case_id="K7Q2M4")
EVENT = EventOut("wait-1", "wait.updated", {"queue": "support", "waiting": 3})
EVERYTHING: tuple[Outgoing, ...] = (MESSAGE, ANSWER, EVENT)
GARBAGE = (b"", b"hello", b"{}", b"[" * 100_000, b"\xff\xfe", b"\x00" * 1_000)


async def never(arrival: Arrival) -> None:
    """An inbox nothing must come to."""
    raise AssertionError(arrival)


class Contract:
    """The tests that every channel passes."""

    @pytest.fixture
    def sendable(self) -> Sequence[Outgoing]:
        """What this platform takes, addressed so that it arrives."""
        return EVERYTHING

    def test_it_is_a_channel(self, channel: Channel) -> None:
        assert isinstance(channel, Channel)
        assert channel.limits.text_chars > 0
        assert channel.limits.sends_at_once > 0

    @pytest.mark.parametrize("body", GARBAGE)
    @pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}, {"": "\udcff"}])
    def test_whatever_is_pushed_without_proof_is_rejected_with_a_reason(
        self, channel: Channel, headers: Mapping[str, str], body: bytes
    ) -> None:
        with pytest.raises(Rejected, match=r"\w"):
            channel.accept(headers, body, NOW)

    async def test_what_is_sent_has_an_id(self, channel: Channel, sendable: Sequence[Outgoing]) -> None:
        for outgoing in sendable:
            assert await channel.send(outgoing), outgoing

    async def test_listening_ends_when_it_is_cancelled(self, channel: Channel) -> None:
        listening = asyncio.create_task(channel.listen(never))
        await asyncio.sleep(0)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening

    async def test_it_may_be_closed_twice(self, channel: Channel) -> None:
        await channel.aclose()
        await channel.aclose()


# --- what is pushed ----------------------------------------------------------------------------------------

FORGED = 10_000
HUGE = "x" * 20_000
WRONG_VALUES: tuple[object, ...] = (None, True, -1, 1e30, "", HUGE, [], [None], {}, {"": {}})
DROPPED = object()


@dataclass(frozen=True, slots=True)
class Genuine:
    """What a platform pushes, as its documentation shows it, and how it is proven.

    `prove` gives the headers of a body signed with a secret; `secrets` are those the channel was opened with, the new
    one first. `samples` are bodies by name, of which `ordinary` is one customer's message; those in `nothing` bring
    nothing. `as_json` is False for forms. Where the proof is a token beside the body, `body_is_proven` is False; where
    it is of what the body says, `same` tells of two bodies whether they say the same.
    """

    samples: Mapping[str, bytes]
    prove: Callable[[bytes, str], Mapping[str, str]]
    secrets: tuple[str, ...]
    nothing: tuple[str, ...] = ()
    now: float = NOW
    as_json: bool = True
    body_is_proven: bool = True
    same: Callable[[bytes, bytes], bool] = operator.eq

    def headers(self, body: bytes, secret: str = "") -> CIMultiDict[str]:
        """The headers of a genuine request, as our server hands them on."""
        return CIMultiDict(self.prove(body, secret or self.secrets[0]))

    def forgeries(self, chance: random.Random, count: int) -> Iterator[tuple[CIMultiDict[str], bytes]]:
        """Genuine requests of which one thing was changed."""
        names = sorted(self.samples)
        for _ in range(count):
            body = self.samples[chance.choice(names)]
            headers = self.headers(body)
            if self.body_is_proven and chance.random() < 0.7:
                changed = _changed_bytes(chance, body)
                if not self.same(changed, body):
                    yield headers, changed
            else:
                name = chance.choice([one for one in headers if "type" not in one.lower()])
                forged = _changed_bytes(chance, headers[name].encode()).decode("latin-1")
                if forged.strip() == headers[name]:
                    continue
                headers[name] = forged
                yield headers, body


class PushedContract(Contract):
    """The tests that every channel passes that is pushed to; it gives the fixture `genuine` as well."""

    @staticmethod
    def accepted(channel: Channel, genuine: Genuine, body: bytes, secret: str = "") -> list[Arrival]:
        """What the channel takes from a genuine request."""
        return channel.accept(genuine.headers(body, secret), body, genuine.now)

    def test_an_ordinary_message_is_taken_with_each_secret(self, channel: Channel, genuine: Genuine) -> None:
        for secret in genuine.secrets:
            [arrival] = self.accepted(channel, genuine, genuine.samples["ordinary"], secret)
            assert isinstance(arrival, CustomerMessage)
            assert arrival.id
            assert arrival.conversation_id
            assert arrival.text

    def test_names_of_headers_may_be_written_small(self, channel: Channel, genuine: Genuine) -> None:
        body = genuine.samples["ordinary"]
        small = {name.lower(): value for name, value in genuine.headers(body).items()}
        assert channel.accept(small, body, genuine.now)

    def test_what_is_pushed_again_has_the_same_ids(self, channel: Channel, genuine: Genuine) -> None:
        for body in genuine.samples.values():
            first = _taken_or_refused(channel, genuine, body)
            assert all(_taken_or_refused(channel, genuine, body) == first for _ in range(3))

    def test_ids_are_not_used_twice_within_one_request(self, channel: Channel, genuine: Genuine) -> None:
        for name, body in genuine.samples.items():
            ids = [
                (type(one).__name__, one.id)
                for one in _taken_or_refused(channel, genuine, body)
                if hasattr(one, "id")
            ]
            assert len(ids) == len(set(ids)), name

    def test_what_concerns_nobody_brings_nothing(self, channel: Channel, genuine: Genuine) -> None:
        for name in genuine.nothing:
            assert not self.accepted(channel, genuine, genuine.samples[name]), name

    def test_no_forgery_of_ten_thousand_is_taken(self, channel: Channel, genuine: Genuine) -> None:
        for headers, body in genuine.forgeries(random.Random(6), FORGED):
            told = _refused(channel, headers, body, genuine.now)
            assert told, f"taken: {dict(headers)} {body[:200]!r}"
            assert not any(secret in told for secret in genuine.secrets)

    def test_a_field_that_is_missing_or_of_a_wrong_kind_breaks_nothing(
        self, channel: Channel, genuine: Genuine
    ) -> None:
        if not genuine.as_json:
            pytest.skip("forms have no kinds")
        for name, body in genuine.samples.items():
            try:
                sample = json.loads(body)
            except ValueError:
                continue
            for path, changed in _each_changed(sample):
                changed_body = json.dumps(changed).encode()
                headers = genuine.headers(changed_body)
                assert HUGE not in _refused(channel, headers, changed_body, genuine.now), f"{name}: {path}"

    @pytest.mark.parametrize("body", [*GARBAGE, b'{"a": NaN}', b'"\\ud800"', b"null", b"7", b"[]"])
    def test_proven_nonsense_is_malformed_or_nothing(
        self, channel: Channel, genuine: Genuine, body: bytes
    ) -> None:
        assert _taken_or_refused(channel, genuine, body) == []

    def test_it_shows_no_secret(self, channel: Channel, genuine: Genuine) -> None:
        for secret in genuine.secrets:
            assert secret not in repr(channel)


def _changed_bytes(chance: random.Random, body: bytes) -> bytes:
    """A bit flipped, a byte more or less, or two halves put together the wrong way round."""
    at = chance.randrange(len(body)) if body else 0
    changed = [
        lambda: body[:at] + bytes([body[at] ^ (1 << chance.randrange(7))]) + body[at + 1 :],
        lambda: body[:at] + b"x" + body[at:],
        lambda: body[:at] + body[at + 1 :],
        lambda: body[at:] + body[:at],
    ][chance.randrange(4)]()
    return changed if changed != body else body + b"x"


def _taken_or_refused(channel: Channel, genuine: Genuine, body: bytes) -> list[Arrival]:
    try:
        return channel.accept(genuine.headers(body), body, genuine.now)
    except Malformed:
        return []


def _refused(channel: Channel, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """Why a request is not taken; "" when it is. Any other error is the test's."""
    try:
        channel.accept(headers, body, now)
    except Rejected as error:
        return str(error) or "no reason"
    return ""


def _each_changed(sample: Any) -> Iterator[tuple[str, Any]]:
    """The sample again and again, each time with one field left out or of a wrong kind."""
    for path in _paths(sample):
        for value in (DROPPED, *WRONG_VALUES):
            yield ".".join(map(str, path)), _with(sample, path, value)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner: Sequence[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for key, one in inner:
        yield from _paths(one, (*path, key))


def _with(value: Any, path: tuple[Any, ...], new: object) -> Any:
    first, *rest = path
    changed = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        changed[first] = _with(value[first], tuple(rest), new)
    elif new is DROPPED:
        del changed[first]
    else:
        changed[first] = new
    return changed


# --- what is sent ------------------------------------------------------------------------------------------

Fault = Literal["busy", "broken", "refused", "unauthorised", "cut"]
"""How the far end answers a message: too many, an error of its own (which took nothing), never, a wrong token, or not
at all, hanging up after it read the request."""
SENT_AT_FAULT = 300
"""`tests/faults/test_weather.py` sends more, through the whole outbox, and looks at the clock."""
TELLING = "Perhaps a customer's words: Zażółć"


class FarEnd(Protocol):
    """The platform's side. Each of `faults` happens once, in this order, to what is sent; `delivered` are the texts
    that customers were shown. With "busy" it asks for `busy_s` seconds of silence (None: it tells no delay)."""

    faults: list[Fault]
    delivered: list[str]
    busy_s: float | None


class SendingContract(Contract):
    """The tests that every channel passes that calls a platform; it gives `far_end` (what `channel` speaks to),
    `message` (one it can send) and `secrets` as well. Where the platform drops repeats it takes them for delivered."""

    @pytest.fixture
    def message(self) -> MessageOut:
        """A message that this platform takes."""
        return MESSAGE

    @pytest.mark.parametrize(
        "text",
        ["Zażółć 😀\n{x} <b>&amp;</b>", "*_~`[a](b)\\", "<@U1> <!channel> @everyone", "٣ שלום ‮x", "'\";--"],
    )
    async def test_what_is_sent_is_what_is_shown(
        self, channel: Channel, far_end: FarEnd, message: MessageOut, text: str
    ) -> None:
        assert await channel.send(replace(message, text=text))
        assert far_end.delivered == [text]

    async def test_the_longest_text_goes_through(
        self, channel: Channel, far_end: FarEnd, message: MessageOut
    ) -> None:
        for sign in ("x", "ä", "語", "😀"):
            text = sign * (channel.limits.text_chars // channel.limits.measure(sign))
            await channel.send(replace(message, key=f"K-{sign}", text=text))
            assert far_end.delivered[-1] == text

    async def test_too_many_is_busy_with_the_delay_that_was_told(
        self, channel: Channel, far_end: FarEnd, message: MessageOut
    ) -> None:
        far_end.faults = ["busy"]
        with pytest.raises(Busy) as caught:
            await channel.send(message)
        if far_end.busy_s is not None:
            assert caught.value.retry_after_s == pytest.approx(far_end.busy_s, abs=1.0)
        assert far_end.delivered == []

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("broken", (Busy, Uncertain)),
            ("refused", (Refused,)),
            ("unauthorised", (Busy,)),
            ("cut", (Uncertain,)),
        ],
    )
    async def test_what_goes_wrong_is_told_for_what_it_is(
        self,
        channel: Channel,
        far_end: FarEnd,
        message: MessageOut,
        secrets: tuple[str, ...],
        caplog: pytest.LogCaptureFixture,
        fault: Fault,
        error: tuple[type[Undelivered], ...],
    ) -> None:
        caplog.set_level(logging.DEBUG)
        far_end.faults = [fault]
        with pytest.raises(error) as caught:
            await channel.send(replace(message, text=TELLING))
        told = str(caught.value) + repr(caught.value) + caplog.text
        assert str(caught.value)
        assert TELLING not in told
        assert not any(secret in told for secret in secrets)

    async def test_after_an_error_all_is_well_again(
        self, channel: Channel, far_end: FarEnd, message: MessageOut
    ) -> None:
        far_end.faults = ["unauthorised"]
        with pytest.raises(Busy):
            await channel.send(message)
        await channel.send(message)
        assert far_end.delivered == [message.text]

    async def test_all_arrive_once_though_one_in_seven_fails(
        self, channel: Channel, far_end: FarEnd, message: MessageOut
    ) -> None:
        """Each try is one that the outbox makes: again after the delay that was told, and not before."""
        chance, tries = random.Random(7), 0
        for number in range(SENT_AT_FAULT):
            one = replace(message, key=f"K7Q2M4-{number}-0", text=f"{number}: Zażółć")
            drawn = chance.random()
            far_end.faults = ["busy"] if drawn < 0.1 else ["broken"] if drawn < 0.15 else []
            tries += 1
            try:
                await channel.send(one)
            except (Busy, Uncertain) as error:
                tries += 1
                told_s = error.retry_after_s if isinstance(error, Busy) else None
                assert far_end.busy_s is None or drawn >= 0.1 or (told_s or 0.0) >= far_end.busy_s - 1.0
                await channel.send(one)
        assert tries > SENT_AT_FAULT * 1.1
        assert far_end.delivered == [f"{number}: Zażółć" for number in range(SENT_AT_FAULT)]


class NamingContract(SendingContract):
    """The tests that a channel passes besides whose platform tells who customers are when it is asked."""

    @pytest.mark.parametrize("fault", get_args(Fault))
    async def test_who_somebody_is_is_told_or_not(
        self, channel: Channel, far_end: FarEnd, secrets: tuple[str, ...], fault: Fault
    ) -> None:
        assert isinstance(channel, Naming)
        far_end.faults, told = [fault], ""
        try:
            assert (await channel.person_of("c-1")).id == "c-1"
        except (Busy, Refused) as error:
            told = str(error)
        assert not any(secret in told for secret in secrets)
        assert isinstance(await channel.person_of("c-2"), Person)
