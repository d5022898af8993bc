"""What happens by itself: the refresh by one leader, its history and news, and agents who forgot to leave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.published import DayCounts, Published, rfc3339
from tests.fakes.desk import MONDAY_NOON, Floor, changed, open_floor

EVENTFUL = changed("channels.shop.url", "https://shop.example/in")
REFRESH_S = 300


@pytest.fixture
async def eventful(store_url: str) -> AsyncIterator[Floor]:
    """A floor whose shop wants to hear of everything."""
    async with open_floor(store_url, tables=EVENTFUL) as running:
        yield running


async def published(floor: Floor, queue: str = "support") -> Published:
    found = await floor.parts.store.published(queue)
    assert found is not None
    return found


async def test_the_first_round_publishes_at_once(floor: Floor) -> None:
    await floor.tick()
    figure = await published(floor)
    assert (figure.outlook.as_of, figure.next_refresh) == (MONDAY_NOON, MONDAY_NOON + REFRESH_S)


async def test_a_published_wait_stands_until_its_time(floor: Floor) -> None:
    await floor.ask("/on")
    await floor.tick()
    before = await published(floor)
    await floor.write()
    await floor.tick(after_s=REFRESH_S - 1)
    assert await published(floor) == before
    await floor.tick(after_s=1)
    assert (await published(floor)).outlook.waiting == 1


async def test_refreshes_fall_on_multiples_of_the_interval(floor: Floor) -> None:
    await floor.ask("/on")
    floor.clock.advance(77)
    await floor.tick()
    assert (await published(floor)).next_refresh == MONDAY_NOON + REFRESH_S


@pytest.mark.parametrize(("after_s", "state"), [(5, "unknown"), (15, "open")])
async def test_an_unknown_wait_is_replaced_early_when_it_becomes_known(
    floor: Floor, after_s: float, state: str
) -> None:
    await floor.tick()
    assert (await published(floor)).outlook.state == "unknown"
    await floor.ask("/on")
    await floor.tick(after_s=after_s)
    assert (await published(floor)).outlook.state == state


async def test_an_unknown_wait_that_stays_unknown_stands(floor: Floor) -> None:
    await floor.tick()
    before = await published(floor)
    await floor.tick(after_s=60)
    assert await published(floor) == before


async def test_the_history_grows_by_one_point_a_refresh(floor: Floor) -> None:
    await floor.ask("/on")
    for _ in range(4):
        await floor.tick(after_s=REFRESH_S)
    points = await floor.parts.store.history("support", 0)
    assert [point.at - MONDAY_NOON for point in points] == [300, 600, 900, 1_200]


async def test_the_history_forgets_what_is_older_than_configured(store_url: str) -> None:
    async with open_floor(store_url, tables=changed("publish.history_days", 1)) as floor:
        for _ in range(3):
            await floor.tick(after_s=43_200)
        points = await floor.parts.store.history("support", 0)
        assert [point.at - MONDAY_NOON for point in points] == [43_200, 86_400, 129_600]
        await floor.tick(after_s=43_200)
        assert (await floor.parts.store.history("support", 0))[0].at == MONDAY_NOON + 86_400


async def test_promises_kept_show_in_the_next_refresh_only(floor: Floor) -> None:
    await floor.ask("/on")
    await floor.tick()
    case = await floor.opened()
    await floor.deliver()
    await floor.ask(f"/reply {case.id} Hi")
    for _ in range(2):
        await floor.tick(after_s=REFRESH_S)
    points = await floor.parts.store.history("support", 0)
    assert [(point.promises, point.kept) for point in points] == [(0, 0), (1, 1), (0, 0)]
    record = (await published(floor)).track_record
    assert (record.promises, record.kept) == (1, 1)


async def test_the_history_tells_which_turns_began_and_how_they_ended(floor: Floor) -> None:
    await floor.ask("/on")
    first, second = [await floor.opened(who=f"c-{number}") for number in range(2)]
    await floor.tick()
    await floor.ask(f"/reply {first.id} Hi")
    third = await floor.opened(who="c-3")
    await floor.tick(after_s=REFRESH_S)
    # Later than the target of eight minutes.
    await floor.tick(after_s=REFRESH_S)
    await floor.ask(f"/reply {second.id} Hi")
    await floor.ask(f"/close {third.id}")
    await floor.tick(after_s=REFRESH_S)
    points = await floor.parts.store.history("support", 0)
    turns = [(point.arrived, point.answered, point.left, point.within_target) for point in points]
    assert turns == [(2, 0, 0, 0), (1, 1, 0, 1), (0, 0, 0, 0), (0, 1, 1, 0)]


async def test_what_happened_around_midnight_is_counted_once(floor: Floor) -> None:
    """The counters are those of a day in UTC; the floor's clock begins at noon."""
    floor.clock.advance(43_200 - 60)
    await floor.tick()
    await floor.opened(who="c-1")
    floor.clock.advance(120)
    await floor.opened(who="c-2")
    for _ in range(2):
        await floor.tick(after_s=REFRESH_S)
    points = await floor.parts.store.history("support", 0)
    assert [point.arrived for point in points] == [0, 2, 0]


async def test_a_figure_of_an_older_version_does_not_turn_a_day_into_a_moment(floor: Floor) -> None:
    await floor.opened()
    await floor.tick()
    before = await published(floor)
    await floor.parts.keeper.resign(["support"])
    await floor.parts.keeper.resign(["support"])
    fence = await floor.parts.store.lead("support", "another", 60)
    floor.clock.advance(REFRESH_S)
    await floor.parts.keeper.refresh("support", fence, replace(before, counted=DayCounts()))
    points = await floor.parts.store.history("support", 0)
    assert [point.arrived for point in points] == [1, 0]


async def test_announced_help_shows_from_its_time_until_its_end(floor: Floor) -> None:
    await floor.ask("/incident 2 12:10 12:30")
    told = []
    for _ in range(7):
        await floor.tick(after_s=REFRESH_S)
        told.append((await published(floor)).incident)
    assert told == [False, True, True, True, True, False, False]


async def test_what_happened_is_learned_and_survives_a_restart(floor: Floor, store_url: str) -> None:
    await floor.ask("/on")
    for number in range(12):
        case = await floor.opened(who=f"c-{number}")
        floor.clock.advance(60)
        await floor.ask(f"/reply {case.id} Hi")
        await floor.tick(after_s=REFRESH_S)
    async with open_floor(store_url, clock=floor.clock) as restarted:
        wait = (await restarted.parts.figures.outlook("support")).wait
    assert wait is not None
    assert wait.sample_size >= 10
    assert wait.p50_s == pytest.approx(60, rel=0.5)


async def test_one_of_two_processes_refreshes(floor: Floor, store_url: str) -> None:
    async with open_floor(store_url, clock=floor.clock) as other:
        await floor.tick()
        await other.tick(after_s=REFRESH_S)
        assert (await published(floor)).outlook.as_of == MONDAY_NOON
        await floor.parts.keeper.resign(["support", "billing"])
        await other.tick()
        assert (await published(floor)).outlook.as_of == MONDAY_NOON + REFRESH_S


async def test_agents_silent_for_long_are_off_duty(floor: Floor) -> None:
    await floor.ask("/on")
    for _ in range(2):
        await floor.tick(after_s=28_799)
        assert (await published(floor)).outlook.agents == 1
        await floor.ask("/help")
    await floor.tick(after_s=28_801)
    assert (await published(floor)).outlook.agents == 0


async def test_a_case_silent_after_its_answer_is_closed(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/reply {case.id} Hi")
    await floor.tick(after_s=259_200)
    assert (await floor.ended(case)).ended


async def test_many_timers_at_once_are_all_looked_at(floor: Floor) -> None:
    for number in range(250):
        case = await floor.opened(who=f"c-{number}")
        await floor.command(f"/reply {case.id} Hi")
    await floor.tick(after_s=259_200)
    assert await floor.parts.store.ripe("support", 10) == []
    assert await floor.parts.store.held("support", "shop/a-1") == []


# --- news for other programs ---------------------------------------------------------------------------------


async def test_every_refresh_is_told_to_the_channels_of_the_queue(eventful: Floor) -> None:
    await eventful.ask("/on")
    for queue in ("support", "billing"):
        await eventful.tick(queue)
    await eventful.deliver()
    (news,) = eventful.events()
    figure = await published(eventful)
    assert news.type == "wait.updated"
    assert news.data["queue"] == "support"
    assert news.data["state"] == figure.outlook.state
    assert news.data["banner_url"].endswith("/banner/support/opengraph.png")


async def test_nobody_is_told_twice_of_one_refresh(eventful: Floor) -> None:
    await eventful.ask("/on")
    for after_s in (1, 1, 1, REFRESH_S):
        await eventful.tick(after_s=after_s)
        await eventful.deliver()
    keys = [event.key for event in eventful.events()]
    assert len(keys) == len(set(keys)) == 2


async def test_channels_without_an_address_are_not_told(floor: Floor) -> None:
    await floor.tick()
    await floor.deliver()
    assert floor.events() == []


async def test_the_story_of_a_case_is_told_in_order(eventful: Floor) -> None:
    case = await eventful.opened("A secret")
    await eventful.ask(f"/claim {case.id}")
    await eventful.ask(f"/reply {case.id} Another secret")
    await eventful.ask(f"/close {case.id}")
    events = eventful.events()
    assert [event.type for event in events] == ["case.opened", "case.claimed", "case.answered", "case.closed"]
    assert {event.data["case_id"] for event in events} == {case.id}
    assert all("secret" not in str(event.data) for event in events)


async def test_a_receiver_that_was_away_hears_the_newest_figure_and_none_of_the_old_ones(
    eventful: Floor,
) -> None:
    await eventful.ask("/on")
    for _ in range(4):
        await eventful.tick(after_s=REFRESH_S)
    await eventful.deliver()
    told = [one.data["as_of"] for one in eventful.events()]
    assert told == [rfc3339((await published(eventful)).outlook.as_of)]


async def test_a_figure_that_nobody_refreshed_is_not_told_late(eventful: Floor) -> None:
    await eventful.tick()
    eventful.clock.advance(REFRESH_S)
    await eventful.deliver()
    assert eventful.events() == []
