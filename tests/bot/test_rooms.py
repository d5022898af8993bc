"""Agents' rooms: a case is shown there as it is, whatever happens to it, and nothing that was said is lost."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pytest

from adapters.base import (
    AgentCommand,
    AgentEdit,
    Busy,
    CustomerEdit,
    CustomerGone,
    CustomerMessage,
    CustomerReaction,
    EditOut,
    File,
    Gone,
    Limits,
    MessageOut,
    NameRoom,
    OpenRoom,
    Outgoing,
    OutsideReply,
    Pace,
    Person,
    Post,
    Receipt,
    Refused,
    ShowCard,
    Uncertain,
    Undeliverable,
)
from bot.case import Case
from tests.fakes.desk import TABLES, Floor, Platform, changed, open_floor

BEN = Person("b-1", "Ben")
PHOTO = File("photo", "photo:1", size_bytes=3)


@dataclass
class Shown:
    """One room as its agents see it."""

    title: str
    card: str = ""
    buttons: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    files: list[bytes | str] = field(default_factory=list)
    open: bool = True


class House(Platform):
    """A platform with rooms, and files."""

    def __init__(self, text_chars: int = 1_000) -> None:
        super().__init__(resend_is_safe=False)
        self.limits = Limits(text_chars, resend_is_safe=False, file_bytes=1_000, room=True)
        self.rooms: dict[str, Shown] = {}
        self.marks: dict[str, str] = {}
        self.paced: Sequence[Pace] = ()
        self._ids = itertools.count(1)

    def paces(self, outgoing: Outgoing) -> Sequence[Pace]:
        return self.paced

    async def fetch(self, file: File, into: BinaryIO) -> None:
        into.write(file.ref.encode())

    async def send(self, outgoing: Outgoing) -> str:
        await super().send(outgoing)
        return self._show(outgoing)

    def _show(self, out: Outgoing) -> str:
        new = str(next(self._ids))
        match out:
            case OpenRoom():
                self.rooms[f"t{new}"] = Shown(out.title)
                return f"t{new}"
            case ShowCard() | NameRoom() | Post() if out.place not in self.rooms:
                raise Gone("message thread not found")
            case ShowCard():
                room = self.rooms[out.place]
                room.card, room.buttons = out.text, [button.command for button in out.buttons]
                return out.message_id or f"m{new}"
            case NameRoom():
                self.rooms[out.place].title, self.rooms[out.place].open = out.title, out.open
                return ""
            case Post():
                room = self.rooms[out.place]
                room.posts += [out.text] if out.text else []
                room.files += [one.content.read() if one.content else one.file.ref for one in out.attachments]
            case Receipt():
                self.marks[out.ref] = out.fate
        return f"m{new}"

    @property
    def room(self) -> Shown:
        """The only room there is."""
        [room] = self.rooms.values()
        return room

    @property
    def place(self) -> str:
        """Its place."""
        [place] = self.rooms
        return place


@pytest.fixture
def house() -> House:
    return House()


def tables() -> dict[str, Any]:
    """Customers write to the shop, agents sit in the house; the bank's queue is another team's."""
    both = changed("channels.house", {**TABLES["channels"]["shop"], "agents": ["b-1"]})
    return changed("queues.billing.team", ["bank"], changed("queues.support.team", ["shop", "house"], both))


@pytest.fixture
async def floor(store_url: str, house: House) -> AsyncIterator[Floor]:
    platforms = {"shop": Platform(), "bank": Platform(), "house": house}
    async with open_floor(store_url, tables=tables(), platforms=platforms) as running:
        yield running


async def spoken(floor: Floor, house: House, text: str, ref: str = "m900", **more: Any) -> None:
    """Ben writes something in the room."""
    note = text.startswith("//")
    command = AgentCommand(
        f"x-{ref}",
        BEN,
        "note" if note else "reply",
        text.removeprefix("//"),
        place=house.place,
        ref=ref,
        member=True,
        **more,
    )
    await floor.parts.inbox.receive("house", command)
    await floor.deliver()


async def pressed(
    floor: Floor, command: str, case: Case, agent: Person = BEN, arguments: str | None = None
) -> None:
    await floor.parts.inbox.receive(
        "house",
        AgentCommand(
            f"q-{command}-{agent.id}",
            agent,
            command,
            case.id if arguments is None else arguments,
            member=True,
        ),
    )
    await floor.deliver()


# --- what is shown -----------------------------------------------------------------------------------------


async def test_a_new_case_gets_a_room_with_a_card_and_what_was_said(floor: Floor, house: House) -> None:
    await floor.ask("/on")
    case = await floor.opened("Where is my parcel?", name="Aino")
    await floor.deliver()
    room = house.room
    assert case.id in room.title
    assert "Aino" in room.title
    assert "since" in room.title
    assert case.id in room.card
    assert "waiting" in room.card
    assert "Promised by" in room.card
    assert room.buttons == ["claim", "next"]
    assert room.posts == ["👤 Aino:\nWhere is my parcel?"]


async def test_cases_of_other_teams_are_not_shown(floor: Floor, house: House) -> None:
    await floor.write("My invoice", channel="bank")
    await floor.deliver()
    assert house.rooms == {}


async def test_many_messages_become_one_post_each_shown_once(floor: Floor, house: House) -> None:
    await floor.write("one")
    await floor.deliver()
    for text in ("two", "three", "four"):
        await floor.write(text)
    await floor.deliver()
    await floor.deliver()
    assert house.room.posts == ["👤 Aino:\none", "👤 Aino:\ntwo\n\nthree\n\nfour"]


async def test_the_card_follows_the_case(floor: Floor, house: House) -> None:
    case = await floor.opened()
    await floor.deliver()
    await pressed(floor, "claim", case)
    assert "Agent: Ben" in house.room.card
    assert "Ben" in house.room.title
    assert house.room.buttons == ["release", "close"]
    await pressed(floor, "close", case)
    assert not house.room.open
    assert house.room.buttons == []


async def test_a_claim_elsewhere_is_seen_here(floor: Floor, house: House) -> None:
    """The shop's agents work by command, the house's see it in the room."""
    case = await floor.opened()
    await floor.ask(f"/claim {case.id}", agent="a-1")
    await floor.ask("/reply Tomorrow.", agent="a-1")
    assert "Agent: A-1" in house.room.card
    assert house.room.posts[-1] == "💬 A-1:\nTomorrow."


async def test_a_long_text_is_shown_in_parts(store_url: str) -> None:
    house = House(text_chars=40)
    platforms = {"shop": Platform(), "bank": Platform(), "house": house}
    async with open_floor(store_url, tables=tables(), platforms=platforms) as floor:
        words = " ".join(f"word{number}" for number in range(40))
        await floor.write(words)
        await floor.write("and more")
        await floor.deliver()
        *parts, last = house.room.posts
        heads, shown = zip(*(part.split("\n", 1) for part in parts), strict=True)
        assert " ".join(shown) == words
        assert heads == tuple(f"👤 Aino ({n}/{len(parts)}):" for n in range(1, len(parts) + 1))
        assert last == "👤 Aino:\nand more"
        assert max(map(len, house.room.posts)) <= 40


async def test_files_are_fetched_from_where_they_were_sent(store_url: str) -> None:
    """A photo goes from one platform to the room of another: fetched and sent on, and kept by nobody."""
    home, away = House(), House()
    platforms = {"shop": home, "bank": Platform(), "house": away}
    async with open_floor(store_url, tables=tables(), platforms=platforms) as floor:
        message = CustomerMessage("m-1", "c-1", Person("c-1", "Aino"), "Look:", files=(PHOTO,), ref="m1")
        await floor.parts.inbox.receive("shop", message)
        await floor.deliver()
        assert away.room.posts == ["👤 Aino:\nLook:\n[photo: 1 kB]"]
        assert away.room.files == [b"photo:1"]
        assert home.room.files == ["photo:1"], "at home its name is enough"


# --- what agents write there -------------------------------------------------------------------------------


async def test_what_is_written_in_the_room_reaches_the_customer_word_for_word(
    floor: Floor, house: House
) -> None:
    case = await floor.opened()
    await floor.deliver()
    await spoken(floor, house, f"{case.id} is your number.\n\nBye")
    assert floor.messages()[-1].text == f"{case.id} is your number.\n\nBye"
    assert house.marks == {"m900": "delivered"}
    assert house.room.posts == ["👤 Aino:\nHello"], "what stands there already is not repeated"
    assert floor.answers("b-1", "house") == []


async def test_a_note_stays_in_the_house(floor: Floor, house: House) -> None:
    await floor.opened()
    await floor.deliver()
    before = len(floor.messages())
    await spoken(floor, house, "//a regular")
    assert len(floor.messages()) == before
    assert house.marks == {"m900": "noted"}


async def test_talk_outside_a_cases_room_is_nobodys(floor: Floor, house: House) -> None:
    await floor.opened()
    await floor.deliver()
    before = len(floor.messages())
    command = AgentCommand("x-1", BEN, "reply", "Lunch?", place="t77777", ref="m5", member=True)
    await floor.parts.inbox.receive("house", command)
    await floor.deliver()
    assert len(floor.messages()) == before
    assert floor.answers("b-1", "house") == []


async def test_a_reply_to_somebody_elses_case_is_refused_aloud(floor: Floor, house: House) -> None:
    case = await floor.opened()
    await floor.ask(f"/claim {case.id}", agent="a-1")
    before = len(floor.messages())
    await spoken(floor, house, "Hello!")
    assert len(floor.messages()) == before
    [answer] = floor.answers("b-1", "house")
    assert not answer.ok
    assert "A-1" in answer.text


async def test_only_members_and_named_agents_speak(floor: Floor, house: House) -> None:
    case = await floor.opened()
    await floor.deliver()
    stranger = AgentCommand("x-1", Person("z-1", "Zed"), "claim", case.id, place=house.place)
    await floor.parts.inbox.receive("house", stranger)
    await floor.deliver()
    assert (await floor.case()) is not None
    assert "Zed" not in house.room.card
    assert [answer.ok for answer in floor.answers("z-1", "house")] == [False]


async def test_a_file_for_a_customer_whose_platform_takes_none_fails_aloud(
    floor: Floor, house: House
) -> None:
    await floor.opened()
    await floor.deliver()
    await spoken(floor, house, "See", files=(PHOTO,))
    assert floor.messages()[-1].text == "See"
    assert house.marks == {"m900": "failed"}
    assert "takes no files" in house.room.posts[-1]


# --- failures ----------------------------------------------------------------------------------------------


async def test_an_uncertain_reply_is_shown_and_sent_again_by_one_tap(store_url: str, house: House) -> None:
    shop = House()
    shop.limits = Limits(1_000, resend_is_safe=False)
    platforms = {"shop": shop, "bank": Platform(), "house": house}
    async with open_floor(store_url, tables=tables(), platforms=platforms) as floor:
        await floor.opened()
        await floor.deliver()
        shop.troubles.append(Uncertain("no answer: ReadTimeout"))
        await spoken(floor, house, "Tomorrow.")
        assert house.marks == {"m900": "failed"}
        assert "unconfirmed" in house.room.posts[-1]
        resend = [out for out in house.sent if isinstance(out, Post) and out.buttons][-1].buttons[0]
        assert resend.command == "resend"
        case = await floor.case()
        assert case is not None
        await pressed(floor, "resend", case, arguments=resend.arguments)
        assert [message.text for message in floor.messages() if message.kind == "reply"] == ["Tomorrow."]
        assert house.marks == {"m900": "delivered"}


async def test_a_deleted_room_is_made_anew_with_all_that_was_said(floor: Floor, house: House) -> None:
    await floor.write("one")
    await floor.deliver()
    await spoken(floor, house, "two")
    house.rooms.clear()
    await floor.write("three")
    await floor.deliver()
    [shown] = ["\n\n".join(room.posts) for room in house.rooms.values()]
    assert shown == "👤 Aino:\none\n\n💬 Ben:\ntwo\n\n👤 Aino:\nthree", (
        "also what Ben wrote in the room that is gone"
    )


async def test_a_room_that_is_busy_is_brought_up_to_date_later_and_only_once(
    floor: Floor, house: House
) -> None:
    house.troubles.extend([Busy("flood"), Uncertain("no answer"), Busy("flood")])
    await floor.write("one")
    await floor.deliver()
    assert house.room.posts == ["👤 Aino:\none"]


async def test_one_post_that_is_refused_does_not_hide_the_next(floor: Floor, house: House) -> None:
    await floor.write("one")
    await floor.deliver()
    house.troubles.append(Refused("bad text"))
    await floor.write("two")
    await floor.deliver()
    await floor.write("three")
    await floor.deliver()
    assert house.room.posts == ["👤 Aino:\none", "👤 Aino:\nthree"]


async def test_the_pace_of_the_platform_is_kept(floor: Floor, house: House) -> None:
    house.paced = [Pace("group", most=2, per_s=0.1)]
    for number in range(3):
        await floor.write(f"from {number}", who=f"c-{number}")
    await floor.deliver()
    assert len(house.rooms) == 3
    assert all(room.card and room.posts for room in house.rooms.values())


# --- beside messages ---------------------------------------------------------------------------------------


async def test_edits_deletions_and_reactions_are_shown(floor: Floor, house: House) -> None:
    message = CustomerMessage("m-1", "c-1", Person("c-1", "Aino"), "Where is it?", ref="m1")
    for arrival in (
        message,
        CustomerEdit("e-1", "c-1", "m1", "Where is my parcel?"),
        CustomerReaction("r-1", "c-1", "👍"),
        CustomerEdit("e-2", "c-1", "m1", None),
    ):
        await floor.parts.inbox.receive("shop", arrival)
        await floor.parts.inbox.receive("shop", arrival)
        await floor.deliver()
    assert house.room.posts == [
        "👤 Aino:\nWhere is it?",
        "👤 The customer changed a message to:\nWhere is my parcel?",
        "👤 The customer reacted: 👍",
        "👤 The customer deleted a message.",
    ]


async def test_an_agents_correction_reaches_the_customer(store_url: str, house: House) -> None:
    shop = House()
    platforms = {"shop": shop, "bank": Platform(), "house": house}
    async with open_floor(store_url, tables=tables(), platforms=platforms) as floor:
        await floor.opened()
        await floor.deliver()
        await spoken(floor, house, "Tomorow.")
        for number, text in enumerate(("Tomorrow.", None)):
            edit = AgentEdit(f"e-{number}", BEN, house.place, "m900", text, member=True)
            await floor.parts.inbox.receive("house", edit)
            await floor.deliver()
        edits = [out for out in shop.sent if isinstance(out, EditOut)]
        assert [edit.text for edit in edits] == ["Tomorrow.", None]
        assert {edit.message_id for edit in edits} == {edits[0].message_id}


async def test_a_customer_who_blocked_us_has_given_up(floor: Floor, house: House) -> None:
    case = await floor.opened()
    await floor.parts.inbox.receive("shop", CustomerGone("g-1", "c-1"))
    await floor.deliver()
    assert (await floor.ended(case)).state == "abandoned"
    assert "blocked" in house.room.posts[-1]


async def test_what_a_platform_took_and_did_not_bring_is_told_once_and_has_no_button(
    floor: Floor, house: House
) -> None:
    case = await floor.opened()
    await floor.deliver()
    for _ in range(2):
        await floor.parts.inbox.receive("shop", Undeliverable("u-1", "c-1", "the phone is switched off"))
        await floor.deliver()
    told = [post for post in house.room.posts if "switched off" in post]
    assert told == ["⚠️ Not delivered to the customer: the phone is switched off"]
    assert [out.buttons for out in house.sent if isinstance(out, Post) and "switched off" in out.text] == [()]
    assert (await floor.ended(case)).state == "waiting"


async def test_the_owners_own_message_is_the_reply(floor: Floor, house: House) -> None:
    case = await floor.opened()
    await floor.deliver()
    before = len(floor.messages())
    await floor.parts.inbox.receive("shop", OutsideReply("o-1", "c-1", Person("owner", "Olga"), "On its way"))
    await floor.deliver()
    assert (await floor.ended(case)).state == "answered"
    assert len(floor.messages()) == before
    assert house.room.posts[-1] == "💬 Olga, past the bot:\nOn its way"


async def test_long_replies_go_out_in_parts_and_only_lost_ones_again(store_url: str, house: House) -> None:
    shop = House(text_chars=30)
    platforms = {"shop": shop, "bank": Platform(), "house": house}
    async with open_floor(store_url, tables=tables(), platforms=platforms) as floor:
        await floor.opened()
        await floor.deliver()
        text = " ".join(f"word{number}" for number in range(20))
        before = len(floor.messages())
        await spoken(floor, house, text)
        parts = [message.text for message in floor.messages()[before:] if isinstance(message, MessageOut)]
        assert " ".join(parts) == text
        assert max(map(len, parts)) <= 30
        assert house.marks == {"m900": "delivered"}


async def test_a_case_that_leaves_for_another_team_leaves_no_room_that_pretends(
    floor: Floor, house: House
) -> None:
    case = await floor.opened()
    await floor.deliver()
    await pressed(floor, "claim", case)
    assert house.room.buttons == ["release", "close"]
    await pressed(floor, "transfer", case, arguments=f"{case.id} billing")
    await floor.deliver()
    assert house.room.buttons == []
    assert not house.room.open
    assert "Queue: billing" in house.room.card
    await floor.write("still there?")
    await floor.deliver()
    assert len(house.rooms) == 1, "it is the other team's now"


async def test_a_case_that_stays_with_the_team_keeps_its_room(store_url: str, house: House) -> None:
    platforms = {"shop": Platform(), "bank": Platform(), "house": house}
    every_queue = changed("queues.billing.team", [], tables())
    async with open_floor(store_url, tables=every_queue, platforms=platforms) as floor:
        case = await floor.opened()
        await floor.deliver()
        await pressed(floor, "transfer", case, arguments=f"{case.id} billing")
        await floor.deliver()
        assert house.room.open
        assert "Queue: billing" in house.room.card
        assert house.room.buttons == ["claim", "next"]
