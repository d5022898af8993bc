"""`jono check` on a Slack channel: the rights it wants are those of its channels, as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Tools
from adapters.slack import Options, Slack, open_channel
from tests.adapters.test_slack import APP, far, options, slack, tools
from tests.fakes.slack import SCOPES, Far

__all__ = ["far", "options", "slack", "tools"]

DESK, CUSTOMERS, TOPIC = "C0AGENTS", "C0CUSTOMERS", "C0TOPIC"


async def wrong(slack: Slack) -> str:
    """All that the check finds wrong, "" when nothing is."""
    return " ".join(one.wrong for one in await slack.check() if one.wrong)


async def test_check_names_what_is_missing(slack: Slack, far: Far) -> None:
    assert not await wrong(slack)
    far.scopes, far.member = "chat:write,files:read", False
    found = await wrong(slack)
    for missing in ("commands", "files:write", "im:history", "users.profile:write", "/invite"):
        assert missing in found
    far.words = ["invalid_auth"]
    assert "token is not accepted" in (await slack.check())[0].wrong


@pytest.mark.parametrize(
    ("channels", "wanted"),
    [
        ({"agents_channel": DESK}, "groups:history groups:read"),
        ({"customers": (CUSTOMERS,)}, "channels:history channels:read"),
        ({"topic_channel": TOPIC}, "channels:read channels:write.topic"),
        ({"topic_channel": DESK}, "groups:read groups:write.topic"),
        ({"agents_channel": DESK, "topic_channel": DESK}, "groups:history groups:read groups:write.topic"),
        (
            {"agents_channel": DESK, "customers": (CUSTOMERS,)},
            "channels:history channels:read groups:history groups:read",
        ),
        ({}, ""),
    ],
)
async def test_each_channel_wants_the_rights_of_its_kind(
    options: Options, tools: Tools, far: Far, channels: Mapping[str, Any], wanted: str
) -> None:
    bare = replace(options, agents_channel="", customers=(), topic_channel="", user_token="")
    slack = open_channel(replace(bare, **channels), tools)
    far.private = {DESK}
    others = [one for one in SCOPES.split(",") if not one.startswith(("channels:", "groups:"))]
    far.scopes = ",".join((*others, *wanted.split()))
    assert not await wrong(slack)
    for missing in wanted.split():
        far.scopes = ",".join((*others, *(one for one in SCOPES.split(",") if one != missing)))
        assert f"missing: {missing};" in await wrong(slack)


async def test_a_channel_that_cannot_be_seen_is_named_and_the_rest_is_looked_at(
    slack: Slack, far: Far
) -> None:
    far.denied = {"conversations.info": "channel_not_found"}
    far.scopes = "chat:write"
    found = await wrong(slack)
    assert found.count("is the id right") == 3
    assert "files:write" in found


@pytest.mark.parametrize(
    "word", ["missing_scope", "invalid_auth", "not_allowed_token_type", "forbidden_team"]
)
async def test_socket_mode_wants_a_token_with_its_own_right(
    options: Options, tools: Tools, far: Far, word: str
) -> None:
    slack = open_channel(replace(options, app_token=APP, signing_secret=""), tools)
    assert not await wrong(slack)
    assert far.calls[-1][::2] == ("apps.connections.open", f"Bearer {APP}")
    far.denied = {"apps.connections.open": word}
    found = await wrong(slack)
    assert word in found
    assert "connections:write" in found
    assert APP not in found


async def test_without_socket_mode_nothing_is_asked_about_it(slack: Slack, far: Far) -> None:
    await slack.check()
    assert "apps.connections.open" not in [name for name, _, _ in far.calls]


@pytest.mark.parametrize("private", [set(), {DESK, CUSTOMERS, TOPIC}])
async def test_the_manifest_of_the_page_names_every_right(slack: Slack, far: Far, private: set[str]) -> None:
    page = (Path(__file__).parents[2] / "docs/channels/slack.md").read_text(encoding="utf-8")
    far.scopes = ",".join(re.findall(r"^ {6}- ([a-z:.]+)$", page, flags=re.MULTILINE))
    far.private = private
    assert "chat:write" in far.scopes
    assert not await wrong(slack)
