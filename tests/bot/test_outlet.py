"""What to do next with an outlet: never too early, never twice what was refused, and the operator's own is theirs."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Outlet, Shown
from bot.outlet import CALM_S, READ_EVERY_S, REFUSED_FOR_S, Known, Step, Wanted, key_of
from bot.patience import FIRST_PAUSE_S

ABOUT = Outlet("about", least_s=300, chars=120, per_language=True)
PHOTO = Outlet("photo", least_s=900, format="square")
PRESENCE = Outlet("presence", least_s=30, chars=128, in_session=True)
NOW = 1_767_614_400.0
NOTHING = "We cannot say"


def wanted(text: str, rank: float = 0.0) -> Wanted:
    texts = {"": text, "fi": f"{text} (fi)"}
    return Wanted(key_of(text), texts, fallback=frozenset({NOTHING}), rank=rank)


SHORT, LONG = wanted("within 5 minutes", 300), wanted("within an hour", 3_600)
OWN = {"": "We sell shoes", "fi": ""}
NEW = Known()
READ = NEW.after_read(OWN, SHORT, NOW)
SHOWN = READ.before_show(SHORT, NOW).after_show(SHORT)


def showing(what: Wanted, outlet: Outlet = ABOUT) -> Known:
    """Shown this moment, in the place of what the operator had."""
    known = NEW if outlet.in_session else NEW.after_read(OWN if outlet.chars else b"png", what, NOW)
    return known.before_show(what, NOW).after_show(what)


@pytest.mark.parametrize(
    ("outlet", "known", "after_s", "step"),
    [
        (ABOUT, NEW, 0, "read"),
        (ABOUT, READ, 0, "show"),
        (ABOUT, SHOWN, 10**6, "rest"),
        (ABOUT, showing(LONG), CALM_S - 1, "rest"),
        (ABOUT, showing(LONG), CALM_S, "show"),
        (ABOUT, showing(LONG), READ_EVERY_S, "read"),
        (ABOUT, replace(SHOWN, looked_at=0.0), 0, "read"),
        (PHOTO, NEW, 0, "read"),
        (PHOTO, READ, 0, "show"),
        (PHOTO, replace(SHOWN, looked_at=0.0), 0, "rest"),
        (PHOTO, showing(LONG, PHOTO), 899, "rest"),
        (PHOTO, showing(LONG, PHOTO), 900, "show"),
        (PHOTO, showing(LONG, PHOTO), 10**6, "show"),
        (PRESENCE, NEW, 0, "show"),
        (PRESENCE, showing(LONG, PRESENCE), CALM_S - 1, "rest"),
        (PRESENCE, showing(LONG, PRESENCE).after_new_session(), 29, "rest"),
        (PRESENCE, showing(LONG, PRESENCE).after_new_session(), 30, "show"),
        (PRESENCE, showing(SHORT, PRESENCE), 10**6, "rest"),
        (PRESENCE, showing(SHORT, PRESENCE).after_new_session(), 30, "show"),
    ],
)
def test_what_comes_next(outlet: Outlet, known: Known, after_s: float, step: Step) -> None:
    assert known.next_step(outlet, SHORT, NOW + after_s) == step


def test_worse_news_is_shown_as_soon_as_the_platform_takes_it() -> None:
    assert SHOWN.next_step(ABOUT, LONG, NOW + 299) == "rest"
    assert SHOWN.next_step(ABOUT, LONG, NOW + 300) == "show"


def test_a_change_that_may_have_failed_is_made_again_when_the_next_one_is_due() -> None:
    tried = READ.before_show(SHORT, NOW)
    assert tried.next_step(ABOUT, SHORT, NOW + 299) == "rest"
    assert tried.next_step(ABOUT, SHORT, NOW + 300) == "show"


def test_a_platform_that_asks_for_patience_gets_it() -> None:
    busy = READ.after_busy(ABOUT, 518.0, NOW)
    assert busy.next_step(ABOUT, SHORT, NOW + 517) == "rest"
    assert busy.next_step(ABOUT, LONG, NOW + 517) == "rest", "whatever it is"
    assert busy.next_step(ABOUT, SHORT, NOW + 518) == "show"
    failed = READ.after_busy(ABOUT, None, NOW)
    assert failed.next_step(ABOUT, SHORT, NOW + FIRST_PAUSE_S - 1) == "rest"
    again = failed.after_busy(ABOUT, None, NOW)
    assert again.next_step(ABOUT, SHORT, NOW + 2 * FIRST_PAUSE_S - 1) == "rest"
    assert again.next_step(ABOUT, SHORT, NOW + 2 * FIRST_PAUSE_S) == "show"


def test_what_was_certainly_not_changed_still_shows_what_it_did() -> None:
    before = showing(SHORT, PHOTO)
    at = NOW + 1_000
    busy = before.before_show(LONG, at).after_not_shown(PHOTO, before).after_busy(PHOTO, 60.0, at)
    assert busy.stands(SHORT)
    assert busy.next_step(PHOTO, SHORT, at + 10**6) == "rest"
    assert busy.next_step(PHOTO, LONG, at + 60) == "show"
    before = SHOWN
    several = before.before_show(LONG, at).after_not_shown(ABOUT, before).after_busy(ABOUT, 60.0, at)
    assert not several.stands(SHORT), "one language may have been changed"
    assert several.next_step(ABOUT, SHORT, at + CALM_S - 1) == "rest", "then that was seen"
    assert several.next_step(ABOUT, LONG, at + 60) == "show"


def test_what_was_refused_is_not_tried_again_as_it_is_within_a_day() -> None:
    refused = READ.after_refused(SHORT.key, NOW)
    assert refused.next_step(ABOUT, SHORT, NOW + READ_EVERY_S) == "rest"
    assert refused.next_step(ABOUT, LONG, NOW + FIRST_PAUSE_S - 1) == "rest"
    assert refused.next_step(ABOUT, LONG, NOW + FIRST_PAUSE_S) == "show"
    assert refused.next_step(ABOUT, SHORT, NOW + REFUSED_FOR_S) != "rest"


def test_three_refusals_in_a_row_turn_it_off() -> None:
    twice = READ.after_refused(SHORT.key, NOW).after_refused(LONG.key, NOW)
    thrice = twice.after_refused(SHORT.key, NOW)
    assert (twice.off, thrice.off) == (False, True)
    assert thrice.next_step(ABOUT, wanted("another"), NOW + 10**9) == "rest"
    taken = twice.before_show(SHORT, NOW).after_show(SHORT).after_refused(LONG.key, NOW)
    assert not taken.off, "not in a row"


# --- whose it is ---------------------------------------------------------------------------------------------


def test_the_operators_own_is_kept_and_owed_in_every_language_we_wrote_in() -> None:
    assert (READ.kept, READ.own) == (True, OWN)
    assert SHOWN.own == OWN
    only_one = NEW.after_read({"": "We sell shoes"}, SHORT, NOW).before_show(SHORT, NOW)
    assert only_one.own == {"": "We sell shoes", "fi": ""}
    unread = NEW.after_read(None, SHORT, NOW).before_show(SHORT, NOW)
    assert unread.own == {"": "", "fi": ""}, "it can be written, and not be read"
    picture = Wanted("picture")
    assert NEW.after_read(None, picture, NOW).before_show(picture, NOW).own is None
    assert NEW.after_read(b"png", picture, NOW).before_show(picture, NOW).own == b"png"


def test_what_stands_there_is_known_by_what_it_says() -> None:
    assert SHOWN.after_read(SHORT.texts, SHORT, NOW) == SHOWN
    trimmed = {code: f" {text}\n" for code, text in SHORT.texts.items()}
    assert SHOWN.after_read(trimmed, SHORT, NOW) == SHOWN
    half = {**SHORT.texts, "fi": ""}
    assert not SHOWN.after_read(half, SHORT, NOW).certain, "one language was not written"


def test_an_edit_by_the_operator_becomes_what_they_are_owed() -> None:
    edited = SHOWN.after_read({"": "We sell boots", "fi": SHORT.texts["fi"]}, SHORT, NOW)
    assert edited.own == {"": "We sell boots", "fi": ""}
    assert not edited.certain
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
    known = replace(SHOWN.after_busy(ABOUT, 5.0, NOW), own=own, looked_at=0.0)
    assert Known.from_store(json.loads(json.dumps(known.to_store()))) == known


def test_after_it_was_given_back_only_the_pace_is_of_use() -> None:
    restored = Known.from_store(SHOWN.restored(NOW).to_store())
    assert not restored.kept
    assert not restored.owes
    assert restored.next_step(PHOTO, SHORT, NOW) == "read", "it may have changed when we come back"
    read = restored.after_read(b"png", SHORT, NOW)
    assert read.next_step(PHOTO, SHORT, NOW + 899) == "rest"
    assert read.next_step(ABOUT, SHORT, NOW + CALM_S - 1) == "rest"


# --- in the long run -----------------------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["wait", "edit", "box", "crash", "uncertain", "lost", "busy", "refused", "give back"]
        ),
        st.integers(0, 2_000),
    ),
    max_size=80,
)


@given(events=EVENTS)
def test_whatever_happens_the_pace_is_kept_and_the_operators_words_are_theirs(
    events: list[tuple[str, int]],
) -> None:
    """A platform, an operator who edits, a bot that crashes: played second for second."""
    boxes = [wanted(f"within {n} minutes", n) for n in (5, 10, 15)]
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
            case "give back" if known.owes:
                assert isinstance(known.own, dict)
                page, changed_at, known = dict(known.own), now, known.restored(now)
        target = boxes[box]
        for _ in range(2):
            step, before = known.next_step(ABOUT, target, now), known
            if step == "read":
                known = known.after_read(page, target, now)
            elif step == "show":
                known = known.before_show(target, now)
                if event in ("refused", "busy"):
                    known = known.after_not_shown(ABOUT, before)
                    told = known.after_busy(ABOUT, float(amount), now)
                    known = told if event == "busy" else known.after_refused(target.key, now)
                    continue
                assert now - changed_at >= ABOUT.least_s, "too early"
                changed_at = now
                page = {**page, "": target.texts[""]} if event == "uncertain" else dict(target.texts)
                known = known if event in ("uncertain", "lost") else known.after_show(target)
        owed = known.own or {}
        assert isinstance(owed, dict)
        assert not known.kept or ours.isdisjoint(owed.values()), "our words are not theirs"
        assert set(owed.values()) <= theirs | {""}


MOMENTS = st.lists(
    st.tuples(
        st.sampled_from(["ok", "ok", "ok", "uncertain", "busy", "refused", "crash", "give back"]),
        st.integers(0, 4),
        st.integers(1, 400),
    ),
    max_size=150,
)


@pytest.mark.parametrize("outlet", [ABOUT, PHOTO, PRESENCE], ids=lambda outlet: outlet.name)
@given(moments=MOMENTS)
def test_nothing_changes_and_changes_back_within_ten_minutes_and_worse_news_never_waits_for_that(
    outlet: Outlet, moments: list[tuple[str, int, int]]
) -> None:
    """Whatever the figure does: five waits in any order, at any distance, with platforms that fail."""
    boxes = [wanted(f"within {n} hours", n) for n in range(1, 6)]
    now, known = NOW, Known()
    seen: list[tuple[float, str]] = []
    for end, number, gap_s in moments:
        now += gap_s
        target = boxes[number]
        if end == "crash" and not outlet.in_session:
            known = Known.from_store(known.to_store())
        if end == "give back" and known.owes:
            seen.append((now, "their own"))
            known = known.restored(now)
        if known.next_step(outlet, target, now) == "read":
            known = known.after_read(OWN if outlet.chars else b"png", target, now)
            continue
        if known.next_step(outlet, target, now) == "rest":
            excused = known.stands(target) or known.off or target.rank <= known.rank
            assert (
                excused
                or known.refused == target.key
                or now < known.patience.next_change_at(outlet.least_s, now)
            ), "worse news waits for nothing but the platform"
            continue
        before, known = known, known.before_show(target, now)
        if end in ("busy", "refused"):
            if outlet.per_language:
                seen.append((now, target.key))
            known = known.after_not_shown(outlet, before)
            told = known.after_busy(outlet, 30.0, now)
            known = told if end == "busy" else known.after_refused(target.key, now)
            continue
        seen.append((now, target.key))
        known = known.after_show(target) if end == "ok" else known.after_busy(outlet, None, now)
    assert flickers(seen) == []


def flickers(seen: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Whatever came back within ten minutes with something else between."""
    changes = [one for before, one in pairwise([(0.0, ""), *seen]) if before[1] != one[1]]
    return [
        (at, key)
        for number, (at, key) in enumerate(changes)
        for earlier_at, earlier in changes[:number]
        if earlier == key and at - earlier_at < CALM_S
    ]


def test_the_test_above_would_see_a_flicker() -> None:
    assert flickers([(0.0, "A"), (300.0, "B"), (599.0, "A")]) == [(599.0, "A")]
    assert flickers([(0.0, "A"), (300.0, "B"), (600.0, "A"), (601.0, "A")]) == []
