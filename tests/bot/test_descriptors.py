"""The bot asks the system for the open files that its limits amount to, and says when it will not get them."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from bot import descriptors
from bot.config.settings import LimitSettings

FEW = LimitSettings(event_streams=100, requests_at_once=100)


@pytest.fixture(autouse=True)
def limit_given_back() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_bot_asks_for_what_it_needs_and_no_more() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors.needed(FEW) - 1, most))
    descriptors.make_room(FEW)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (descriptors.needed(FEW), most)
    descriptors.make_room(LimitSettings(event_streams=1, requests_at_once=1))
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (descriptors.needed(FEW), most), "it gives none back"


def test_what_the_system_will_not_give_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert descriptors.shortage(FEW) is None
    monkeypatch.setattr(descriptors, "allowed", lambda: (256.0, 256.0))
    told = descriptors.shortage(FEW)
    assert told is not None
    assert told.startswith("limits.event_streams: ")
    assert "456" in told
    assert "256" in told
    assert "ulimit -n" in told
    descriptors.make_room(FEW)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 256, "as much as there is"
