"""The page on Telegram says what the code says: its configurations load, its limits and messages are the code's."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from zoneinfo import ZoneInfo

import pytest

from adapters.telegram import Options, media
from adapters.telegram.profile import SHORT_DESCRIPTION
from bot.config.load import check
from bot.words import Words
from tests.house.source import ROOT, modules

PAGE = (ROOT / "docs" / "telegram.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_are_configurations(example: str) -> None:
    assert check(tomllib.loads(example)).channels["telegram"].adapter == "telegram"


def test_every_key_is_explained() -> None:
    table = PAGE[PAGE.index("| key | what it is |") : PAGE.index("## What customers see")]
    explained = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert explained == {field.name for field in fields(Options)} | {"agents"}


def test_the_limits_are_the_codes() -> None:
    assert f"{media.UPLOAD_BYTES // 1_000_000} MB, photos {media.PHOTO_BYTES // 1_000_000} MB" in PAGE
    assert (
        f"{SHORT_DESCRIPTION.chars} characters, at most every {SHORT_DESCRIPTION.least_s // 60:.0f} minutes"
        in PAGE
    )


@pytest.mark.parametrize(
    "words",
    [
        "another program reads with the same token",
        "another program has taken the webhook away",
        "the token is not accepted",
        "Telegram cannot be reached",
        "Telegram cannot push",
        "the bot is in “",
    ],
)
def test_what_it_says_of_trouble_is_said_by_the_code(words: str) -> None:
    assert words in PAGE
    assert any(words in module.text for module in modules("adapters/telegram"))


def test_buttons_are_called_as_they_are() -> None:
    voice = Words().room("en", ZoneInfo("UTC"))
    for command in ("claim", "next", "release", "close", "resend"):
        assert f"**{voice.button(command)}**" in PAGE


def test_every_link_within_the_page_leads_somewhere() -> None:
    heads = {
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= heads
