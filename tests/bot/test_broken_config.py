"""One working configuration, broken in every way: each time the very key is named and no secret is told."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.bot.configurations import ABSENT, EXAMPLE, SECRET, changed, refused, write, written

VALID = changed(
    changed(EXAMPLE, "channels.shop.secret", f"whsec_{SECRET}"),
    "store.url",
    f"redis://user:{SECRET}@127.0.0.1",
)


def keys(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Every key below `table` with its value, tables included."""
    for name, value in table.items():
        yield above + name, value
        if isinstance(value, dict):
            yield from keys(value, f"{above}{name}.")


WRONG_TYPES: Mapping[type, tuple[object, ...]] = {
    str: (5, 1.5, True, date(2026, 12, 24), [[1]], {"a": 1}),
    int: ("5", 1.5, True, date(2026, 12, 24), [5], {"a": 5}, "", SECRET),
    bool: ("true", 1, 0.0, [True], {"a": True}, ""),
    list: (5, "a-1", True, [5], [["a-1"]], {"a": 1}),
    dict: (5, SECRET, True, [], [SECRET]),
}
# A number below and above what any key takes.
OUT_OF_RANGE = (-1, 0, 10**12)
OF_NUMBERS = ("channels.chatwoot.inboxes",)
"""Lists that are not of texts."""
UNKNOWN = ("nam", "Name", "secret_file", "x y")

BAD_VALUES: Mapping[str, tuple[object, ...]] = {
    "channels.shop.limits": ({"nam": 1}, {"text_chars": 0}, {"text_chars": "x"}, 7),
    "channels.shop.paces": ({"chat": 1}, {"chat": (1,)}, {"chat": (0, 1.0)}, "x"),
    "bot.name": ("", " ", "two\nlines", " Acme", "x" * 101),
    "bot.language": ("", "english", "e", "en_GB", "EN", SECRET),
    "server.listen": (
        *("", "8080", ":8080", "host", "host:", "host:x", "host:-1", "host:65536", "::1:80", "[::1]"),
        *("[::1:80", "[host]:80", "a b:80", "host:٣", SECRET),
    ),
    "server.public_url": (
        *("x", "ftp://a.example", "https://", "//a.example", "https://a.example?x", "https://a b"),
        *("https://a:b", f"https://user:{SECRET}@a.example", "https://[a", SECRET),
    ),
    "store.url": (
        *("", "x", "embedded:", "redis://", "redis:6379", "http://a", "unix://run", "sentinel://a:1"),
        *(f"redis://user:{SECRET}@a:b", f"redis://:{SECRET}@a:1/x", "cluster://a:1,:2", SECRET),
    ),
    "store.allow_unsafe": (["all"], ["eviction", "x"], [SECRET], [""]),
    "queues.support.title": ("x" * 101, " ", "two\nlines"),
    "queues.support.hours": ("", "never", "09:00-17:00", SECRET, {"time_zone": "UTC"}),
    "queues.support.team": (["nobody"], ["shop", "nobody"], ["shop", "shop"], [""], [SECRET]),
    "queues.support.rota": ("nowhere.csv", ".", "\0", SECRET, "jono.toml"),
    "queues.billing.hours.time_zone": ("", "Helsinki", "Europe", "Europe/Nowhere", "../UTC", "/UTC", SECRET),
    "queues.billing.hours.holidays": ("XX", "Finland", "DE-XX", SECRET),
    "queues.billing.hours.sat": (
        *("", "9-17", "09:00", "09:00-25:00", "09:60-10:00", "24:00-25:00", SECRET, []),
        *(["09:00-12:00", "11:00-13:00"], ["22:00-06:00", "23:00-24:00"], ["closed"]),
    ),
    "channels.shop.adapter": ("", "base", "irc", "__init__", "web.hook", SECRET),
    "channels.shop.queue": ("", "sales", "Support", SECRET),
    "channels.shop.agents": (["a-1", "a-1"], [""]),
    "channels.shop.contact": (
        *("t.me/acme", "javascript:alert(1)", "data:,x", "https://", "mailto:", "https://a b", "//a"),
        *(" https://a.example", "https://[a", "tel:1\n2", f"https://user:{SECRET}@a.example", SECRET),
    ),
    "channels.shop.secret": ("", []),
    "desk.language": ("finnish", "FI", SECRET),
    "log.level": ("", "INFO", "trace", SECRET),
}
BAD_NAMES = ("", "Support", "a b", "ä", "-a", "_a", "a" * 33, "a.b", "a\nb")


def broken() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What was done, the key to be named, and the configuration."""
    for key, value in keys(VALID):
        for wrong in WRONG_TYPES[type(value)]:
            if key in OF_NUMBERS and wrong == [5]:
                continue
            # A text that may also be a table says more of a table that is not the right one.
            named_key = f"{key}.time_zone" if key == "queues.support.hours" and wrong == {"a": 1} else key
            yield "type", named_key, changed(VALID, key, wrong)
        # What a platform's own ids may be is known to its adapter, which says so when it is opened.
        for number in OUT_OF_RANGE if type(value) is int and not key.startswith("channels.") else ():
            yield "range", key, changed(VALID, key, number)
        free = key in ("queues", "channels") or key.endswith(("exceptions", ".limits", ".paces"))
        if isinstance(value, dict) and not free:
            for unknown in UNKNOWN:
                yield "unknown", f"{key}.{shown(unknown)}", changed(VALID, f"{key}.{unknown}", 1)
    for key, values in BAD_VALUES.items():
        for value in values:
            yield "value", key, changed(VALID, key, value)
    yield from misplaced()


def misplaced() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for key in ("bot.name", "channels.shop.adapter", "channels.shop.queue", "channels.shop.secret"):
        yield "missing", key, changed(VALID, key, ABSENT)
    yield (
        "missing",
        "queues.billing.hours.time_zone",
        changed(VALID, "queues.billing.hours.time_zone", ABSENT),
    )
    yield "missing", "bot.name", changed(VALID, "bot", ABSENT)
    for key in ("queues", "channels"):
        yield "missing", key, changed(VALID, key, ABSENT)
        yield "empty", key, changed(VALID, key, {})
    for name in BAD_NAMES:
        yield "name", f"queues.{shown(name)}", named("queues", name, VALID["queues"]["support"])
        yield "name", f"channels.{shown(name)}", named("channels", name, VALID["channels"]["shop"])
    for day in ("2026-2-1", "2026-02-30", "20261224", "24.12.2026"):
        tables = changed(VALID, "queues.billing.hours.exceptions", {day: "closed"})
        yield "date", f"queues.billing.hours.exceptions.{shown(day)}", tables
    for days in ("monday", "mon-", "mon-fri-sun", "mo", "Mon"):
        yield "day", f"queues.billing.hours.{days}", changed(VALID, f"queues.billing.hours.{days}", "closed")
    yield "day", "queues.billing.hours.fri-sat", changed(VALID, "queues.billing.hours.fri-sat", "closed")
    for unknown in UNKNOWN:
        yield "unknown", shown(unknown), changed(VALID, unknown, {})


def named(table: str, name: str, value: object) -> dict[str, Any]:
    return {**VALID, table: {**VALID[table], name: value}}


def shown(name: str) -> str:
    return (
        name if name and name.isascii() and all(c.isalnum() or c in "-_" for c in name) else json.dumps(name)
    )


BROKEN: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
"""The configurations, by what was done to which key."""
for done, key, tables in broken():
    BROKEN[done, key].append(tables)


def test_there_are_enough_broken_configurations(tmp_path: Path) -> None:
    assert written(tmp_path, VALID).channels["shop"].options.secret == f"whsec_{SECRET}"
    assert sum(map(len, BROKEN.values())) >= 300


@pytest.mark.parametrize(("done", "key"), BROKEN, ids=[f"{done}-{key}" for done, key in BROKEN])
def test_a_broken_configuration_names_the_key(tmp_path: Path, done: str, key: str) -> None:
    for tables in BROKEN[done, key]:
        error = refused(write(tmp_path, tables), {})
        assert error.first_line.startswith(f"{key}: "), (tables, error)
        assert error.faults[0].key == key
