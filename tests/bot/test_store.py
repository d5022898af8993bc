"""The store's atomic steps on a real server: whole or not at all, repeated without harm, healed by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import RedisCluster

from adapters.base import Person
from bot.case import Case, CaseState, changed
from bot.events import Observed
from bot.published import HistoryPoint, Published
from bot.store import keys
from bot.store.connection import Connection, connect
from bot.store.store import Store
from bot.store.wire import Commit, Outcome, OutEntry, Taken, seen_digest
from status.model import Observation, Outlook, Promise, TrackRecord, Wait
from tests.fakes.desk import MONDAY_NOON, HandClock
from tests.waiting import until

DAY_S = 86_400
LONG_S, SOON_S, LAPSED_S = 30.0, 0.5, 0.001


@pytest.fixture
async def connection(store_url: str) -> AsyncIterator[Connection]:
    connection = await connect(store_url)
    yield connection
    await connection.aclose()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(connection: Connection, clock: HandClock) -> Store:
    store = Store(connection, clock)
    await store.open()
    return store


def a_case(number: int = 1, **more: Any) -> Case:
    defaults: dict[str, Any] = {
        "id": f"A1B2C{number % 10}"
        if number < 10
        else f"K{number // 100 % 10}Q{number // 10 % 10}M{number % 10}",
        "queue": "support",
        "channel": "shop",
        "conversation_id": f"c-{number}",
        "customer": Person(f"c-{number}", "Aino", "fi"),
        "opened_at": MONDAY_NOON + number,
        "turn_at": MONDAY_NOON + number,
        "messages": 1,
        "version": 1,
    }
    return Case(**(defaults | more))


def entry(number: int, lane: str = "shop/c-1") -> OutEntry:
    return OutEntry(
        f"e-{number}", lane, {"kind": "answer", "case": None, "customer": "c-1", "text": str(number)}
    )


async def taken(
    store: Store, most: int = 10, lease_s: float = LONG_S, who: str = "me", channel: str = "shop"
) -> list[Taken]:
    return (await store.take("support", channel, who, most, lease_s, ()))[0]


async def everything(connection: Connection, queue: str = "support") -> dict[str, Any]:
    """Every key of a queue with its content: equal before and after means that nothing was written."""
    client: Any = connection.client
    reading = {
        "string": client.get,
        "list": lambda key: client.lrange(key, 0, -1),
        "hash": client.hgetall,
        "set": client.smembers,
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        "stream": client.xrange,
    }
    return {
        key: await reading[await client.type(key)](key)
        async for key in client.scan_iter(match=f"{keys.prefix(queue)}*")
    }


def everywhere(connection: Connection) -> dict[str, Any]:
    """Send a command to all primaries, where there are several."""
    return {"target_nodes": RedisCluster.PRIMARIES} if connection.is_cluster else {}


# --- one commit ----------------------------------------------------------------------------------------------


async def test_a_new_case_stands_in_its_indexes(store: Store) -> None:
    case = a_case()
    said = [{"at": 1.0, "by": "customer", "text": "Hello"}]
    assert await store.commit("support", Commit(after=case, said=said, timer_at=5.0)) == Outcome("done")
    assert await store.case("support", case.id) == case
    assert await store.open_case("support", "shop/c-1") == case
    assert await store.waiting("support", 10) == [case.id]
    assert await store.transcript("support", case.id) == said


async def test_what_was_seen_is_not_written_again(store: Store, connection: Connection) -> None:
    commit = Commit(seen=seen_digest("shop", "m-1"), after=a_case(), counts={"arrived": 1}, out=[entry(1)])
    assert (await store.commit("support", commit)).kind == "done"
    before = await everything(connection)
    assert (await store.commit("support", commit)).kind == "seen"
    assert await everything(connection) == before


async def test_an_old_version_is_told_what_stands_there(store: Store, connection: Connection) -> None:
    case = a_case()
    newer = changed(case, messages=2, version=2)
    await store.commit("support", Commit(after=case))
    await store.commit("support", Commit(before=case, after=newer))
    before = await everything(connection)
    late = Commit(
        seen="late", before=case, after=changed(case, version=2), out=[entry(1)], counts={"arrived": 1}
    )
    assert await store.commit("support", late) == Outcome("stale", case=newer)
    assert await everything(connection) == before


async def test_a_second_case_for_a_conversation_is_told_the_first(store: Store) -> None:
    first = a_case()
    await store.commit("support", Commit(after=first))
    outcome = await store.commit("support", Commit(after=changed(first, id="Z9Z9Z9")))
    assert outcome == Outcome("stale", case=first)


async def test_a_case_that_is_gone_is_told_as_gone(store: Store) -> None:
    case = a_case(version=2)
    assert await store.commit("support", Commit(before=a_case(), after=case)) == Outcome("stale")


async def test_a_conversation_that_moved_says_where(store: Store) -> None:
    case = a_case()
    gone = changed(case, state=CaseState.MOVING, version=2)
    await store.commit("support", Commit(after=case))
    await store.commit("support", Commit(before=case, after=gone, moved_to=f">billing {case.id}"))
    new = a_case(id="Z9Z9Z9")
    moved = Outcome("moved", queue="billing", pointer=f">billing {case.id}")
    assert await store.commit("support", Commit(after=new)) == moved
    assert (await store.commit("support", Commit(after=new, past=moved.pointer))).kind == "done"


async def test_a_case_id_in_use_is_taken(store: Store) -> None:
    await store.commit("support", Commit(after=a_case()))
    other = a_case(id="A1B2C1", conversation_id="c-2")
    assert (await store.commit("support", Commit(after=other))).kind == "taken"


async def test_an_ended_case_leaves_every_index_and_stays_readable(
    store: Store, connection: Connection
) -> None:
    case = a_case(state=CaseState.CLAIMED, agent="shop/a-1")
    await store.commit("support", Commit(after=case, timer_at=5.0))
    ended = changed(case, state=CaseState.CLOSED, version=2)
    await store.commit("support", Commit(before=case, after=ended, keep_ended_s=DAY_S))
    assert await store.open_case("support", "shop/c-1") is None
    assert await store.held("support", "shop/a-1") == []
    assert (await store.line("support")).claimed == 0
    assert await connection.client.zrange(keys.prefix("support") + "timers", 0, -1) == []
    assert await store.case("support", case.id) == ended
    assert 0 < await connection.client.ttl(f"{keys.prefix('support')}case:{case.id}") <= DAY_S


async def test_a_long_transcript_is_carried_over_whole(store: Store) -> None:
    said = [{"at": 1.0, "by": "customer", "text": str(n)} for n in range(9_000)]
    assert (await store.commit("support", Commit(after=a_case(), said=said))).kind == "done"
    assert len(await store.transcript("support", "A1B2C1")) == 9_000


# --- many commits at once ------------------------------------------------------------------------------------


async def test_concurrent_commits_travel_together(store: Store, connection: Connection) -> None:
    async def calls() -> int:
        stats = await connection.client.info("commandstats", **everywhere(connection))
        answers = stats.values() if connection.is_cluster else [stats]
        return sum(one.get("cmdstat_fcall", {}).get("calls", 0) for one in answers)

    before = await calls()
    outcomes = await asyncio.gather(
        *(store.commit("support", Commit(after=a_case(n))) for n in range(10, 210))
    )
    assert {outcome.kind for outcome in outcomes} == {"done"}
    assert await calls() - before <= 10


async def test_one_faulty_commit_takes_no_others_along(store: Store, connection: Connection) -> None:
    prefix = keys.prefix("support")
    await connection.client.set(f"{prefix}out:shop/broken", "not a list")
    faulty = Commit(out=[entry(1, "shop/broken")])
    good = [Commit(after=a_case(n)) for n in range(10, 20)]
    outcomes = await asyncio.gather(
        *(store.commit("support", commit) for commit in [*good[:5], faulty, *good[5:]]),
        return_exceptions=True,
    )
    assert isinstance(outcomes[5], RuntimeError)
    assert [outcome for outcome in outcomes if outcome == Outcome("done")] == [Outcome("done")] * 10


async def test_every_commit_gets_its_own_answer(store: Store) -> None:
    await store.commit("support", Commit(seen="known"))
    commits = [Commit(seen="known" if n % 3 == 0 else f"new-{n}") for n in range(300)]
    outcomes = await asyncio.gather(*(store.commit("support", commit) for commit in commits))
    assert [outcome.kind for outcome in outcomes] == ["seen" if n % 3 == 0 else "done" for n in range(300)]


async def test_a_lost_function_library_is_loaded_again(store: Store, connection: Connection) -> None:
    await connection.client.execute_command("FUNCTION FLUSH", **everywhere(connection))
    outcomes = await asyncio.gather(
        *(store.commit("support", Commit(after=a_case(n))) for n in range(10, 20))
    )
    assert {outcome.kind for outcome in outcomes} == {"done"}


# --- dedupe over days ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 3.9, 4, 7, 8])
@pytest.mark.parametrize("hour", [0, 47, 95])
async def test_an_id_is_known_for_eight_days(store: Store, clock: HandClock, days: float, hour: int) -> None:
    clock.advance(hour * 3600)
    await store.commit("support", Commit(seen="digest"))
    clock.advance(days * DAY_S)
    assert await store.seen("support", "digest")
    assert (await store.commit("support", Commit(seen="digest"))).kind == "seen"


async def test_an_id_is_forgotten_after_twelve_days(store: Store, clock: HandClock) -> None:
    await store.commit("support", Commit(seen="digest"))
    clock.advance(12 * DAY_S)
    assert not await store.seen("support", "digest")
    assert (await store.commit("support", Commit(seen="digest"))).kind == "done"


def test_ids_of_two_channels_are_two_ids() -> None:
    assert seen_digest("shop", "1") != seen_digest("bank", "1")


# --- the outbox ----------------------------------------------------------------------------------------------


async def test_a_lane_is_sent_in_order_one_at_a_time(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1), entry(2), entry(3)]))
    (head,) = await taken(store)
    assert await taken(store) == []
    sent = [head.entry.id]
    following = await store.settle_delivered("support", "me", head, LONG_S)
    while following is not None:
        sent.append(following.entry.id)
        following = await store.settle_delivered("support", "me", following, LONG_S)
    assert sent == ["e-1", "e-2", "e-3"]
    assert await store.outgoing("support", "shop") == 0


async def test_two_lanes_are_sent_side_by_side(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1, "shop/c-1"), entry(2, "shop/c-2")]))
    assert {one.entry.id for one in await taken(store)} == {"e-1", "e-2"}


async def test_channels_do_not_see_each_other(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1, "bank/c-1")]))
    assert await taken(store) == []
    assert [one.entry.id for one in await taken(store, channel="bank")] == ["e-1"]


async def test_what_must_wait_is_not_due(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1)]))
    (head,) = await taken(store)
    await store.settle_again("support", "me", head, 60)
    found, next_s = await store.take("support", "shop", "me", 10, LONG_S, ())
    assert found == []
    assert next_s is not None
    assert 30 < next_s <= 60


async def test_every_attempt_counts(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1)]))
    attempts = []
    for _ in range(3):
        (head,) = await taken(store)
        attempts.append(head.attempt)
        await store.settle_again("support", "me", head, 0)
    assert attempts == [1, 2, 3]


@pytest.mark.parametrize("begun", [True, False])
async def test_a_vanished_senders_message_comes_back_marked_once_it_had_begun(
    store: Store, begun: bool
) -> None:
    await store.commit("support", Commit(out=[entry(1)]))
    (first,) = await taken(store, lease_s=SOON_S, who="vanished")
    if begun:
        assert await store.begin("support", "vanished", first)
    (again,) = await until(lambda: taken(store))
    assert (first.lapsed, again.lapsed, again.entry) == (False, begun, first.entry)


async def test_only_who_holds_a_message_begins_with_it(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1)]))
    (first,) = await taken(store, lease_s=LAPSED_S, who="slow")
    (mine,) = await until(lambda: taken(store))
    assert not await store.begin("support", "slow", first)
    assert await store.begin("support", "me", mine)


async def test_what_surely_did_not_arrive_is_not_marked(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1)]))
    for settle in (store.settle_later, store.settle_again, store.settle_later):
        (head,) = await taken(store)
        assert not head.lapsed
        assert await store.begin("support", "me", head)
        await settle("support", "me", head, 0)


async def test_who_settles_late_harms_nobody(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1), entry(2)]))
    (late,) = await taken(store, lease_s=LAPSED_S, who="late")
    (mine,) = await until(lambda: taken(store))
    following = await store.settle_delivered("support", "me", mine, LONG_S)
    assert following is not None
    assert await store.settle_delivered("support", "late", late, LONG_S) is None
    assert following.entry.id == "e-2"
    assert await store.settle_delivered("support", "me", following, LONG_S) is None
    assert await store.outgoing("support", "shop") == 0


async def test_a_settlement_repeated_settles_nothing_else(store: Store, connection: Connection) -> None:
    await store.commit("support", Commit(out=[entry(1), entry(2)]))
    (head,) = await taken(store)
    await store.settle_delivered("support", "me", head, LONG_S)
    await store.settle_delivered("support", "me", head, LONG_S)
    lane = (await everything(connection))[f"{keys.prefix('support')}out:shop/c-1"]
    assert lane == [entry(2).line]


async def test_a_message_given_up_can_be_sent_again(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1), entry(2)]))
    (head,) = await taken(store)
    following = await store.settle_dead("support", "me", head, "no such person", LONG_S)
    assert following is not None
    letters = await store.dead_letters("support")
    assert {name: letter["reason"] for name, letter in letters.items()} == {"e-1": "no such person"}
    await store.settle_delivered("support", "me", following, LONG_S)
    assert await store.revive("support", "e-1", again=True)
    assert [(one.entry, one.attempt) for one in await taken(store)] == [(entry(1), 1)]
    assert await store.dead_letters("support") == {}


async def test_a_message_given_up_can_be_dropped(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1)]))
    (head,) = await taken(store)
    await store.settle_dead("support", "me", head, "no", LONG_S)
    assert await store.revive("support", "e-1", again=False)
    assert not await store.revive("support", "e-1", again=True)
    assert await taken(store) == []


async def test_words_take_the_place_of_the_meaning_once(store: Store) -> None:
    await store.commit("support", Commit(out=[entry(1), entry(2)]))
    worded = replace(entry(1), body={**entry(1).body, "text": "in words"})
    await store.commit("support", Commit(worded=worded))
    assert [one.entry for one in await taken(store)] == [worded]
    await store.commit("support", Commit(worded=replace(entry(9), body={})))
    assert (await store.outgoing("support", "shop")) == 1


# --- leading -------------------------------------------------------------------------------------------------


async def test_one_leads_until_it_lets_go(store: Store) -> None:
    first = await store.lead("support", "one", LONG_S)
    assert first > 0
    assert await store.lead("support", "other", LONG_S) == 0
    assert await store.lead("support", "one", LONG_S) == first
    await store.resign("support", "other")
    assert await store.lead("support", "other", LONG_S) == 0
    await store.resign("support", "one")
    assert await store.lead("support", "other", LONG_S) == first + 1


def published(at: float) -> tuple[Published, HistoryPoint]:
    wait, promise = Wait(100, 200, 300, 12, "throughput", at), Promise(at, at, 300)
    outlook = Outlook("open", at, 3, 2, wait=wait, promise=promise)
    return (
        Published("support", outlook, at + 300, TrackRecord(30, 10, 8), 100, 80),
        HistoryPoint(at, "open", 3, 2, 100.0, 200.0, 5, 4),
    )


async def test_a_leader_who_slept_writes_nothing(store: Store, connection: Connection) -> None:
    old = await store.lead("support", "one", LAPSED_S)
    new = await until(lambda: store.lead("support", "other", LONG_S))
    figure, point = published(MONDAY_NOON)
    assert await store.publish(new, figure, point, 0, [])
    assert await store.remember("support", new, {"after": "1-1", "data": {}})
    before = await everything(connection)
    stale, stale_point = published(MONDAY_NOON + 300)
    assert not await store.publish(old, stale, stale_point, 0, [entry(1)])
    assert not await store.remember("support", old, {"after": "0-0", "data": {}})
    assert await everything(connection) == before


async def test_what_is_published_is_read_back_with_its_history(store: Store) -> None:
    fence = await store.lead("support", "one", LONG_S)
    for number in range(4):
        figure, point = published(MONDAY_NOON + number * 300)
        assert await store.publish(fence, figure, point, MONDAY_NOON + 300, [])
    assert await store.published("support") == figure
    assert [one.at - MONDAY_NOON for one in await store.history("support", 0)] == [300, 600, 900]
    assert [one.at - MONDAY_NOON for one in await store.history("support", MONDAY_NOON + 600)] == [600, 900]


# --- figures -------------------------------------------------------------------------------------------------


async def test_the_line_counts_what_is_there(store: Store) -> None:
    one, two = a_case(1), a_case(2)
    held = a_case(3, state=CaseState.CLAIMED, agent="shop/a-1")
    for case in (one, two, held):
        await store.commit("support", Commit(after=case))
    await store.commit("support", Commit(duty=("shop/a-1", {"name": "Ann", "seen": 1.0})))
    await store.commit("support", Commit(counts={"promises": 3, "kept": 2}))
    line = await store.line("support")
    assert (line.waiting, line.oldest_at, line.claimed, line.agents) == (2, one.turn_at, 1, 1)
    assert (line.judged, line.kept, line.claimed) == (3, 2, 1)
    assert await store.ahead("support", two.id) == 1
    assert await store.ahead("support", held.id) is None


async def test_days_are_counted_apart(store: Store, clock: HandClock) -> None:
    await store.commit("support", Commit(counts={"arrived": 2}))
    clock.advance(DAY_S)
    await store.commit("support", Commit(counts={"arrived": 1, "kept": 1}))
    assert await store.days("support", 3) == [{"arrived": 1, "kept": 1}, {"arrived": 2}, {}]


async def told(store: Store) -> list[Observation]:
    return [event for _, event in await store.events_since("support", "0-0", 100)]


async def test_events_tell_the_queue_right_after(store: Store) -> None:
    case = a_case()
    await store.commit("support", Commit(after=case, observations=[Observed("arrived", MONDAY_NOON)]))
    gone = changed(case, state=CaseState.ABANDONED, version=2)
    left = Observed("left", MONDAY_NOON + 60, "", 60.0)
    await store.commit("support", Commit(before=case, after=gone, observations=[left]))
    assert await told(store) == [
        Observation(MONDAY_NOON, "arrived", 1, 0, case=case.id, ahead=0, channel="shop"),
        Observation(MONDAY_NOON + 60, "left", 0, 0, 60.0, case=case.id, ahead=0),
    ]


async def test_an_event_tells_who_stood_before_the_case_when_it_joined_and_left_the_line(
    store: Store,
) -> None:
    cases = [a_case(n) for n in (1, 2, 3)]
    for case in cases:
        await store.commit("support", Commit(after=case, observations=[Observed("arrived", case.opened_at)]))
    held = changed(cases[1], state=CaseState.CLAIMED, agent="shop/a-1", version=2)
    answered = changed(held, state=CaseState.ANSWERED, turn_at=None, version=3)
    back = changed(held, state=CaseState.WAITING, agent=None, version=3)
    claimed = Commit(
        before=cases[1], after=held, observations=[Observed("claimed", MONDAY_NOON, "shop/a-1", 9.0)]
    )
    await store.commit("support", claimed)
    await store.commit(
        "support", Commit(before=held, after=back, observations=[Observed("released", 9, "shop/a-1")])
    )
    await store.commit("support", Commit(before=back, after=changed(held, version=4)))
    await store.commit(
        "support",
        Commit(
            before=changed(held, version=4),
            after=changed(answered, version=5),
            observations=[Observed("answered", 9, "shop/a-1", 9.0)],
        ),
    )
    events = await told(store)
    assert [(one.happened, one.ahead, one.waiting, one.held) for one in events] == [
        ("arrived", 0, 1, 0),
        ("arrived", 1, 2, 0),
        ("arrived", 2, 3, 0),
        ("claimed", 1, 2, 1),
        ("released", 1, 3, 0),
        ("answered", None, 2, 0),
    ]
    assert (await store.line("support")).claimed == 0


async def test_an_event_of_duty_names_the_agent_and_no_case(store: Store) -> None:
    duty = ("shop/a-1", {"name": "Ann", "seen": 1.0})
    await store.commit("support", Commit(duty=duty, observations=[Observed("duty", MONDAY_NOON, "shop/a-1")]))
    held = a_case(state=CaseState.CLAIMED, agent="shop/a-1")
    await store.commit("support", Commit(after=held))
    back = changed(held, state=CaseState.WAITING, agent=None, version=2)
    gone = [Observed("released", MONDAY_NOON, "shop/a-1"), Observed("duty", MONDAY_NOON, "shop/a-1")]
    await store.commit("support", Commit(before=held, after=back, duty=("shop/a-1", None), observations=gone))
    assert [(one.happened, one.case, one.agent, one.ahead, one.agents) for one in await told(store)] == [
        ("duty", "", "shop/a-1", None, 1),
        ("released", held.id, "shop/a-1", 0, 0),
        ("duty", "", "shop/a-1", None, 0),
    ]


async def test_the_events_of_one_batch_each_tell_their_own_moment(store: Store) -> None:
    held = {"state": CaseState.CLAIMED, "agent": "shop/a-1"}
    commits = [
        Commit(after=a_case(n, **(held if n % 2 else {})), observations=[Observed("arrived", MONDAY_NOON)])
        for n in range(10, 40)
    ]
    await asyncio.gather(*(store.commit("support", commit) for commit in commits))
    events = await told(store)
    assert [one.held for one in events] == [n // 2 for n in range(1, 31)]
    assert [one.waiting for one in events] == [(n + 1) // 2 for n in range(1, 31)]
    line = await store.line("support")
    assert (line.claimed, line.waiting) == (15, 15)


async def test_events_are_kept_up_to_their_bound(connection: Connection, clock: HandClock) -> None:
    store = Store(connection, clock, events_kept=1_000)
    await store.open()
    duty = Commit(observations=[Observed("duty", MONDAY_NOON, "shop/a-1")] * 100)
    for _ in range(15):
        await store.commit("support", duty)
    # The server drops whole pieces of a stream, of a hundred entries each.
    assert 1_000 <= await connection.client.xlen(keys.prefix("support") + "events") <= 1_200


async def test_an_event_of_an_older_bot_is_read(store: Store, connection: Connection) -> None:
    old: dict[Any, Any] = {"e": "claimed", "t": "5000", "w": "1500", "q": "1", "n": "2", "a": "3"}
    await connection.client.xadd(keys.prefix("support") + "events", old)
    assert await told(store) == [Observation(5.0, "claimed", 2, 3, 1.5)]


async def test_due_timers_come_first_things_first(store: Store, clock: HandClock) -> None:
    for number, due_at in ((1, 30.0), (2, 10.0), (3, 90.0)):
        await store.commit("support", Commit(after=a_case(number), timer_at=MONDAY_NOON + due_at))
    clock.advance(60)
    assert [case.id for case in await store.ripe("support", 10)] == ["A1B2C2", "A1B2C1"]


async def test_queues_share_nothing(store: Store, connection: Connection) -> None:
    await store.commit(
        "support", Commit(seen="digest", after=a_case(), counts={"arrived": 1}, out=[entry(1)])
    )
    assert await everything(connection, "billing") == {}
    assert (await store.commit("billing", Commit(seen="digest"))).kind == "done"


async def test_any_text_comes_back_as_it_was(store: Store) -> None:
    text = 'Zażółć 😀 "quoted" \\ back\nnew\ttab \u2028 \x00 {json} </script>'
    case = a_case(customer=Person("c-1", text, "pl"))
    await store.commit("support", Commit(after=case, said=[{"at": 1.0, "by": "customer", "text": text}]))
    found = await store.case("support", case.id)
    assert found == case
    assert (await store.transcript("support", case.id))[0]["text"] == text
