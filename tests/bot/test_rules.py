"""What is decided, as tables: every state of a case, everything that can happen, and what follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import File, Person
from bot.bodies import as_it_reads, in_words
from bot.case import Case, CaseState, changed
from bot.events import (
    Adopted,
    Answered,
    Changed,
    Claim,
    Close,
    Corrected,
    Decision,
    Due,
    Event,
    Failed,
    GaveUp,
    Note,
    Observed,
    Policy,
    Reacted,
    Refusal,
    Release,
    Reply,
    Spoke,
    Told,
    Transfer,
    Wrote,
)
from bot.rules import PROMISES_KEPT, decide
from status.model import Outlook, Promise, Wait

OPENED, NOW = 1_000_000.0, 1_000_300.0
POLICY = Policy(target_s=480, claim_lease_s=900, close_after_s=86_400)
AINO = Person("c-1", "Aino", "fi")
MINE, THEIRS = "shop/a-1", "shop/a-2"
WAITING = Case(
    "K7Q2M4", "support", "shop", "c-1", AINO, OPENED, turn_at=OPENED, active_at=OPENED, messages=1, version=4
)
HELD = changed(WAITING, state=CaseState.CLAIMED, agent=MINE, agent_name="Ann", lease_until=OPENED + 900)
OTHERS = changed(HELD, agent=THEIRS, agent_name="Ben")
ANSWERED = changed(HELD, state=CaseState.ANSWERED, turn_at=None, lease_until=None, first_reply_at=OPENED + 60)
FREE = changed(ANSWERED, agent=None, agent_name="")
CLOSED = changed(ANSWERED, state=CaseState.CLOSED)
ABANDONED = changed(WAITING, state=CaseState.ABANDONED)
MOVING = changed(WAITING, state=CaseState.MOVING)


def wrote(**more: Any) -> Wrote:
    defaults: dict[str, Any] = {
        "at": NOW,
        "customer": AINO,
        "text": "Hello",
        "channel": "shop",
        "conversation_id": "c-1",
        "new_id": "A1B2C3",
        "variant": 7,
        "queue": "support",
    }
    return Wrote(**(defaults | more))


def decided(case: Case | None, event: Event, policy: Policy = POLICY) -> Decision:
    decision = decide(case, event, policy)
    assert isinstance(decision, Decision), decision
    return decision


def promised(within_s: float, at: float = OPENED) -> Promise:
    return Promise(at, at, within_s)


# --- every state, everything that can happen -----------------------------------------------------------------

CLAIM, RELEASE, REPLY = Claim(NOW, MINE, "Ann"), Release(NOW, MINE, "Ann"), Reply(NOW, MINE, "Ann", "Hi")
NOTE, TRANSFER = Note(NOW, MINE, "Ann", "Psst"), Transfer(NOW, MINE, "Ann", "billing")
CLOSE, GAVE_UP, SPOKE = Close(NOW, MINE, "Ann"), GaveUp(NOW), Spoke(NOW, "pl")
OUTSIDE, CHANGED = Answered(NOW, MINE, "Ann", "Hi"), Changed(NOW, "m-1", "Hello!")
CORRECTED = Corrected(NOW, MINE, "Ann", "room/m-9", "t-1", "Hi!", to_customer=True)
NO_CASE, TAKEN, ENDED, NOT_HELD = "no_such_case", "already_claimed", "ended", "not_held"
AFTER: dict[str, list[Any]] = {
    # event:     none      waiting    held       another's  answered   free       closed  moving
    "wrote":    ["waiting", "waiting", "claimed", "claimed", "claimed", "waiting", None, None],
    "claim":    [NO_CASE, "claimed", "claimed", TAKEN, "answered", "answered", ENDED, ENDED],
    "release":  [NO_CASE, NOT_HELD, "waiting", TAKEN, "answered", NOT_HELD, ENDED, ENDED],
    "reply":    [NO_CASE, "answered", "answered", TAKEN, "answered", "answered", ENDED, ENDED],
    "note":     [NO_CASE, "waiting", "claimed", "claimed", "answered", "answered", ENDED, ENDED],
    "transfer": [NO_CASE, "moving", "moving", TAKEN, "moving", "moving", ENDED, ENDED],
    "close":    [NO_CASE, "closed", "closed", TAKEN, "closed", "closed", ENDED, ENDED],
    "gave_up":  [NO_CASE, "abandoned", "abandoned", "abandoned", "abandoned", "abandoned", ENDED, ENDED],
    "spoke":    [NO_CASE, "waiting", "claimed", "claimed", "answered", "answered", ENDED, ENDED],
    "outside":  [NO_CASE, "answered", "answered", "answered", "answered", "answered", ENDED, ENDED],
    "changed":  [NO_CASE, "waiting", "claimed", "claimed", "answered", "answered", "closed", ENDED],
    "reacted":  [NO_CASE, "waiting", "claimed", "claimed", "answered", "answered", "closed", ENDED],
    "failed":   [NO_CASE, "waiting", "claimed", "claimed", "answered", "answered", "closed", ENDED],
    "corrected":[NO_CASE, "waiting", "claimed", "claimed", "answered", "answered", "closed", ENDED],
}  # fmt: skip
CASES = [None, WAITING, HELD, OTHERS, ANSWERED, FREE, CLOSED, MOVING]
EVENTS: dict[str, Event] = {
    "wrote": wrote(),
    "claim": CLAIM,
    "release": RELEASE,
    "reply": REPLY,
    "note": NOTE,
    "transfer": TRANSFER,
    "close": CLOSE,
    "gave_up": GAVE_UP,
    "spoke": SPOKE,
    "outside": OUTSIDE,
    "changed": CHANGED,
    "reacted": Reacted(NOW, "👍"),
    "failed": Failed(NOW, "K7Q2M4-3-0", "the customer has blocked the bot"),
    "corrected": CORRECTED,
}
TABLE = [
    pytest.param(case, EVENTS[name], expected, id=f"{name}-{column}")
    for name, row in AFTER.items()
    for column, (case, expected) in enumerate(zip(CASES, row, strict=True))
    if expected is not None
]


@pytest.mark.parametrize(("case", "event", "expected"), TABLE)
def test_what_follows(case: Case | None, event: Event, expected: str) -> None:
    outcome = decide(case, event, POLICY)
    told = outcome.reason if isinstance(outcome, Refusal) else outcome.after.state.value
    assert told == expected


@pytest.mark.parametrize(("case", "event", "expected"), TABLE)
def test_invariants_of_a_case(case: Case | None, event: Event, expected: str) -> None:
    outcome = decide(case, event, POLICY)
    if isinstance(outcome, Refusal):
        return
    after = outcome.after
    assert after.version == (case.version if case else 0) + 1
    if after.state is CaseState.WAITING:
        assert after.agent is None
        assert after.turn_at is not None
    if after.state is CaseState.CLAIMED:
        assert after.agent is not None
        assert after.turn_at is not None
        assert after.lease_until is not None
    if after.state is CaseState.ANSWERED:
        assert after.turn_at is None
    if after.ended:
        assert after.promises == ()
    if not after.is_open:
        assert outcome.timer_at is None


def test_the_refused_are_told_who_holds_the_case() -> None:
    assert decide(OTHERS, CLAIM, POLICY) == Refusal("already_claimed", by="Ben")


# --- the customer --------------------------------------------------------------------------------------------


def test_the_first_message_opens_a_case_and_is_acknowledged() -> None:
    decision = decided(None, wrote())
    case = decision.after
    assert (case.id, case.turn_at, case.messages, case.version) == ("A1B2C3", NOW, 1, 1)
    assert [body["kind"] for body in decision.out] == ["acknowledgement"]
    assert decision.observations == (Observed("arrived", NOW),)


def test_the_way_back_goes_along_with_the_acknowledgement() -> None:
    (body,) = decided(None, wrote(answer_to="a-token")).out
    assert body["answer_to"] == "a-token"
    assert "answer_to" not in decided(None, wrote()).out[0]


def test_a_burst_is_acknowledged_once() -> None:
    decision = decided(WAITING, wrote())
    assert (decision.out, decision.counts, decision.after.turn_at) == ((), {}, OPENED)


def test_robots_are_not_acknowledged() -> None:
    assert decided(None, wrote(from_robot=True)).out == ()


def test_a_follow_up_to_the_agent_who_holds_the_case_is_not_acknowledged() -> None:
    decision = decided(ANSWERED, wrote())
    assert (decision.out, decision.after.queued, decision.after.lease_until) == ((), False, NOW + 900)


def test_a_follow_up_that_nobody_holds_waits_in_line_again() -> None:
    decision = decided(FREE, wrote())
    assert [body["kind"] for body in decision.out] == ["acknowledgement"]
    assert (decision.after.queued, decision.after.turn_at) == (True, NOW)


def test_a_name_that_comes_late_is_kept_and_a_chosen_language_stays() -> None:
    nameless = changed(WAITING, customer=Person("c-1", "", "fi"))
    after = decided(nameless, wrote(customer=Person("c-1", "Aino", "en"))).after
    assert after.customer == Person("c-1", "Aino", "fi")


def test_a_full_case_takes_no_more() -> None:
    full = changed(WAITING, messages=2_000)
    assert decide(full, wrote(), POLICY) == Refusal("full")


# --- agents --------------------------------------------------------------------------------------------------


def test_a_claim_says_how_long_the_case_stood_in_line() -> None:
    decision = decided(WAITING, CLAIM)
    assert decision.observations == (Observed("claimed", NOW, MINE, 300.0),)
    assert (decision.after.agent, decision.after.lease_until) == (MINE, NOW + 900)


def test_claiming_again_prolongs_the_lease_and_counts_nothing() -> None:
    decision = decided(HELD, CLAIM)
    assert (decision.after.lease_until, decision.observations) == (NOW + 900, ())


def test_a_release_keeps_the_turn_and_with_it_the_place() -> None:
    after = decided(HELD, RELEASE).after
    assert (after.turn_at, after.agent, after.lease_until) == (OPENED, None, None)


def test_a_reply_ends_the_turn() -> None:
    decision = decided(HELD, REPLY)
    assert [body["kind"] for body in decision.out] == ["reply"]
    assert decision.observations == (Observed("answered", NOW, MINE, 300.0),)
    assert decision.counts == {"promises": 0, "kept": 0, "answered": 1, "within_target": 1}


def test_a_reply_to_a_case_nobody_holds_claims_it() -> None:
    after = decided(WAITING, REPLY).after
    assert (after.agent, after.agent_name) == (MINE, "Ann")


def test_a_reply_after_the_target_is_not_within_it() -> None:
    late = Reply(OPENED + 481, MINE, "Ann", "Hi")
    assert "within_target" not in decided(HELD, late).counts


def test_a_second_reply_answers_no_turn_and_counts_nothing() -> None:
    decision = decided(ANSWERED, REPLY)
    assert (decision.observations, dict(decision.counts)) == ((), {})
    assert [body["kind"] for body in decision.out] == ["reply"]


def test_a_note_goes_to_nobody() -> None:
    decision = decided(OTHERS, NOTE)
    assert decision.out == ()
    assert decision.said == ({"at": NOW, "by": "note", "who": "Ann", "text": "Psst"},)


@pytest.mark.parametrize(("event", "state", "by"), [(CLOSE, "closed", MINE), (GAVE_UP, "abandoned", "")])
def test_a_turn_without_a_reply_is_censored_not_missing(event: Event, state: str, by: str) -> None:
    decision = decided(WAITING, event)
    assert decision.after.state == state
    assert decision.observations == (Observed("left", NOW, by, 300.0),)
    assert decision.counts == {"promises": 0, "kept": 0, "closed": 1, "left": 1}


# --- what the estimate hears ---------------------------------------------------------------------------------

QUIET = Observed("closed", NOW, MINE, queued=False)


@pytest.mark.parametrize("event", [CLOSE, GAVE_UP, TRANSFER])
def test_the_end_of_an_answered_case_frees_a_hand_and_ends_no_wait(event: Event) -> None:
    assert decided(ANSWERED, event).observations == (QUIET._replace(at=event.at),)


@pytest.mark.parametrize(
    ("case", "in_line"), [(HELD, True), (changed(HELD, queued=False), True), (ANSWERED, False)]
)
def test_a_release_tells_whether_the_turn_stands_in_line_again(case: Case, in_line: bool) -> None:
    decision = decided(case, RELEASE)
    assert decision.observations == (Observed("released", NOW, MINE, queued=in_line),)
    assert decision.after.queued is True


def test_a_vanished_agent_gave_the_case_back_and_went_off_duty() -> None:
    at = OPENED + 900
    back, off = decided(HELD, Due(at, agent_seen_at=OPENED)).observations
    assert (back, off) == (Observed("released", at, MINE), Observed("duty", at, MINE))


@pytest.mark.parametrize("event", [CLAIM, REPLY])
def test_an_answered_case_that_somebody_takes_fills_a_hand(event: Event) -> None:
    assert decided(FREE, event).observations == (Observed("claimed", NOW, MINE, queued=False),)


def test_a_follow_up_names_who_holds_the_case() -> None:
    assert decided(ANSWERED, wrote()).observations == (Observed("arrived", NOW, MINE, queued=False),)


# --- promises ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("within_s", "kept"), [(300, 1), (299, 0)])
def test_a_promise_is_judged_by_the_reply(within_s: float, kept: int) -> None:
    case = changed(HELD, promises=(promised(within_s),))
    decision = decided(case, REPLY)
    assert (decision.counts["promises"], decision.counts["kept"]) == (1, kept)
    assert decision.after.promises == ()


@pytest.mark.parametrize(("within_s", "judged"), [(300, 0), (299, 1)])
def test_a_customer_who_leaves_early_leaves_the_promise_unjudged(within_s: float, judged: int) -> None:
    case = changed(WAITING, promises=(promised(within_s),))
    decision = decided(case, GAVE_UP)
    assert (decision.counts["promises"], decision.counts["kept"]) == (judged, 0)


def test_a_promise_broken_while_waiting_is_judged_at_once_and_only_once() -> None:
    case = changed(WAITING, promises=(promised(200), promised(400)))
    decision = decided(case, Due(NOW))
    assert decision.counts == {"promises": 1}
    assert decision.after.promises == (promised(400),)


def test_the_oldest_promise_goes_when_a_customer_asks_very_often() -> None:
    case = WAITING
    for n in range(PROMISES_KEPT + 1):
        case = decided(case, Told(NOW, OPENED, promised(600 + n))).after
    assert case.promises[0] == promised(601)
    assert len(case.promises) == PROMISES_KEPT


def test_words_for_a_turn_that_is_over_promise_nothing() -> None:
    assert decide(ANSWERED, Told(NOW, OPENED, promised(600)), POLICY) == Refusal("answered")


def outlook(p80_s: float, at: float = NOW) -> Outlook:
    wait = Wait(p80_s / 2, p80_s, p80_s * 1.2, 10, "test", at)
    return Outlook("open", at, 1, 1, wait=wait, promise=Promise(at, at, p80_s))


def test_a_clearly_worse_outlook_is_told_once() -> None:
    case = changed(WAITING, promises=(promised(400),))
    decision = decided(case, Due(NOW, outlook=outlook(1_800)))
    assert [body["kind"] for body in decision.out] == ["update"]
    assert decided(decision.after, Due(NOW + 60, outlook=outlook(3_600, NOW + 60))).out == ()


@pytest.mark.parametrize("now", [outlook(60), None])
def test_without_clearly_worse_news_nothing_is_told(now: Outlook | None) -> None:
    case = changed(WAITING, promises=(promised(400),))
    decision = decided(case, Due(NOW, outlook=now))
    assert (decision.out, decision.after.warned) == ((), False)


def test_a_promise_that_breaks_in_silence_is_owned_up_to_once() -> None:
    case = changed(WAITING, promises=(promised(100),))
    at = OPENED + 101
    broken = decided(case, Due(at, outlook=outlook(60, at)))
    assert [body["kind"] for body in broken.out] == ["update"]
    assert (broken.after.late_since, broken.counts) == (OPENED + 100, {"promises": 1})
    again = decided(broken.after, Told(at, OPENED, Promise(at, at, 60))).after
    later = at + 61
    assert decided(again, Due(later, outlook=outlook(60, later))).out == ()
    assert decided(again, Due(later, outlook=outlook(60, later))).after.late_since == at + 60


def test_who_was_warned_hears_once_more_when_that_breaks_too() -> None:
    warned = decided(changed(WAITING, promises=(promised(400),)), Due(NOW, outlook=outlook(1_800))).after
    told = decided(warned, Told(NOW, OPENED, promised(900))).after
    first = decided(told, Due(OPENED + 401, outlook=outlook(1_800, OPENED + 401)))
    assert (first.out, first.after.late_since) == ((), None)
    second = decided(first.after, Due(OPENED + 901, outlook=outlook(1_800, OPENED + 901)))
    assert [body["kind"] for body in second.out] == ["update"]


def test_an_agent_who_has_the_case_is_what_the_customer_hears_of() -> None:
    case = changed(HELD, promises=(promised(100),))
    decision = decided(case, Due(OPENED + 101, agent_seen_at=OPENED + 100))
    assert (decision.out, decision.after.late_since) == ((), OPENED + 100)


def test_a_new_turn_is_not_late() -> None:
    answered = decided(changed(HELD, late_since=OPENED + 100), REPLY).after
    assert decided(answered, wrote(at=NOW + 60)).after.late_since is None


def test_the_case_is_looked_at_before_its_promise_breaks() -> None:
    after = decided(WAITING, Told(OPENED, OPENED, promised(600)))
    assert after.timer_at == OPENED + 400


# --- time passes ---------------------------------------------------------------------------------------------


def test_a_vanished_agent_loses_the_case_to_its_old_place() -> None:
    at = OPENED + 900
    decision = decided(HELD, Due(at, agent_seen_at=OPENED))
    after = decision.after
    assert (after.state, after.turn_at, decision.off_duty) == (CaseState.WAITING, OPENED, MINE)


def test_an_active_agent_keeps_the_case() -> None:
    decision = decided(HELD, Due(OPENED + 900, agent_seen_at=OPENED + 800))
    assert (decision.after.agent, decision.after.lease_until) == (MINE, OPENED + 1_700)
    assert decision.timer_at == OPENED + 1_700


@pytest.mark.parametrize(("at", "state"), [(86_399, "answered"), (86_400, "closed")])
def test_silence_after_the_answer_closes_the_case(at: float, state: str) -> None:
    assert decided(ANSWERED, Due(OPENED + at)).after.state == state


def test_nobody_closed_a_case_that_silence_closed() -> None:
    at = OPENED + 86_400
    assert decided(ANSWERED, Due(at)).observations == (Observed("closed", at, "", queued=False),)


# --- to another queue ----------------------------------------------------------------------------------------


def test_a_case_leaves_behind_where_it_went() -> None:
    decision = decided(HELD, TRANSFER)
    assert decision.moved_to == ">billing K7Q2M4"
    assert [body["kind"] for body in decision.out] == ["transfer"]
    assert decision.observations == (Observed("left", NOW, MINE, 300.0),)


def test_promises_go_along_and_nothing_wakes_the_queue_for_them() -> None:
    decision = decided(changed(HELD, promises=(promised(600),)), TRANSFER)
    assert (decision.after.promises, decision.timer_at) == ((promised(600),), None)


def test_an_adopted_case_waits_since_its_old_turn_and_is_told_of() -> None:
    decision = decided(None, Adopted(NOW, changed(MOVING, queue="billing", version=0)))
    assert (decision.after.queue, decision.after.turn_at) == ("billing", OPENED)
    assert [body["kind"] for body in decision.out] == ["notice"]


def test_two_cases_become_one_with_the_older_turn_and_both_promises() -> None:
    here = changed(WAITING, turn_at=OPENED + 60, promises=(promised(600),))
    there = changed(MOVING, promises=(promised(500),))
    after = decided(here, Adopted(NOW, there)).after
    assert (after.turn_at, after.messages, len(after.promises)) == (OPENED, 2, 2)


@pytest.mark.parametrize(("here", "state"), [(ANSWERED, CaseState.CLAIMED), (FREE, CaseState.WAITING)])
def test_a_turn_that_joins_an_answered_case_begins_there(here: Case, state: CaseState) -> None:
    decision = decided(here, Adopted(NOW, MOVING))
    assert (decision.after.state, decision.after.turn_at) == (state, OPENED)
    in_line = here.agent is None
    assert decision.observations == (Observed("arrived", NOW, here.agent or "", queued=in_line),)
    assert decision.counts == {"arrived": 1}


# --- news for other programs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "event", "news"),
    [
        (None, wrote(), "case.opened"),
        (WAITING, CLAIM, "case.claimed"),
        (HELD, REPLY, "case.answered"),
        (HELD, CLOSE, "case.closed"),
        (WAITING, GAVE_UP, "case.closed"),
    ],
)
def test_who_wants_events_hears_of_the_case_but_not_what_was_said(
    case: Case | None, event: Event, news: str
) -> None:
    bodies = [body for body in decided(case, event, replace(POLICY, events=True)).out if "type" in body]
    assert [body["type"] for body in bodies] == [news]
    assert "text" not in bodies[0]["data"]
    assert all(body["kind"] != "event" for body in decided(case, event).out)


# --- any story -----------------------------------------------------------------------------------------------

STORIES = st.lists(st.sampled_from(sorted(EVENTS)) | st.just("due"), max_size=30)


@given(STORIES, st.floats(1, 4_000))
def test_every_turn_that_began_is_answered_or_left_or_open(story: list[str], step_s: float) -> None:
    case: Case | None = None
    began = ended = 0
    for number, name in enumerate(story):
        at = OPENED + number * step_s
        event = Due(at) if name == "due" else replace(EVENTS[name], at=at)
        outcome = decide(case if case is None or case.is_open else None, event, POLICY)
        if isinstance(outcome, Refusal):
            continue
        case = outcome.after
        began += sum(one.happened == "arrived" for one in outcome.observations)
        ended += sum(one.happened in ("answered", "left") for one in outcome.observations)
        open_turn = case.is_open and case.turn_at is not None
        assert began == ended + open_turn
        assert outcome.timer_at is None or case.is_open


# --- beside messages and commands --------------------------------------------------------------------------

PHOTO = File("photo", "file-1", size_bytes=90_000)


def test_files_albums_and_names_of_messages_are_kept_with_what_was_said() -> None:
    [said] = decided(None, wrote(text="", files=(PHOTO,), ref="m-1", group="album-1")).said
    assert said == {
        "at": NOW,
        "text": "",
        "files": [["photo", "file-1", "", "", 90_000, ""]],
        "ref": "m-1",
        "group": "album-1",
    }


def test_a_reply_from_a_room_knows_where_its_fate_is_shown() -> None:
    reply = Reply(NOW, "room/a-1", "Ann", "Look", (PHOTO,), "room/m-9", "t-1")
    decision = decided(WAITING, reply)
    [body] = decision.out
    assert (body["source"], body["place"], body["origin"]) == ("room/m-9", "t-1", "room")
    assert body["files"] == decision.said[0]["files"]
    assert decision.said[0]["from"] == "room/m-9"


def test_a_reply_past_the_bot_answers_the_turn_and_sends_nothing() -> None:
    decision = decided(OTHERS, OUTSIDE)
    assert decision.out == ()
    assert decision.after.agent == THEIRS, "whoever holds the case keeps it"
    assert [observed.happened for observed in decision.observations] == ["answered"]
    assert decision.said[0]["who"] == "Ann"


def test_a_customer_who_blocked_us_is_gone_and_agents_read_why() -> None:
    decision = decided(HELD, GaveUp(NOW, blocked=True))
    assert decision.after.state is CaseState.ABANDONED
    assert [said["by"] for said in decision.said] == ["gone"]


@pytest.mark.parametrize("case", [WAITING, HELD, ANSWERED, CLOSED])
@pytest.mark.parametrize("name", ["changed", "reacted", "failed", "corrected"])
def test_a_remark_changes_nothing_but_what_was_said(case: Case, name: str) -> None:
    decision = decided(case, EVENTS[name])
    assert changed(decision.after, version=case.version) == case
    assert len(decision.said) == 1
    assert decision.observations == ()
    assert decision.counts == {}


def test_an_agents_correction_goes_out_unless_it_was_a_note() -> None:
    [body] = decided(ANSWERED, CORRECTED).out
    assert (body["kind"], body["source"], body["text"]) == ("change", "room/m-9", "Hi!")
    assert decided(ANSWERED, replace(CORRECTED, to_customer=False)).out == ()


def test_an_edit_counts_wherever_it_stands() -> None:
    """Platforms may deliver an edit before the message it changes."""
    edit = {"at": 1, "by": "edit", "ref": "m-1", "text": "after"}
    message = {"at": 2, "by": "customer", "ref": "m-1", "text": "before"}
    for order in ([edit, message], [message, edit]):
        assert [entry["text"] for entry in as_it_reads(order)] == ["after"]
    gone = {"at": 3, "by": "edit", "ref": "m-1", "text": None}
    assert as_it_reads([message, edit, gone]) == []


def test_an_agents_correction_is_what_reads_from_then_on() -> None:
    said = [
        {"at": 1, "by": "agent", "who": "Ann", "text": "Tomorow", "from": "room/m-9"},
        {"at": 2, "by": "agent", "who": "Ann", "text": "Bye"},
        {"at": 3, "by": "change", "who": "Ann", "text": "Tomorrow", "from": "room/m-9"},
    ]
    assert [entry["text"] for entry in as_it_reads(said)] == ["Tomorrow", "Bye"]


def test_files_can_be_named_in_words() -> None:
    entry = {
        "text": "Here:",
        "files": [["document", "f", "bill.pdf", "", 9, ""], ["photo", "g", "", "", 9, ""]],
    }
    assert in_words(entry) == "Here: [bill.pdf] [photo]"
