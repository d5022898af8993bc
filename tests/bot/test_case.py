"""A case as the store keeps it: nothing is lost on the way, and an older bot reads what a newer one wrote."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Person
from bot.case import Case, CaseState, decode, encode
from status.model import Promise

moments = st.integers(0, 4 * 10**12).map(lambda ms: ms / 1000)  # the clock tells milliseconds
people = st.builds(Person, st.text(min_size=1), st.text(), st.text())
promises = st.builds(Promise, moments, moments, moments, st.floats(0, 1))
cases = st.builds(
    Case,
    id=st.just("K7Q2M4"),
    queue=st.just("support"),
    channel=st.text(min_size=1),
    conversation_id=st.text(min_size=1),
    customer=people,
    opened_at=moments,
    state=st.sampled_from(CaseState),
    turn_at=st.none() | moments,
    queued=st.booleans(),
    warned=st.booleans(),
    agent=st.none() | st.text(min_size=1),
    agent_name=st.text(),
    lease_until=st.none() | moments,
    first_reply_at=st.none() | moments,
    active_at=moments,
    messages=st.integers(0, 10**6),
    promises=st.lists(promises, max_size=3).map(tuple),
    heard_at=st.none() | moments,
    public=st.text(),
    before=st.lists(st.text(), max_size=2).map(tuple),
    version=st.integers(0, 10**9),
)


@given(cases)
def test_what_was_encoded_is_decoded(case: Case) -> None:
    assert decode("support", "K7Q2M4", encode(case)) == case


@given(cases)
def test_the_version_comes_first(case: Case) -> None:
    assert encode(case).partition(" ")[0] == str(case.version)


def test_what_a_newer_bot_added_is_left_out() -> None:
    case = Case("K7Q2M4", "support", "shop", "c-1", Person("c-1"), opened_at=1.0, version=3)
    version, _, document = encode(case).partition(" ")
    newer = json.dumps({**json.loads(document), "mood": "cheerful"})
    assert decode("support", "K7Q2M4", f"{version} {newer}") == case


def test_a_waiting_case_is_small() -> None:
    case = Case("K7Q2M4", "support", "shop", "c-1234", Person("c-1234", "Aino", "fi"), 1_767_614_400.0)
    assert len(encode(case)) <= 100


def test_open_is_neither_ended_nor_on_its_way() -> None:
    def is_open(state: CaseState) -> bool:
        return Case("K7Q2M4", "support", "shop", "c-1", Person("c-1"), 1.0, state=state).is_open

    assert {state for state in CaseState if is_open(state)} == {
        CaseState.WAITING,
        CaseState.CLAIMED,
        CaseState.ANSWERED,
    }
