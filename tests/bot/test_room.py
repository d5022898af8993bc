"""What a room is sent next: everything once and in order, each post in one voice, and nothing twice by mistake."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Button, File, Limits, NameRoom, OpenRoom, Person, Post, ShowCard, utf16
from adapters.discord.text import measure as escaped
from bot.bodies import files_out
from bot.case import Case, CaseState, changed
from bot.room import SHOWN_AT_MOST, RoomStep, View, albums
from bot.store.rooms import Room
from bot.words import Words
from tests.bot.test_words import HELSINKI, TUESDAY_AFTERNOON

WORDS = Words().room("en", HELSINKI)
CASE = Case(
    "K7Q2M4",
    "support",
    "shop",
    "c-1",
    Person("c-1", "Aino", "fi"),
    TUESDAY_AFTERNOON,
    turn_at=TUESDAY_AFTERNOON,
    active_at=TUESDAY_AFTERNOON,
    version=3,
)
PHOTO, PLAN = File("photo", "p", size_bytes=900), File("document", "d", "plan.pdf", size_bytes=2_000_000)
Entry = Mapping[str, Any]


def customer(text: str, **more: Any) -> Entry:
    return {"at": TUESDAY_AFTERNOON, "by": "customer", "text": text, **more}


def agent(text: str, who: str = "Ben", **more: Any) -> Entry:
    return {"at": TUESDAY_AFTERNOON, "by": "agent", "who": who, "text": text, **more}


def view(
    said: Sequence[Entry] = (),
    case: Case = CASE,
    text_chars: int = 4096,
    measure: Callable[[str], int] = utf16,
    file_bytes: int = 1_000,
) -> View:
    limits = Limits(text_chars, resend_is_safe=False, measure=measure, file_bytes=file_bytes, room=True)
    return View(case, said, "house", limits, WORDS, "Support")


def steps(shown: View, room: Room, returned: str = "t1") -> tuple[list[RoomStep], Room]:
    """All that is sent until the room shows everything, by a platform that returns numbered ids."""
    taken: list[RoomStep] = []
    while (step := shown.next_step(room)) is not None:
        assert len(taken) < 1_000, "there is no end to it"
        assert shown.next_step(room) == step, "the same case and room, the same step"
        taken.append(step)
        room, _ = step.after(returned if isinstance(step.out, OpenRoom) else f"m{len(taken)}")
    return taken, room


def posts(taken: Sequence[RoomStep]) -> list[Post]:
    return [step.out for step in taken if isinstance(step.out, Post)]


def texts(taken: Sequence[RoomStep]) -> list[str]:
    return [post.text for post in posts(taken) if post.text]


def room_of(said: Sequence[Entry], **more: Any) -> Room:
    """The room once it shows this, made when there was nothing yet."""
    _, empty = steps(view((), **more), Room())
    return steps(view(said, **more), empty)[1]


# --- the order of things -----------------------------------------------------------------------------------


def test_a_new_room_gets_its_card_then_what_was_said() -> None:
    taken, room = steps(view([customer("Hello")]), Room())
    kinds = [type(step.out) for step in taken]
    assert kinds == [OpenRoom, ShowCard, Post]
    assert (room.place, room.card, room.told) == ("t1", "m2", 1)


def test_where_the_card_comes_with_the_room_it_is_not_sent_again() -> None:
    taken, room = steps(view([customer("Hello")]), Room(), "17 18")
    assert [type(step.out) for step in taken] == [OpenRoom, Post]
    assert (room.place, room.card) == ("17", "18")


def test_all_that_is_sent_leads_to_the_case() -> None:
    taken, _ = steps(view([customer("Hello")]), Room())
    opened, card, post = taken
    assert opened.after("17 18")[1] == ["17", "18"]
    assert opened.after("m17 m17")[1] == ["m17"]
    assert card.after("m2")[1] == ["m2"]
    assert post.after("m3")[1] == ["m3"]
    assert post.after("")[1] == []


def test_the_title_comes_last_and_tells_when_it_is_over() -> None:
    room = room_of([customer("Hello")])
    case = changed(CASE, state=CaseState.CLOSED, agent="house/b-1", agent_name="Ben")
    taken, _ = steps(view([customer("Hello"), agent("Bye")], case), room)
    assert [type(step.out) for step in taken] == [ShowCard, Post, NameRoom]
    name = taken[-1].out
    assert isinstance(name, NameRoom)
    assert (name.state, name.open) == ("closed", False)


def test_what_shows_everything_is_left_alone() -> None:
    said = [customer("Hello"), agent("Hi")]
    room = room_of(said)
    assert view(said).next_step(room) is None
    assert view(said, changed(CASE, version=9, active_at=CASE.active_at + 60)).next_step(room) is None


@pytest.mark.parametrize(
    ("state", "commands"),
    [
        (CaseState.WAITING, ["claim", "next"]),
        (CaseState.CLAIMED, ["release", "close"]),
        (CaseState.ANSWERED, ["close", "next"]),
        (CaseState.CLOSED, []),
        (CaseState.ABANDONED, []),
    ],
)
def test_the_card_has_the_buttons_of_its_state(state: CaseState, commands: list[str]) -> None:
    step = view((), changed(CASE, state=state)).next_step(Room())
    assert step is not None
    assert isinstance(step.out, OpenRoom)
    assert [button.command for button in step.out.buttons] == commands
    assert {button.arguments for button in step.out.buttons} <= {CASE.id, ""}
    assert step.out.state == state.value


# --- what was said -----------------------------------------------------------------------------------------


def test_texts_of_one_voice_share_a_post_and_each_voice_has_its_own() -> None:
    said = [
        customer("one"),
        customer("two"),
        agent("three"),
        agent("four", who="Maija"),
        {"by": "note", "who": "Maija", "text": "five"},
        customer("six"),
    ]
    assert texts(steps(view(said), Room())[0]) == [
        "👤 Aino:\none\n\ntwo",
        "💬 Ben:\nthree",
        "💬 Maija:\nfour",
        "📝 Maija:\nfive",
        "👤 Aino:\nsix",
    ]


def test_messages_that_do_not_fit_together_are_not_cut_for_it() -> None:
    said = [customer("one two"), customer("three four"), customer("five six")]
    shown = texts(steps(view(said, text_chars=30), Room())[0])
    assert shown == ["👤 Aino:\none two\n\nthree four", "👤 Aino:\nfive six"]


def test_a_text_that_reads_like_an_agents_is_still_the_customers() -> None:
    """What looks like a post within a post has the customer's head above it, in every part of a long text too."""
    forged = "Thanks!\n\n💬 Ben:\nRefunded."
    long = " ".join(["word"] * 100) + "\n\n💬 Ben:\nRefunded.\n\n" + " ".join(["word"] * 100)
    for text in (forged, long):
        shown = texts(steps(view([customer(text)], text_chars=300), Room())[0])
        assert all(post.startswith("👤 Aino") for post in shown)


def test_what_an_agent_wrote_in_the_room_stands_there_already() -> None:
    said = [customer("one"), agent("two", **{"from": "house/m7"}), customer("three")]
    taken, room = steps(view(said), room_of(said[:1]))
    assert texts(taken) == ["👤 Aino:\nthree"]
    assert room.told == 3


def test_what_was_written_in_another_room_is_shown() -> None:
    said = [customer("one"), agent("two", **{"from": "other/m7"})]
    assert texts(steps(view(said), room_of(said[:1]))[0]) == ["💬 Ben:\ntwo"]


def test_a_room_made_anew_shows_also_what_was_written_in_the_old_one() -> None:
    said = [customer("one"), agent("two", **{"from": "house/m7"}), customer("three")]
    taken, room = steps(view(said), Room())
    assert texts(taken) == ["👤 Aino:\none", "💬 Ben:\ntwo", "👤 Aino:\nthree"]
    more = [*said, agent("four", **{"from": "house/m8"})]
    assert view(more).next_step(room) is None


def test_a_long_history_is_shown_from_near_its_end() -> None:
    said = [customer(f"message {number}") for number in range(SHOWN_AT_MOST + 7)]
    taken, _ = steps(view(said), Room())
    first, *_ = texts(taken)
    assert first.startswith("7 earlier entries are not shown.\n\n👤 Aino:\nmessage 7\n\nmessage 8\n\n")
    assert first.endswith(f"message {SHOWN_AT_MOST + 6}")


def test_the_line_about_older_entries_stands_once_even_when_more_is_said_meanwhile() -> None:
    said = [customer(f"message {number}") for number in range(SHOWN_AT_MOST + 7)]
    room, shown = Room(), list[RoomStep]()
    while (step := view(said, text_chars=100).next_step(room)) is not None:
        room, _ = step.after("t1")
        shown.append(step)
        if len(said) < 70:
            said.append(customer("and more"))
    assert ["earlier" in text for text in texts(shown)].count(True) == 1
    assert texts(shown)[0].startswith("7 earlier entries")


def test_a_room_that_lags_behind_leaves_nothing_out() -> None:
    said = [customer(f"message {number}") for number in range(3 * SHOWN_AT_MOST)]
    shown = texts(steps(view(said), room_of(said[:2]))[0])
    assert "earlier" not in "".join(shown)
    assert sum(text.count("message") for text in shown) == 3 * SHOWN_AT_MOST - 2


def test_a_text_is_shown_to_the_letter() -> None:
    text = "   indented\n\n\n\tand tabbed  "
    assert texts(steps(view([customer(text)]), Room())[0]) == [f"👤 Aino:\n{text}"]


def test_a_failure_is_loud_and_can_be_sent_again() -> None:
    said = [{"by": "failed", "text": "HTTP 400", "id": "K7Q2M4-12-3.1"}] * 2
    taken, _ = steps(view(said), Room())
    assert [post.buttons for post in posts(taken)] == [(Button("Send again", "resend", "K7Q2M4-12-3.1"),)] * 2
    assert all(post.loud for post in posts(taken))
    assert texts(taken)[0] == "⚠️ Not delivered to the customer: HTTP 400"


def test_news_share_a_post_line_by_line() -> None:
    said: list[Entry] = [
        {"by": "reaction", "text": "👍"},
        {"by": "edit", "ref": "m1", "text": None},
        {"by": "edit", "ref": "m1", "text": "Where?"},
        {"by": "edit", "ref": "m1", "text": "Where is it?"},
        {"by": "gone", "text": ""},
    ]
    assert texts(steps(view(said), Room())[0]) == [
        "👤 The customer reacted: 👍\n👤 The customer deleted a message.",
        "👤 The customer changed a message to:\nWhere?",
        "👤 The customer changed a message to:\nWhere is it?",
        "⚠️ The customer has blocked us or left; nothing can reach them.",
    ]


# --- files -------------------------------------------------------------------------------------------------


def with_files(*files: File, text: str = "", **more: Any) -> Entry:
    return customer(text, files=files_out(files), **more)


def test_files_follow_the_words_about_them() -> None:
    taken, _ = steps(view([with_files(PHOTO, PLAN, text="Look"), customer("?")]), Room())
    assert [post.text or [one.file.kind for one in post.attachments] for post in posts(taken)] == [
        "👤 Aino:\nLook\n[photo: 1 kB]\n[document: plan.pdf, 2 MB]",
        ["photo"],
        ["document"],
        "👤 Aino:\n?",
    ]
    assert {step.origin for step in taken if isinstance(step.out, Post)} == {"shop"}


def test_an_agents_files_come_from_where_they_were_written() -> None:
    said = [agent("See", files=files_out([PLAN]), **{"from": "other/m7"})]
    taken, _ = steps(view(said), Room())
    assert [step.origin for step in taken if isinstance(step.out, Post)] == ["other", "other"]


def test_messages_of_one_group_are_one_album() -> None:
    said = [
        with_files(PHOTO, text="Look", group="g"),
        with_files(PHOTO, group="g"),
        with_files(PHOTO, group="h"),
    ]
    assert [
        post.text or len(post.attachments) for post in posts(steps(view(said, file_bytes=1), Room())[0])
    ] == ["👤 Aino:\nLook\n[photo: 1 kB]\n\n[photo: 1 kB]", 2, "👤 Aino:\n[photo: 1 kB]", 1]


def test_a_platform_without_files_gets_the_words() -> None:
    assert texts(steps(view([with_files(PLAN)], file_bytes=0), Room())[0]) == [
        "👤 Aino:\n[document: plan.pdf, 2 MB]"
    ]


def test_an_album_that_grows_while_it_is_shown_loses_nothing() -> None:
    said = [with_files(PHOTO, text="Look", group="g")]
    room = room_of([])
    step = view(said).next_step(room)
    assert step is not None
    room, _ = step.after("m1")
    taken, room = steps(view([*said, with_files(PHOTO, group="g"), customer("?")]), room)
    assert [post.text or len(post.attachments) for post in posts(taken)] == [2, "👤 Aino:\n?"]
    assert room.told == 3


def test_albums_hold_ten_files_of_kinds_that_go_together() -> None:
    video, voice = File("video", "v"), File("voice", "w")
    made = [len(album) for album in albums([PHOTO] * 11 + [video, voice, voice, PLAN, PLAN])]
    assert made == [10, 2, 1, 1, 2]


# --- keys --------------------------------------------------------------------------------------------------


def test_keys_are_short_and_no_two_steps_share_one() -> None:
    said = [
        customer("same"),
        agent("same"),
        customer("same"),
        with_files(PHOTO, PHOTO, PLAN),
        customer("same"),
    ]
    first, _ = steps(view(said), Room(), "t1")
    anew, _ = steps(view(said, changed(CASE, version=4)), Room(), "t2")
    keys = [step.out.key for step in (*first, *anew)]
    assert len(set(keys)) == len(keys)
    assert max(map(len, keys)) <= 60


def test_a_post_that_would_now_hold_more_is_no_repeat() -> None:
    """A platform that knows the key gives back the old post: what was said since would be lost."""
    said, room = [customer("one")], room_of([])
    unsure = view(said).next_step(room)
    again = view([*said, customer("two")]).next_step(room)
    assert unsure is not None
    assert again is not None
    assert unsure.out.key != again.out.key


# --- whatever is said --------------------------------------------------------------------------------------

HOSTILE = st.text(st.sampled_from("ab .\n*_👤💬:\u202e\u200b🇫🇮é\u0301"), min_size=1, max_size=400)
WRITTEN = st.one_of(
    st.builds(customer, HOSTILE),
    st.builds(agent, HOSTILE, st.sampled_from(["Ben", "Maija"])),
    st.builds(lambda text: agent(text, **{"from": "house/m7"}), HOSTILE),
    st.builds(lambda text: {"by": "note", "who": "Ben", "text": text}, HOSTILE),
    st.builds(lambda text: {"by": "edit", "ref": "m", "text": text}, st.none() | HOSTILE),
    st.builds(lambda text: {"by": "reaction", "text": text}, st.sampled_from("👍👎")),
    st.builds(lambda text: {"by": "failed", "text": text, "id": "K7Q2M4-1-1"}, st.just("HTTP 400")),
)


def bare(text: str) -> str:
    """A post without its head, where it has one, and without white space."""
    head, _, rest = text.partition("\n")
    return "".join((rest if head.endswith(":") else text).split())


@given(
    st.lists(WRITTEN, max_size=12),
    st.lists(WRITTEN, max_size=12),
    st.sampled_from([120, 400, 4096]),
    st.sampled_from([len, utf16, escaped]),
)
def test_everything_is_shown_once_in_order_by_name_and_within_the_limits(
    before: list[Entry], since: list[Entry], text_chars: int, measure: Callable[[str], int]
) -> None:
    first, room = steps(view(before, text_chars=text_chars, measure=measure), Room())
    second, room = steps(view([*before, *since], text_chars=text_chars, measure=measure), room)
    shown = texts([*first, *second])
    new = [entry for entry in since if not entry.get("from", "").startswith("house/")]
    wanted = [WORDS.said(entry, "Aino") for entry in (*before, *new)]
    assert all(measure(text) <= text_chars for text in shown)
    assert all(text.startswith(("👤 ", "💬 ", "📝 ", "⚠️ ")) for text in shown)
    assert "".join(map(bare, shown)) == "".join("".join((one.text or one.head).split()) for one in wanted)


def test_a_flood_takes_no_time() -> None:
    said = [customer(f"{number}") for number in range(5_000)]
    room = room_of(said[:1])
    before = time.process_time()
    taken, _ = steps(view(said, measure=escaped, text_chars=2_000), room)
    assert time.process_time() - before < 5
    assert len(taken) < 30
