"""What to do next with an outlet: never too early, never twice what was refused, and the operator's own is theirs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Outlet, Shown
from bot.outlet import BUSY_S, READ_EVERY_S, REFUSED_FOR_S, Known, Step, Wanted, key_of

ABOUT = Outlet("about", least_s=300, chars=120, per_language=True)
PHOTO = Outlet("photo", least_s=900, format="square")
PRESENCE = Outlet("presence", least_s=30, chars=128, in_session=True)
NOW = 1_767_614_400.0
NOTHING = "We cannot say"


def wanted(text: str) -> Wanted:
    texts = {"": text, "fi": f"{text} (fi)"}
    return Wanted(key_of(text), texts, fallback=frozenset({NOTHING}))


SHORT, LONG = wanted("within 5 minutes"), wanted("within an hour")
OWN = {"": "We sell shoes", "fi": ""}
NEW = Known()
READ = NEW.after_read(OWN, SHORT, NOW)
SHOWN = READ.before_show(SHORT, NOW).after_show(SHORT)


@pytest.mark.parametrize(
    ("outlet", "known", "after_s", "step"),
    [
        (ABOUT, NEW, 0, "read"),
        (ABOUT, READ, 0, "show"),
        (ABOUT, SHOWN, 10**6, "rest"),
        (ABOUT, replace(SHOWN, standing=LONG.key), 299, "rest"),
        (ABOUT, replace(SHOWN, standing=LONG.key), 300, "show"),
        (ABOUT, replace(SHOWN, standing=LONG.key), READ_EVERY_S, "read"),
        (ABOUT, replace(SHOWN, looked_at=0.0), 0, "read"),
        (PHOTO, NEW, 0, "read"),
        (PHOTO, READ, 0, "show"),
        (PHOTO, replace(SHOWN, looked_at=0.0), 0, "rest"),
        (PHOTO, replace(SHOWN, standing=LONG.key), 10**6, "show"),
        (PRESENCE, NEW, 0, "show"),
        (PRESENCE, SHOWN.after_new_session(), 29, "rest"),
        (PRESENCE, SHOWN.after_new_session(), 10**6, "show"),
    ],
)
def test_what_comes_next(outlet: Outlet, known: Known, after_s: float, step: Step) -> None:
    assert known.next_step(outlet, SHORT.key, NOW + after_s) == step


def test_a_change_that_may_have_failed_is_made_again_when_the_next_one_is_due() -> None:
    tried = READ.before_show(SHORT, NOW)
    assert tried.next_step(ABOUT, SHORT.key, NOW + 299) == "rest"
    assert tried.next_step(ABOUT, SHORT.key, NOW + 300) == "show"


def test_a_platform_that_asks_for_patience_gets_it() -> None:
    busy = READ.after_busy(ABOUT, 518.0, NOW)
    assert busy.next_step(ABOUT, SHORT.key, NOW + 517) == "rest"
    assert busy.next_step(ABOUT, LONG.key, NOW + 517) == "rest", "whatever it is"
    assert busy.next_step(ABOUT, SHORT.key, NOW + 518) == "show"
    assert READ.after_busy(ABOUT, None, NOW).next_step(ABOUT, SHORT.key, NOW + BUSY_S - 1) == "rest"


def test_what_was_refused_is_not_tried_again_as_it_is_within_a_day() -> None:
    refused = READ.after_refused(SHORT.key, NOW)
    assert refused.next_step(ABOUT, SHORT.key, NOW + READ_EVERY_S) == "rest"
    assert refused.next_step(ABOUT, LONG.key, NOW) == "show"
    assert refused.next_step(ABOUT, SHORT.key, NOW + REFUSED_FOR_S) != "rest"


def test_three_refusals_in_a_row_turn_it_off() -> None:
    twice = READ.after_refused(SHORT.key, NOW).after_refused(LONG.key, NOW)
    thrice = twice.after_refused(SHORT.key, NOW)
    assert (twice.off, thrice.off) == (False, True)
    assert thrice.next_step(ABOUT, "another", NOW + 10**9) == "rest"
    taken = twice.before_show(SHORT, NOW).after_show(SHORT).after_refused(LONG.key, NOW)
    assert not taken.off, "not in a row"


# --- whose it is ---------------------------------------------------------------------------------------------


def test_the_operators_own_is_kept_and_owed_in_every_language_we_wrote_in() -> None:
    assert (READ.kept, READ.own) == (True, OWN)
    assert SHOWN.owed(SHORT.texts) == OWN
    only_one = NEW.after_read({"": "We sell shoes"}, SHORT, NOW)
    assert only_one.owed(SHORT.texts) == {"": "We sell shoes", "fi": ""}
    assert NEW.after_read(None, SHORT, NOW).owed(()) is None
    assert NEW.after_read(b"png", SHORT, NOW).owed(()) == b"png"


def test_what_stands_there_is_known_by_what_it_says() -> None:
    assert SHOWN.after_read(SHORT.texts, SHORT, NOW) == SHOWN
    trimmed = {code: f" {text}\n" for code, text in SHORT.texts.items()}
    assert SHOWN.after_read(trimmed, SHORT, NOW) == SHOWN
    half = {**SHORT.texts, "fi": ""}
    assert SHOWN.after_read(half, SHORT, NOW).standing == "", "one language was not written"


def test_an_edit_by_the_operator_becomes_what_they_are_owed() -> None:
    edited = SHOWN.after_read({"": "We sell boots", "fi": SHORT.texts["fi"]}, SHORT, NOW)
    assert edited.own == {"": "We sell boots", "fi": ""}
    assert edited.standing == ""
    cleared = SHOWN.after_read({"": "", "fi": SHORT.texts["fi"]}, SHORT, NOW)
    assert cleared.own == {"": "", "fi": ""}


@pytest.mark.parametrize("text", [SHORT.texts[""], LONG.texts[""], NOTHING])
def test_after_a_crash_our_own_words_are_not_the_operators(text: str) -> None:
    """A change is written down before it is made, so whatever of both stands there is known for ours."""
    crashed = Known.from_store(json.loads(json.dumps(SHOWN.before_show(LONG, NOW).to_store())))
    assert crashed.after_read({"": text, "fi": text}, LONG, NOW).own == OWN


def test_a_picture_is_read_once_before_the_first_of_ours() -> None:
    read = NEW.after_read(b"theirs", SHORT, NOW)
    shown = read.before_show(SHORT, NOW).after_show(SHORT)
    assert shown.after_read(b"ours, as the platform made it", SHORT, NOW).own == b"theirs"


@pytest.mark.parametrize("read", [OWN, {"": SHORT.texts[""], "fi": "Myymme kenkiä"}, {"": ""}, None, b"png"])
def test_what_somebody_else_wrote_is_not_only_ours(read: Shown) -> None:
    assert not SHOWN.holds_only_ours(read)
    assert SHOWN.holds_only_ours(SHORT.texts)
    assert SHOWN.holds_only_ours({"": NOTHING, "fi": ""})


@pytest.mark.parametrize("own", [None, b"\x89PNG\x00\xff", OWN, {}])
def test_what_is_known_survives_the_store(own: Shown) -> None:
    known = replace(SHOWN, own=own, not_before=NOW + 5, looked_at=0.0)
    assert Known.from_store(json.loads(json.dumps(known.to_store()))) == known


def test_after_it_was_given_back_only_the_pace_is_of_use() -> None:
    restored = Known.from_store(SHOWN.restored(NOW).to_store())
    assert not restored.kept
    assert restored.next_step(PHOTO, SHORT.key, NOW) == "read", "it may have changed when we come back"
    assert restored.after_read(b"png", SHORT, NOW).next_step(PHOTO, SHORT.key, NOW + 899) == "rest"


# --- in the long run -----------------------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["wait", "edit", "box", "crash", "uncertain", "lost", "busy", "refused"]),
        st.integers(0, 5_000),
    ),
    max_size=60,
)


@given(events=EVENTS)
def test_whatever_happens_the_pace_is_kept_and_the_operators_words_are_theirs(
    events: list[tuple[str, int]],
) -> None:
    """A platform, an operator who edits, a bot that crashes: played second for second."""
    boxes = [wanted(f"within {n} minutes") for n in (5, 10, 15)]
    ours = {text for box in boxes for text in box.texts.values()} | {NOTHING}
    now, box, known = NOW, 0, Known()
    page = dict(OWN)
    theirs, changed_at = {OWN[""]}, -1e9
    for event, amount in events:
        now += amount
        match event:
            case "edit":
                page = {**page, "": f"We sell {amount}"}
                theirs.add(page[""])
            case "box":
                box = amount % 3
            case "crash":
                known = Known.from_store(known.to_store())
        target = boxes[box]
        for _ in range(2):
            step = known.next_step(ABOUT, target.key, now)
            if step == "read":
                known = known.after_read(page, target, now)
            elif step == "show":
                assert now - changed_at >= ABOUT.least_s, "too early"
                known, changed_at = known.before_show(target, now), now
                if event == "refused":
                    known = known.after_refused(target.key, now)
                elif event == "busy":
                    known = known.after_busy(ABOUT, float(amount), now)
                else:
                    page = {**page, "": target.texts[""]} if event == "uncertain" else dict(target.texts)
                    known = known if event in ("uncertain", "lost") else known.after_show(target)
        owed = known.owed(target.texts)
        assert isinstance(owed, dict)
        assert not known.kept or ours.isdisjoint(owed.values()), "our words are not theirs"
        assert set(owed.values()) <= theirs | {""}
