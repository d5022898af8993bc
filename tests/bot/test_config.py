"""The configuration: where values come from, and that every fault is told by its key and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

import adapters
from bot.config import load, warnings
from bot.config.channels import known_adapters, options_type, secret_keys
from bot.config.hours import build
from status.hours import UTC, Hours
from tests.bot.configurations import EXAMPLE, MINIMAL, SECRET, changed, refused, written


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    path = tmp_path / "jono.toml"
    path.write_text(MINIMAL, "utf-8")
    path.chmod(0o600)
    return path


# --- what loads ------------------------------------------------------------------------------------------


def test_the_least_that_run_needs(minimal: Path) -> None:
    config = load(minimal, {})
    assert config.bot.name == "Acme"
    assert (config.server.host, config.server.port) == ("127.0.0.1", 8080)
    assert config.store.url.get_secret_value() == f"embedded:{minimal.parent / 'data'}"
    assert config.queues["support"].target_s == 480
    assert config.title("support") == "support"
    assert build(config.queues["support"].hours, date(2026, 11, 22), UTC) == Hours.always()
    shop = config.channels["shop"]
    assert (shop.adapter, shop.queue, shop.agents) == ("webhook", "support", ("a-1", "a-2"))
    assert shop.options.secret == f"whsec_{SECRET}"
    assert shop.options.url == "https://shop.example/in"


def test_all_may_come_from_the_environment() -> None:
    environ = {
        "JONO_BOT__NAME": "Acme",
        "JONO_QUEUES__SUPPORT__TARGET_S": "480",
        "JONO_CHANNELS__SHOP__ADAPTER": "webhook",
        "JONO_CHANNELS__SHOP__QUEUE": "support",
        "JONO_CHANNELS__SHOP__SECRET": '["whsec_new", "whsec_old"]',
        "PATH": "/bin",
    }
    config = load(None, environ)
    assert config.queues["support"].target_s == 480
    assert config.channels["shop"].options.secret == ("whsec_new", "whsec_old")
    assert config.store.url.get_secret_value() == f"embedded:{Path.cwd() / 'data'}"


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("JONO_BOT__NAME", "Beta & Co", "bot.name", "Beta & Co"),
        ("JONO_BOT__NAME", "2026", "bot.name", "2026"),
        ("JONO_BOT__NAME", '"2026"', "bot.name", "2026"),
        ("jono_bot__name", "Beta", "bot.name", "Beta"),
        ("JONO_SERVER__LISTEN", "[::1]:0", "server.listen", "[::1]:0"),
        ("JONO_SERVER__PUBLIC_URL", "https://wait.example/", "server.public_url", "https://wait.example"),
        ("JONO_STORE__ALLOW_UNSAFE", '["replica"]', "store.allow_unsafe", ("replica",)),
        ("JONO_OUTGOING__ALLOW_PRIVATE", "true", "outgoing.allow_private", True),
        ("JONO_LIMITS__BODY_BYTES", "2048", "limits.body_bytes", 2048),
        ("JONO_LOG__LEVEL", "debug", "log.level", "debug"),
    ],
)
def test_the_environment_goes_before_the_file(
    minimal: Path, variable: str, text: str, key: str, value: object
) -> None:
    table, name = key.split(".")
    assert getattr(getattr(load(minimal, {variable: text}), table), name) == value


def test_an_underscore_finds_the_hyphen_of_a_name_in_the_file(minimal: Path) -> None:
    minimal.write_text(
        MINIMAL.replace("queues.support", "queues.first-line").replace('"support"', '"first-line"')
    )
    config = load(minimal, {"JONO_QUEUES__FIRST_LINE__TARGET_S": "60"})
    assert config.queues["first-line"].target_s == 60


def test_a_table_in_one_variable_takes_the_place_of_the_files(minimal: Path) -> None:
    hours = '{time_zone = "Europe/Helsinki", mon-fri = "09:00-17:00"}'
    timetable = load(minimal, {"JONO_QUEUES__SUPPORT__HOURS": hours}).queues["support"].hours
    assert build(timetable, date(2026, 11, 22), UTC).week == (((540, 1020),),) * 5 + ((),) * 2


def test_a_secret_may_stand_in_a_file_of_its_own(minimal: Path) -> None:
    (minimal.parent / "shop").write_text("whsec_from-a-file\n", "utf-8")
    config = load(minimal, {"JONO_CHANNELS__SHOP__SECRET_FILE": "shop"})
    assert config.channels["shop"].options.secret == "whsec_from-a-file"


def test_opening_hours_become_those_of_the_chapter(tmp_path: Path) -> None:
    hours = written(tmp_path, EXAMPLE).queues["billing"].hours
    built = build(hours, date(2026, 11, 22), UTC)
    assert built.week[0] == ((540, 720), (780, 1020))
    assert built.week[5:] == (((600, 840),), ())
    assert built.exceptions[date(2026, 12, 6)] == ()  # Finland's Independence Day
    assert built.exceptions[date(2027, 12, 25)] == ()
    assert built.exceptions[date(2026, 12, 24)] == ((540, 720),)  # ours goes before the holiday


def test_a_range_of_days_may_go_over_the_weeks_end(tmp_path: Path) -> None:
    tables = changed(EXAMPLE, "queues.billing.hours", {"time_zone": "UTC", "sat-mon": "22:00-06:00"})
    built = build(written(tmp_path, tables).queues["billing"].hours, date(2026, 11, 22), UTC)
    assert [bool(shifts) for shifts in built.week] == [True, *[False] * 4, True, True]


# --- secrets and adapters --------------------------------------------------------------------------------


def test_no_secret_is_ever_shown(minimal: Path) -> None:
    config = load(minimal, {"JONO_STORE__URL": f"redis://user:{SECRET}@127.0.0.1:6379"})
    assert SECRET in config.store.url.get_secret_value()
    assert SECRET not in f"{config!r} {config} {config.channels['shop'].options!r}"


def test_a_readable_file_with_secrets_is_warned_of(minimal: Path) -> None:
    assert warnings(load(minimal, {}), minimal) == []
    minimal.chmod(0o644)
    [warning] = warnings(load(minimal, {}), minimal)
    assert warning.startswith("channels.shop.secret: ")


def test_a_stores_password_in_a_readable_file_is_warned_of(minimal: Path) -> None:
    minimal.write_text(MINIMAL.replace("embedded:./data", f"redis://:{SECRET}@127.0.0.1"), "utf-8")
    minimal.chmod(0o644)
    assert [warning.partition(":")[0] for warning in warnings(load(minimal, {}), minimal)] == [
        "store.url",
        "channels.shop.secret",
    ]


def test_an_apology_within_the_target_is_warned_of(minimal: Path) -> None:
    config = load(minimal, {"JONO_QUEUES__SUPPORT__OVERLOADED_S": "300"})
    [warning] = warnings(config, minimal)
    assert warning.startswith("queues.support.overloaded_s: ")


@pytest.fixture
def pigeon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that somebody adds by one file."""
    (tmp_path / "pigeon.py").write_text(
        "from dataclasses import dataclass, field\n"
        "@dataclass(frozen=True)\n"
        "class Options:\n"
        "    ring: str = field(repr=False)\n"
        "    speed_km_h: float = 70.0\n"
        "    routes: tuple[str, ...] = field(default_factory=tuple)\n",
        "utf-8",
    )
    monkeypatch.setattr(adapters, "__path__", [*adapters.__path__, str(tmp_path)])


@pytest.mark.usefixtures("pigeon")
def test_a_new_adapter_is_one_file(minimal: Path) -> None:
    roof = '{adapter = "pigeon", queue = "support", ring = "x", speed_km_h = 80, routes = ["north"]}'
    options = load(minimal, {"JONO_CHANNELS__ROOF": roof}).channels["roof"].options
    assert (options.ring, options.speed_km_h, options.routes) == ("x", 80, ("north",))
    assert secret_keys("pigeon") == {"ring"}


@pytest.mark.usefixtures("pigeon")
def test_a_new_adapters_keys_are_checked(minimal: Path) -> None:
    roof = '{adapter = "pigeon", queue = "support", speed_km_h = "80", routes = ["north", 1], rings = 1}'
    faults = refused(minimal, {"JONO_CHANNELS__ROOF": roof}).faults
    assert {fault.key.removeprefix("channels.roof.") for fault in faults} == {
        "ring",
        "speed_km_h",
        "routes",
        "rings",
    }


def test_an_adapter_without_its_package_names_the_package(
    minimal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "carrier.py").write_text("import no_such_package\n", "utf-8")
    monkeypatch.setattr(adapters, "__path__", [*adapters.__path__, str(tmp_path)])
    [fault] = refused(minimal, {"JONO_CHANNELS__SHOP__ADAPTER": "carrier"}).faults
    assert fault.key == "channels.shop.adapter"
    assert "no_such_package" in fault.sentence


@pytest.mark.parametrize("adapter", known_adapters())
def test_an_adapters_options_are_their_own(adapter: str) -> None:
    """A key of every channel cannot be an adapter's too, and options once read do not change."""
    options = options_type(adapter)
    assert not {"adapter", "queue", "agents"} & set(options.__dataclass_fields__)
    assert options.__dataclass_params__.frozen


# --- what is refused: files and variables ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[bot]\nname = "Acme', "bot.name: "),
        (b'[bot]\nname = "Acme"\nname = "Beta"\n', "bot.name: "),
        (b'[channels.shop]\nsecret = "a"\nsecret = "' + SECRET.encode() + b'"', "channels.shop.secret: "),
        (b"[bot]\nname = " + SECRET.encode(), "line 2"),
        (b"[bot]\n\nname = '\xff'\n", "line 3"),
        (b"#" * 1_048_577, "larger"),
        (b"x = " + b"[" * 20_000, "lists within lists"),
    ],
    ids=["unfinished", "twice", "secret twice", "bare secret", "not UTF-8", "large", "deep"],
)
def test_a_file_that_is_no_toml_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "jono.toml"
    path.write_bytes(content)
    line = refused(path, {}).first_line
    assert line.startswith(f"{path}: ")
    assert said in line


def test_a_missing_file_and_a_folder_are_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        assert refused(path, {}).first_line.startswith(f"{path}: cannot be read (")


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"JONO_CHANNELS__SHOP__SECRET_FILE": f"/no/{SECRET}"}, "channels.shop.secret"),
        ({"JONO_CHANNELS__SHOP__SECRET_FILE": "."}, "channels.shop.secret"),
        ({"JONO_CHANNELS__SHOP__SECRET_FILE": "/dev/null"}, "channels.shop.secret"),
        (
            {"JONO_CHANNELS__SHOP__SECRET": SECRET, "JONO_CHANNELS__SHOP__SECRET_FILE": "jono.toml"},
            "channels.shop.secret",
        ),
        ({"JONO_BOT__NAME": "\udcff"}, "bot.name"),
        ({"JONO_BOT__NAME__FIRST": "A"}, "bot.name"),
        ({"JONO_BOT_NAME": SECRET}, "bot_name"),
        ({"JONO_": SECRET}, '""'),
        ({"JONO_CHANNELS__SHOP__TOKEN": SECRET}, "channels.shop.token"),
        ({"JONO_CHANNELS__SHOP__AGENTS": "[1]"}, "channels.shop.agents"),
        ({"JONO_QUEUES__SUPPORT__TARGET_S": SECRET}, "queues.support.target_s"),
        ({"JONO_QUEUES__SUPPORT__TARGET_S": "1\nx = 2"}, "queues.support.target_s"),
    ],
)
def test_a_bad_variable_is_named_with_its_key(minimal: Path, environ: Mapping[str, str], key: str) -> None:
    error = refused(minimal, environ)
    assert error.first_line.startswith(f"{key}: ")
    assert any(f"(from {variable})" in error.first_line for variable in environ)


def test_all_faults_are_collected_and_the_first_is_shown(minimal: Path) -> None:
    environ = {"JONO_LOG__LEVEL": "loud", "JONO_CHANNELS__SHOP__QUEUE": "sales", "JONO_BOT__NAME": ""}
    error = refused(minimal, environ)
    assert [fault.key for fault in error.faults] == ["bot.name", "log.level", "channels.shop.queue"]
    assert error.first_line.startswith("bot.name: ")
    assert error.first_line.endswith("(and 2 more)")


def test_an_unknown_key_hints_at_the_one_that_was_meant(minimal: Path) -> None:
    assert "did you mean target_s?" in refused(minimal, {"JONO_QUEUES__SUPPORT__TARGETS": "1"}).first_line
