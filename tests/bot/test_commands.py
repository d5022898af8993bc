"""The table of commands: what is found, and where a case's id ends and the text begins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import Chance
from bot.commands import CASE_ID, COMMANDS, find, split_case

WORDS = Path(__file__).parents[2] / "bot" / "words"


@pytest.mark.parametrize("written", ["claim", "/claim", "Claim", "/CLAIM", " claim "])
def test_a_command_is_found_however_it_is_written(written: str) -> None:
    command = find(written, "agent")
    assert command is not None
    assert command.name == "claim"


@pytest.mark.parametrize("written", ["", "/", "clai", "claims", "//claim", "/claim x"])
def test_what_is_no_command_is_not_found(written: str) -> None:
    assert find(written, "agent") is None


def test_customers_have_their_own_commands() -> None:
    assert {command.name for command in COMMANDS if command.who == "customer"} == {
        "start",
        "wait",
        "cancel",
        "language",
        "help",
    }
    assert find("claim", "customer") is None


@pytest.mark.parametrize(
    ("arguments", "case", "text"),
    [
        ("K7Q2M4 Hello there", "K7Q2M4", "Hello there"),
        ("k7q2m4 Hello", "K7Q2M4", "Hello"),
        ("#K7Q2M4: Hello", "K7Q2M4", "Hello"),
        ("K7Q2M4\nHello\nthere", "K7Q2M4", "Hello\nthere"),
        ("K7Q2M4\tHello", "K7Q2M4", "Hello"),
        ("K7Q2M4\r\nHello", "K7Q2M4", "Hello"),
        ("  K7Q2M4  ", "K7Q2M4", ""),
        ("Hello K7Q2M4", None, "Hello K7Q2M4"),
        ("Hello\n  there", None, "Hello\n  there"),
        ("K7Q2M", None, "K7Q2M"),
        ("K7Q2M44", None, "K7Q2M44"),
        ("A1B2C3D4 is the order", None, "A1B2C3D4 is the order"),
        ("", None, ""),
    ],
)
def test_the_id_and_the_text(arguments: str, case: str | None, text: str) -> None:
    assert split_case(arguments) == (case, text)


@given(st.from_regex(re.compile(r"[^\W\d_]+"), fullmatch=True))
def test_no_word_looks_like_an_id(word: str) -> None:
    assert split_case(word) == (None, word)


@given(st.integers())
def test_every_id_that_is_drawn_is_understood(seed: int) -> None:
    assert CASE_ID.fullmatch(Chance(seed).case_id())


def test_sentences_for_people_name_only_commands_that_exist() -> None:
    told = "\n".join(path.read_text("utf-8") for path in WORDS.glob("*.py"))
    written = set(re.findall(r"[\s\"“]/([a-z]+)", told))
    assert written
    assert written <= {command.name for command in COMMANDS}
