"""What people read: whole sentences in their language, honest figures, and strangers' names made harmless."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import CommandHelp, File, FileKind, Person
from bot.case import Case, CaseState, changed
from bot.commands import COMMANDS as COMMANDS_OF_THE_DESK
from bot.incident import Incident
from bot.words import CaseRow, Words
from bot.words.plain import NAME_CHARS, person_name
from bot.words.times import duration
from status.model import REASONS, Outlook, Promise, Wait

HELSINKI = ZoneInfo("Europe/Helsinki")
TUESDAY_AFTERNOON = datetime(2026, 11, 10, 16, 30, tzinfo=HELSINKI).timestamp()
TOMORROW_NINE = datetime(2026, 11, 11, 9, 0, tzinfo=HELSINKI).timestamp()

WORDS = Words()
LANGUAGES = tuple(WORDS.languages())
every_language = pytest.mark.parametrize("language", LANGUAGES)


def open_desk(within_s: float = 900) -> Outlook:
    promise = Promise(TUESDAY_AFTERNOON, TUESDAY_AFTERNOON, within_s)
    wait = Wait(300, 900, 1200, 140, "test", TUESDAY_AFTERNOON)
    return Outlook("open", TUESDAY_AFTERNOON, waiting=3, agents=2, wait=wait, promise=promise)


def closed_desk(opens_at: float | None = TOMORROW_NINE, within_s: float | None = 900) -> Outlook:
    promise = Promise(TUESDAY_AFTERNOON, opens_at, within_s) if opens_at and within_s else None
    return Outlook("closed", TUESDAY_AFTERNOON, waiting=3, agents=0, promise=promise, opens_at=opens_at)


def unknown(reason: str = "thin") -> Outlook:
    return Outlook("unknown", TUESDAY_AFTERNOON, waiting=3, agents=0, reason=reason)


SITUATIONS = (
    open_desk(),
    closed_desk(),
    closed_desk(within_s=None),
    closed_desk(opens_at=None),
    *map(unknown, REASONS),
)
COMMANDS = (
    CommandHelp("wait", "", "how long", for_agents=False),
    CommandHelp("claim", "[CASE]", "take a case", for_agents=True),
)


# --- the acknowledgement -----------------------------------------------------------------------------------


def test_an_acknowledgement_says_thanks_the_wait_the_place_and_what_happens_next() -> None:
    assert WORDS.customer("en", HELSINKI).acknowledgement("Anna", open_desk(), 4, variant=0) == (
        "Hi Anna, thanks for your message. You should have a reply within about 15 minutes. "
        "You are number 4 in the queue.\n"
        "A person from our team will answer you right here. You can add details at any time; "
        "send /wait to see the wait again, or /cancel to give up."
    )


@pytest.mark.parametrize(
    ("language", "beginning"),
    [
        (
            "fi",
            "Hei Anna, kiitos viestistäsi. Sinun pitäisi saada vastaus noin 15 minuutin kuluessa. "
            "Olet jonossa sijalla 4.\n",
        ),
        (
            "pl",
            "Dzień dobry, Anna. Dziękujemy za wiadomość. Odpowiedź powinna nadejść w ciągu około 15 minut. "
            "Miejsce w kolejce: 4.\n",
        ),
    ],
)
def test_it_speaks_the_customers_language(language: str, beginning: str) -> None:
    text = WORDS.customer(language, HELSINKI).acknowledgement("Anna", open_desk(), 4, variant=0)

    assert text.startswith(beginning)


def test_a_closed_desk_says_when_it_opens_and_how_long_it_takes_from_there() -> None:
    text = WORDS.customer("en", HELSINKI).acknowledgement("", closed_desk(), None, variant=0)

    assert text.startswith(
        "Hi, thanks for your message. We are closed right now and open tomorrow at 9:00 AM; "
        "you should then have a reply within about 15 minutes.\n"
    )


@every_language
def test_an_overloaded_desk_apologises_with_the_same_figure(language: str) -> None:
    customer, long = WORDS.customer(language, HELSINKI), open_desk(within_s=5 * 3600)
    usual, sorry = (customer.acknowledgement("", long, 90, 0, overloaded) for overloaded in (False, True))

    assert sorry != usual
    assert duration(WORDS.language(language), 5 * 3600) in sorry


def test_only_an_open_desk_is_overloaded() -> None:
    customer = WORDS.customer("en", HELSINKI)

    for outlook in (closed_desk(), unknown()):
        assert customer.acknowledgement("", outlook, 1, 0, overloaded=True) == customer.acknowledgement(
            "", outlook, 1, 0
        )


@every_language
@pytest.mark.parametrize("name", ["", "Anna"])
def test_an_open_desk_has_twelve_wordings(language: str, name: str) -> None:
    customer = WORDS.customer(language, HELSINKI)
    texts = [customer.acknowledgement(name, open_desk(), 4, variant) for variant in range(12)]

    assert len(set(texts)) == 12
    assert len({text.split("\n")[0] for text in texts}) == 4
    assert customer.acknowledgement(name, open_desk(), 4, variant=12) == texts[0]


@every_language
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda outlook: f"{outlook.state}-{outlook.reason}")
def test_every_situation_has_several_wordings_that_differ_from_all_others(
    language: str, situation: Outlook
) -> None:
    customer = WORDS.customer(language, HELSINKI)
    own = [customer.transferred("x", situation, variant) for variant in range(2)]
    others = {
        customer.transferred("x", other, v) for other in SITUATIONS if other != situation for v in (0, 1)
    }

    assert own[0] != own[1]
    assert not others & set(own)


@every_language
def test_a_correction_apologises_in_two_wordings(language: str) -> None:
    customer = WORDS.customer(language, HELSINKI)

    assert len({customer.update(name, open_desk(), v) for name in ("", "Anna") for v in (0, 1)}) == 4


def test_wait_answers_differ_by_the_state_of_the_case() -> None:
    customer = WORDS.customer("en", HELSINKI)
    states = (None, CaseState.WAITING, CaseState.CLAIMED, CaseState.ANSWERED)

    assert len({customer.wait_answer(open_desk(), 1, state) for state in states}) == 4
    assert customer.wait_answer(open_desk(), 1, CaseState.CLOSED) == customer.wait_answer(
        open_desk(), None, None
    )
    assert "You are next in the queue." in customer.wait_answer(open_desk(), 1, CaseState.WAITING)


# --- the figure at a glance --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outlook", "headline", "promise", "badge"),
    [
        (open_desk(), "You should have a reply within 15 minutes", "within 15 minutes", "~15 min"),
        (
            closed_desk(),
            "We open tomorrow at 9:00 AM; you should then have a reply within 15 minutes",
            "opens tomorrow at 9:00 AM, then within 15 minutes",
            "closed",
        ),
        (
            closed_desk(within_s=None),
            "We open tomorrow at 9:00 AM",
            "opens tomorrow at 9:00 AM",
            "closed",
        ),
        (closed_desk(opens_at=None), "We are closed right now", "closed", "closed"),
        (
            unknown(),
            "We cannot say right now how long a reply takes",
            "wait unknown right now",
            "unknown",
        ),
        (
            unknown("too_long"),
            "A reply may well take more than 14 days",
            "perhaps more than 14 days",
            "very long",
        ),
    ],
)
def test_outlets_say_the_same_at_three_lengths(
    outlook: Outlook, headline: str, promise: str, badge: str
) -> None:
    outlet = WORDS.outlet("en", HELSINKI)

    assert (outlet.headline(outlook), outlet.promise_text(outlook), outlet.badge_text(outlook)) == (
        headline,
        promise,
        badge,
    )


# --- what strangers wrote ----------------------------------------------------------------------------------


@given(st.text(max_size=200))
def test_no_name_breaks_a_text(name: str) -> None:
    shown = person_name(name)
    text = WORDS.customer("fi", HELSINKI).acknowledgement(name, open_desk(), 1, variant=0)

    assert len(shown) <= NAME_CHARS
    assert person_name(shown) == shown
    assert text.count("\n") == 1
    assert text.startswith(f"Hei {shown}," if shown else "Hei, ")


@pytest.mark.parametrize("name", ["{name}", "{within}", "{0}", "{", "}}", "%s %(name)s", "{name.__class__}"])
def test_braces_in_a_name_are_just_braces(name: str) -> None:
    customer, agent = WORDS.customer("en", HELSINKI), WORDS.agent("en", HELSINKI)

    assert f"Hi {name}, thanks" in customer.acknowledgement(name, open_desk(), 1, variant=0)
    assert f", {name}:" in customer.update(name, open_desk(), variant=0)
    assert f"From: {name}\n> {name}\n" in agent.claimed("7K3M2Q", name, [name])


def test_a_claimed_case_shows_what_the_customer_wrote_line_by_line() -> None:
    text = WORDS.agent("en", HELSINKI).claimed("7K3M2Q", "Anna", ["My parcel\n\nis \u202elost", "Help"])

    assert text == (
        "Case 7K3M2Q is yours. From: Anna\n> My parcel\n> is lost\n> Help\nAnswer with /reply 7K3M2Q TEXT"
    )


def test_the_queue_is_listed_one_case_a_line() -> None:
    row = CaseRow("7K3M2Q", "", 750, CaseState.WAITING, "My parcel\nis lost " + "x" * 100)

    lead, line = WORDS.agent("en", HELSINKI).queue_list(1, [row]).split("\n")
    assert lead == "1 case is waiting."
    assert line.startswith("7K3M2Q · 12 min · waiting · no name: My parcel is lost x")
    assert line.endswith("x…")


# --- all texts ---------------------------------------------------------------------------------------------


def customer_texts(language: str) -> Iterator[str]:
    voice, languages = WORDS.customer(language, HELSINKI), WORDS.languages()
    for name, outlook, variant in product(("", "Anna"), SITUATIONS, range(4)):
        yield voice.acknowledgement(name, outlook, variant + 1, variant)
        yield voice.acknowledgement(name, outlook, variant + 1, variant, overloaded=True)
        yield voice.update(name, outlook, variant)
        yield voice.transferred("billing", outlook, variant)
    for outlook, state in product(SITUATIONS, (None, *CaseState)):
        yield voice.wait_answer(outlook, 2, state)
    for name, outlook in product(("", "Anna"), SITUATIONS):
        yield voice.greeting(name, "Acme", outlook)
    yield from (voice.cancelled(), voice.nothing_to_cancel(), voice.language_set())
    yield from (voice.language_list(languages), voice.unknown_language("xx", languages))
    yield from (voice.unknown_command("dance"), voice.help(COMMANDS))


def agent_texts(language: str) -> Iterator[str]:
    voice, case = WORDS.agent(language, HELSINKI), "7K3M2Q"
    yield from (voice.claimed(case, "Anna", ["Hi"]), voice.already_claimed(case, "Maija"))
    yield from (voice.already_yours(case), voice.released(case), voice.transferred_to(case, "billing"))
    yield from (voice.nothing_waiting(), voice.replied(case), voice.noted(case), voice.closed(case))
    yield from (voice.no_such_case(case), voice.not_yours(case, ""), voice.not_yours(case, "Maija"))
    yield voice.already_closed(case)
    yield from (voice.which_case([]), voice.which_case([case, "ABCDEF"]))
    yield from (voice.no_such_queue("x", ["support"]), voice.not_an_agent(), voice.unknown_command("dance"))
    yield from (voice.usage("claim", "[CASE]"), voice.help(COMMANDS))
    yield from (voice.resent(), voice.nothing_to_resend("x"))
    yield from (voice.on_duty(0), voice.on_duty(5), voice.off_duty(0), voice.off_duty(2))
    yield voice.queue_list(6, [CaseRow(case, "Anna", 60, state, "Hi") for state in CaseState])
    yield voice.incident(None, TUESDAY_AFTERNOON)
    for agents, from_at in ((1, TUESDAY_AFTERNOON), (2, TUESDAY_AFTERNOON + 3600), (5, TOMORROW_NINE)):
        yield voice.incident(Incident(agents, from_at, TOMORROW_NINE + 3600), TUESDAY_AFTERNOON)
    yield from (voice.wait_report("support", outlook) for outlook in SITUATIONS)


def room_texts(language: str) -> Iterator[str]:
    voice = WORDS.room(language, HELSINKI)
    case = Case(
        "7K3M2Q", "support", "shop", "c", Person("c", "", "fi"), TUESDAY_AFTERNOON, turn_at=TUESDAY_AFTERNOON
    )
    promises = (Promise(TUESDAY_AFTERNOON, TUESDAY_AFTERNOON, 900),)
    warned = changed(case, promises=promises, warned=True, agent_name="Ben")
    yield voice.title(case, 100)
    for shown in (case, warned, *(changed(warned, state=state) for state in CaseState)):
        yield voice.card(shown, "Support")
    yield from map(voice.button, ("claim", "next", "release", "close", "resend"))
    kinds: tuple[FileKind, ...] = ("photo", "audio", "voice", "document", "sticker", "location")
    yield from (voice.file(File(kind, "r")) for kind in kinds)
    yield from (voice.cut_short(1), voice.cut_short(5))
    for by in ("edit", "change"):
        for text in ("Hi", None):
            said = voice.said({"by": by, "who": "Ben", "text": text}, "Aino")
            yield said.lead() + said.text
    yield voice.said({"by": "agent", "who": "Olga", "text": "Hi", "outside": True}, "Aino").head
    for by in ("gone", "reaction", "failed"):
        yield voice.said({"by": by, "text": "HTTP 400"}, "Aino").head
    yield voice.said({"by": "failed", "text": "unconfirmed: no answer"}, "Aino").head


def outlet_texts(language: str) -> Iterator[str]:
    voice = WORDS.outlet(language, HELSINKI)
    for outlook in SITUATIONS:
        yield from (voice.headline(outlook), voice.promise_text(outlook), voice.badge_text(outlook))


def all_texts(language: str) -> list[str]:
    return [
        *customer_texts(language),
        *agent_texts(language),
        *room_texts(language),
        *outlet_texts(language),
    ]


@every_language
def test_no_text_has_an_unfilled_place_or_a_clumsy_seam(language: str) -> None:
    for text in all_texts(language):
        assert not re.search(r"[{}]|None|\s\s|\s[.,;]|\.\.|^\s|\s$", text), text


def test_no_translation_falls_back_to_english() -> None:
    # What stays as it is: commands, ids, names, and a badge's "~15 min".
    english, same = set(all_texts("en")), {"~15 min"}

    for language in LANGUAGES[1:]:
        assert english & set(all_texts(language)) == same


def test_english_uses_the_words_of_the_house() -> None:
    for text in all_texts("en"):
        assert not re.search(r"\b(tickets?|threads?|conversations?)\b", text, re.IGNORECASE), text


@every_language
def test_every_command_has_a_summary(language: str) -> None:
    agent, customer = WORDS.agent(language, HELSINKI), WORDS.customer(language, HELSINKI)
    for command in COMMANDS_OF_THE_DESK:
        speaker = agent if command.who == "agent" else customer
        assert speaker.command_summary(command.name)
    with pytest.raises(KeyError):
        agent.command_summary("dance")


@every_language
@pytest.mark.parametrize("who", ["agent", "customer"])
def test_names_of_commands_are_ones_that_platforms_take(language: str, who: str) -> None:
    """https://discord.com/developers/docs/interactions/application-commands#application-command-object"""
    commands = [command.name for command in COMMANDS_OF_THE_DESK if command.who == who]
    names = [WORDS.command_name(language, command) for command in commands]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[-\w]{1,32}", name) and name == name.lower() for name in names)
    if language == "en":
        assert names == commands


def test_a_greeting_says_whose_desk_it_is_and_how_long_it_takes() -> None:
    assert WORDS.customer("en", HELSINKI).greeting("Anna", "Acme\n", open_desk()) == (
        "Hello Anna, this is Acme. Write your question here, and a person from our team will answer it. "
        "You should have a reply within 15 minutes."
    )


def test_help_lists_the_readers_own_commands() -> None:
    assert "/claim [CASE] – take a case" in WORDS.agent("en", HELSINKI).help(COMMANDS)
    assert "/wait" not in WORDS.agent("en", HELSINKI).help(COMMANDS)
    assert WORDS.customer("en", HELSINKI).help(COMMANDS).endswith("\n/wait – how long")


@every_language
def test_every_reason_has_words_of_its_own_in_the_acknowledgement_and_on_the_sign(language: str) -> None:
    customer, sign = WORDS.customer(language, HELSINKI), WORDS.sign(language, HELSINKI)
    reasons = (*REASONS, "new")

    assert len({customer.acknowledgement("", unknown(reason), None, 0) for reason in reasons}) == len(reasons)
    assert len({sign.reason(reason) for reason in REASONS}) == len(REASONS)


def test_a_reason_without_words_is_still_an_honest_answer() -> None:
    text = WORDS.customer("en", HELSINKI).transferred("x", replace(unknown(), reason="new"), variant=0)

    assert text.endswith("how long a reply will take: we have no figure that we trust.")
