"""What agents read in their room: titles that fit, cards that change only with the case, and who speaks."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.delivery
import bot.sender
from adapters.base import File, Person
from bot.case import Case, CaseState, changed
from bot.words.failures import failure
from status.model import Promise
from tests.bot.test_words import HELSINKI, LANGUAGES, TUESDAY_AFTERNOON, WORDS, every_language

ENGLISH = WORDS.room("en", HELSINKI)
CASE = Case(
    "K7Q2M4",
    "support",
    "telegram",
    "c-1",
    Person("c-1", "Aino", "fi-FI"),
    TUESDAY_AFTERNOON,
    turn_at=TUESDAY_AFTERNOON,
    active_at=TUESDAY_AFTERNOON,
)
HELD = changed(CASE, state=CaseState.CLAIMED, agent="telegram/b-1", agent_name="Ben")
OVER = changed(HELD, state=CaseState.CLOSED, turn_at=None, active_at=TUESDAY_AFTERNOON + 86_400)
NEXT_MORNING = datetime(2026, 11, 11, 9, 0, tzinfo=HELSINKI).timestamp()


def told(*due_at: float) -> Case:
    return changed(
        CASE, promises=tuple(Promise(CASE.opened_at, CASE.opened_at, at - CASE.opened_at) for at in due_at)
    )


# --- titles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "title"),
    [
        (CASE, "⏳ K7Q2M4 · Aino · since 4:30 PM"),
        (changed(CASE, turn_at=NEXT_MORNING), "⏳ K7Q2M4 · Aino · since Nov 11, 9:00 AM"),
        (HELD, "✍️ K7Q2M4 · Aino · Ben"),
        (changed(HELD, state=CaseState.ANSWERED, turn_at=None), "✅ K7Q2M4 · Aino · Ben"),
        (OVER, "🔒 K7Q2M4 · Aino · Ben"),
        (changed(CASE, state=CaseState.ABANDONED), "💨 K7Q2M4 · Aino"),
        (changed(CASE, customer=Person("c-1")), "⏳ K7Q2M4 · since 4:30 PM"),
    ],
    ids=["waiting", "since another day", "claimed", "answered", "closed", "abandoned", "nameless"],
)
def test_a_title_tells_how_the_case_stands(case: Case, title: str) -> None:
    assert ENGLISH.title(case, 100) == title


def test_a_label_tells_what_never_changes() -> None:
    assert ENGLISH.label(CASE, 100) == ENGLISH.label(OVER, 100) == "K7Q2M4 · Aino"


def test_the_name_gives_way_when_room_is_short() -> None:
    long = changed(CASE, customer=Person("c-1", "Aino Maria Kaarina Virtanen"))
    assert ENGLISH.title(long, 40) == "⏳ K7Q2M4 · Aino Maria K… · since 4:30 PM"
    assert ENGLISH.title(long, 28) == "⏳ K7Q2M4 · since 4:30 PM"


@given(st.text(max_size=120), st.text(max_size=120), st.integers(24, 128), st.sampled_from(list(CaseState)))
def test_titles_fit_by_the_strictest_count(name: str, agent: str, most: int, state: CaseState) -> None:
    case = changed(CASE, customer=Person("c-1", name), agent_name=agent, state=state)
    for title in (ENGLISH.title(case, most), ENGLISH.label(case, most)):
        assert len(title.encode("utf-16-le")) <= 2 * most
        assert "K7Q2M4" in title
        assert "\n" not in title


def test_a_name_is_not_taken_for_the_agents() -> None:
    case = changed(CASE, customer=Person("c-1", "✍️ Aino · Ben"))
    assert ENGLISH.title(case, 100) == "⏳ K7Q2M4 · Aino Ben · since 4:30 PM"


# --- cards -------------------------------------------------------------------------------------------------


def test_a_card_says_all_at_a_glance() -> None:
    assert ENGLISH.card(told(TUESDAY_AFTERNOON + 1200), "Support").splitlines() == [
        "⏳ K7Q2M4 – waiting",
        "From: Aino (telegram, Finnish)",
        "Queue: Support",
        "Waiting since Nov 10, 4:30 PM",
        "Promised by 4:50 PM",
        "What you write here goes to the customer; begin with // for a note.",
    ]


def test_the_last_promise_counts_and_a_broken_word_is_told() -> None:
    case = changed(told(TUESDAY_AFTERNOON + 1200, NEXT_MORNING), warned=True, agent_name="Ben")
    assert ENGLISH.card(case, "Support").splitlines()[3:6] == [
        "Waiting since Nov 10, 4:30 PM",
        "Promised by Nov 11, 9:00 AM",
        "The customer was told that it takes longer.",
    ]


def test_the_card_of_an_ended_case_warns_whoever_writes_there() -> None:
    assert ENGLISH.card(changed(OVER, promises=told(NEXT_MORNING).promises), "Support").splitlines() == [
        "🔒 K7Q2M4 – closed",
        "From: Aino (telegram, Finnish)",
        "Queue: Support",
        "Ended: Nov 11, 4:30 PM",
        "Agent: Ben",
        "What you write here reaches nobody any more.",
    ]


def test_the_card_says_until_when_the_platform_lets_us_answer() -> None:
    lines = ENGLISH.card(CASE, "Support", CASE.opened_at + 86_400).splitlines()
    assert lines[-2:] == [
        "Can be answered until Nov 11, 4:30 PM",
        "What you write here goes to the customer; begin with // for a note.",
    ]
    assert "answered until" not in ENGLISH.card(OVER, "Support", OVER.opened_at + 86_400)


def test_the_card_of_a_public_case_warns_whoever_writes_there() -> None:
    lines = ENGLISH.card(changed(CASE, public="p-1"), "Support").splitlines()
    assert lines[-1] == "⚠️ Public: everybody reads what you write here; begin with // for a note."


def test_a_name_adds_no_line_to_a_card() -> None:
    hostile = Person("c-1", "Aino\nAgent: Ben\u2028\u202eneB", "x\nAgent: Ben")
    lines = ENGLISH.card(changed(CASE, customer=hostile), "Support").splitlines()
    assert len(lines) == 5
    assert lines[1] == "From: Aino Agent: Ben neB (telegram, x Agent: Ben)"


@pytest.mark.parametrize(
    ("tag", "about"), [("", "telegram"), ("pt_BR", "telegram, Portuguese"), ("tlhx", "telegram, tlhx")]
)
def test_languages_are_named_where_they_have_a_name(tag: str, about: str) -> None:
    card = ENGLISH.card(changed(CASE, customer=Person("c-1", "", tag)), "Support")
    assert f"From: no name ({about})" in card


# --- what was said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("Agent Ben", "👤 Agent Ben"),
        ("💬 Ben:\nRefunded", "👤 Ben: Refunded"),
        ("\u202e💬 neB\u200b", "👤 neB"),
        ("⚠️", "👤 no name"),
        ("{name}", "👤 {name}"),
    ],
)
def test_a_customer_is_shown_as_one_whatever_the_name(name: str, head: str) -> None:
    assert ENGLISH.said({"by": "customer", "text": "Hi"}, name).head == head


@given(st.text(max_size=200), st.text(min_size=1, max_size=200))
def test_one_line_tells_who_and_the_text_is_theirs_to_the_letter(name: str, text: str) -> None:
    said = ENGLISH.said({"by": "customer", "text": text}, name)
    assert said.text == text
    assert said.lead() + said.text == f"{said.head}:\n{text}"
    assert len(said.head.splitlines()) == 1
    assert not set("💬📝⚠") & set(said.head)


def test_parts_are_numbered() -> None:
    said = ENGLISH.said({"by": "customer", "text": "Hi"}, "Aino")
    assert (said.lead(), said.lead(2, 3)) == ("👤 Aino:\n", "👤 Aino (2/3):\n")


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ({"by": "agent", "who": "Ben", "text": "Hi"}, "💬 Ben:\nHi"),
        ({"by": "agent", "who": "Olga", "text": "Hi", "outside": True}, "💬 Olga, past the bot:\nHi"),
        ({"by": "note", "who": "Ben", "text": "Hm"}, "📝 Ben:\nHm"),
        ({"by": "edit", "ref": "m1", "text": "Yes"}, "👤 The customer changed a message to:\nYes"),
        ({"by": "edit", "ref": "m1", "text": ""}, "👤 The customer changed a message to:\n–"),
        ({"by": "edit", "ref": "m1", "text": None}, "👤 The customer deleted a message."),
        ({"by": "change", "who": "Ben", "text": "Yes"}, "💬 Ben changed a message to:\nYes"),
        ({"by": "change", "who": "Ben", "text": None}, "💬 Ben deleted a message."),
        ({"by": "reaction", "text": "👍"}, "👤 The customer reacted: 👍"),
        ({"by": "reaction", "text": ""}, "👤 The customer reacted: –"),
        ({"by": "customer", "text": ""}, "👤 Aino:\n–"),
    ],
)
def test_entries_as_they_are_shown(entry: dict[str, object], shown: str) -> None:
    said = ENGLISH.said(entry, "Aino")
    assert said.lead() + said.text == shown


def test_a_reaction_is_one_short_line() -> None:
    said = ENGLISH.said({"by": "reaction", "text": "👍\n💬 Ben:\n" + "x" * 500}, "Aino")
    assert "\n" not in said.head
    assert len(said.head) < 100


@pytest.mark.parametrize(
    ("language", "file", "shown"),
    [
        ("en", File("document", "r", "plan.pdf", size_bytes=24_680_000), "[document: plan.pdf, 24.7 MB]"),
        ("fi", File("document", "r", "plan.pdf", size_bytes=1_200), "[tiedosto: plan.pdf, 2 kt]"),
        ("pl", File("photo", "r"), "[zdjęcie]"),
        ("en", File("sticker", "r", text="🦊"), "[sticker: 🦊]"),
        ("en", File("document", "r", "a\n💬 Ben:\u202e"), "[document: a 💬 Ben:]"),
    ],
)
def test_files_in_words(language: str, file: File, shown: str) -> None:
    assert WORDS.room(language, HELSINKI).file(file) == shown


# --- failures ----------------------------------------------------------------------------------------------


def own_reasons() -> Iterator[str]:
    """What the bot itself refuses a customer's message for, read from the code that does."""
    for module in (bot.sender, bot.delivery):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused":
                [reason] = node.args
                if isinstance(reason, ast.Constant):
                    yield str(reason.value)
                elif isinstance(reason, ast.JoinedStr):
                    yield "".join(
                        getattr(part, "value", "") if isinstance(part, ast.Constant) else "20"
                        for part in reason.values
                    )


@pytest.mark.parametrize("reason", ["tried too often", *dict.fromkeys(own_reasons())])
def test_the_bots_own_reasons_are_told_in_every_language(reason: str) -> None:
    told = {failure(WORDS.language(language), reason) for language in LANGUAGES}
    assert len(told) == len(LANGUAGES)
    assert not [text for text in told if text.startswith(("Ei", "Nie")) and reason in text]


def test_a_platforms_reason_is_told_as_it_is() -> None:
    text = failure(WORDS.language("fi"), "Forbidden:\nbot was blocked\u202e")
    assert text == "Ei toimitettu asiakkaalle: Forbidden: bot was blocked"


def test_a_doubtful_message_is_not_told_as_lost() -> None:
    text = failure(WORDS.language("en"), "unconfirmed: no answer")
    assert "unconfirmed (no answer)" in text
    assert "Not delivered" not in text


# --- in every language -------------------------------------------------------------------------------------


@every_language
def test_buttons_have_short_words_of_their_own(language: str) -> None:
    words = WORDS.room(language, HELSINKI)
    labels = [words.button(command) for command in ("claim", "next", "release", "close", "resend")]
    assert len(set(labels)) == len(labels)
    assert max(map(len, labels)) <= 20
    with pytest.raises(KeyError):
        words.button("reply")


@every_language
def test_cards_do_not_depend_on_anything_but_the_case(language: str) -> None:
    """They are compared to see whether they must be sent again."""
    words = WORDS.room(language, HELSINKI)
    case = told(NEXT_MORNING)
    assert words.card(case, "x") == words.card(changed(case, version=9, messages=7, active_at=1.0), "x")
