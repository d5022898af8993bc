"""A desk to simulate, as plain settings: who writes when, who works when, and how long things take.

`Scenario` holds them; `read` takes them from a TOML file, `changed` from single settings, and `bot.replay.sim_presets`
has nine desks to begin with. Never draws anything. Lengths end in `_s` (seconds) or `_h` (hours); a day begins at
midnight, and the first day is a Monday.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

DAY_S = 86_400.0
HOUR_S = 3_600.0

Positive = Annotated[float, Meta(gt=0, le=1e9)]
NotNegative = Annotated[float, Meta(ge=0, le=1e9)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=1_000)]
Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")]
ByHour = Annotated[tuple[NotNegative, ...], Meta(min_length=24, max_length=24)]
ByWeekday = Annotated[tuple[NotNegative, ...], Meta(min_length=7, max_length=7)]
Rota = Annotated[tuple[Count, ...], Meta(min_length=24, max_length=24)]


class BadScenario(ValueError):
    """Settings that no desk can have; the text names the setting and what it may be."""


class Burst(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something goes wrong: for some hours far more customers write, and later extra agents come to help."""

    at_h: NotNegative
    """when it begins, in hours from the start"""
    hours: Positive = 2.0
    factor: Positive = 20.0
    """so many times the usual arrivals"""
    extra_agents: Count = 0
    called_after_h: NotNegative = 1.5
    """the extra agents come this long after the beginning"""
    stay_h: Positive = 24.0
    """and stay as long, day and night"""


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a simulated desk. Those without a default must be given."""

    name: Name
    days: Annotated[int, Meta(ge=1, le=366)] = 42

    cases_a_day: Annotated[float, Meta(gt=0, le=100_000)]
    """on average over a week without bursts"""
    by_hour: ByHour = (1.0,) * 24
    """how arrivals spread over the day; only the proportions count"""
    by_weekday: ByWeekday = (1.0,) * 7
    """how arrivals spread over the week, from Monday on; only the proportions count"""
    day_cv: Annotated[float, Meta(ge=0, le=2)] = 0.0
    """how much one day differs from another of its kind: standard deviation over mean"""
    bursts: Annotated[tuple[Burst, ...], Meta(max_length=100)] = ()

    rota: Rota
    """agents on duty in each hour of a day, Monday to Friday; 0: closed"""
    rota_saturday: Rota | None = None
    rota_sunday: Rota | None = None
    """those of the weekend, where they differ"""
    late_s: Annotated[float, Meta(ge=0, lt=HOUR_S)] = 300.0
    """agents come and go up to this long after the hour"""
    sick_share: Share = 0.0
    """so often an agent misses a whole day"""
    churn_on_s: NotNegative = 0.0
    """agents go away within a shift: mean time on duty (exponential; 0: they stay)"""
    churn_off_s: Positive = 900.0
    """and mean time away"""

    handling_s: Positive
    """mean time from the reply to the end of a case"""
    handling_cv: Annotated[float, Meta(gt=0, le=5)] = 1.0
    """standard deviation over mean; an exponential has 1 whatever stands here"""
    handling_shape: Literal["exponential", "gamma", "lognormal"] = "lognormal"
    concurrency: Annotated[int, Meta(ge=1, le=100)] = 1
    """cases an agent handles at a time"""
    pickup_s: NotNegative = 40.0
    """mean time from taking a case to the reply (exponential)"""
    random_share: Share = 0.0
    """so many claims take any case that waits"""
    newest_share: Share = 0.0
    """and so many the newest; all others the oldest"""

    patience_s: Positive | None = None
    """customers leave when nobody took their case for so long on average (exponential; none: they never do)"""

    def __post_init__(self) -> None:
        if self.random_share + self.newest_share > 1:
            raise ValueError("random_share and newest_share are more than 1 together")
        if not sum(self.by_hour) or not sum(self.by_weekday):
            raise ValueError("by_hour and by_weekday need one value above 0")

    def rota_of(self, day: int) -> tuple[int, ...]:
        """Agents by hour on a day counted from the start."""
        own = {5: self.rota_saturday, 6: self.rota_sunday}.get(day % 7)
        return self.rota if own is None else own

    @property
    def in_order(self) -> bool:
        """Whether every claim takes the oldest case, so that nobody is overtaken."""
        return self.random_share == self.newest_share == 0


def changed(scenario: Scenario, settings: Mapping[str, Any]) -> Scenario:
    """The same scenario with some settings replaced, by their names. Raises BadScenario."""
    return _checked({**msgspec.to_builtins(scenario), **settings})


def setting(text: str) -> tuple[str, Any]:
    """A setting written as in a scenario file, `patience_s=1800`. Raises BadScenario."""
    name, equals, value = text.partition("=")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError as error:
        wrong = "" if equals else "; there is no ="
        raise BadScenario(f"{text}: write NAME=VALUE as in a scenario file{wrong}") from error


def read(path: Path, preset: Callable[[str], Scenario]) -> Scenario:
    """The scenario in a TOML file; `preset = "NAME"` in it begins with that one. Raises BadScenario."""
    try:
        settings = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadScenario(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadScenario(f"{path}: this is not TOML: {error}") from error
    try:
        begun = settings.pop("preset", None)
        base = {} if begun is None else msgspec.to_builtins(preset(str(begun)))
        return _checked({**base, "name": path.stem, **settings})
    except BadScenario as error:
        raise BadScenario(f"{path}: {error}") from error


def _checked(settings: Mapping[str, Any]) -> Scenario:
    try:
        return msgspec.convert(settings, Scenario)
    except msgspec.ValidationError as error:
        raise BadScenario(_plainly(str(error))) from error


def _plainly(wrong: str) -> str:
    """What msgspec complains of, with the setting's name in front and, where it is unknown, all there are."""
    wrong, _, place = wrong.partition(" - at `$")
    place = place.strip(".`")
    wrong = wrong.replace("Object missing required field", "this must be set:")
    unknown = wrong.replace("Object contains unknown field", "there is no setting")
    if unknown != wrong:
        names = msgspec.structs.fields(Burst if place.startswith("bursts") else Scenario)
        wrong = f"{unknown}, but {', '.join(field.name for field in names)}"
    return f"{place}: {wrong}" if place else wrong
