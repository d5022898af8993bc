"""What was learned as plain data, so that it survives a restart and replicas can share it.

`to_data` and `from_data` are inverse, up to the last digits: seconds are kept to the tenth, scores to the
thousandth. Curves and other things that can be drawn anew are left out. Invariants: numbers, texts, lists and
maps with texts as keys, and nothing else; the size is bounded whatever happens at the desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from math import inf, isfinite, isinf
from typing import Any

from status.calibration import Calibration, Noted, Scores
from status.claims import Claims
from status.experience import Experience, Turn
from status.forecast import GRID, Forecast
from status.history import Answer, Learned
from status.pace import Pace
from status.rhythm import Rhythm

VERSION = 2

LONG = 1e6
"""From here on seven digits would be coarser than the tenth of a second."""

Data = Mapping[str, Any]


def to_data(learned: Learned) -> dict[str, Any]:
    """Plain data, fit for JSON."""
    standing = learned.standing
    return {
        "version": VERSION,
        "at": learned.at,
        "line": [learned.waiting, learned.agents, learned.held, learned.moved_at],
        "rhythm": _rounded(_state(learned.rhythm)),
        "pace": _rounded(_state(learned.pace)),
        "claims": asdict(learned.claims),
        "lone": _turns(learned.lone),
        "recent": _turns(learned.recent),
        "scores": {group: _scores(scores) for group, scores in learned.calibration.scores.items()},
        "drift": learned.calibration.drift,
        "noted": _all_noted(learned.calibration),
        "losses": learned.losses,
        "standing": standing and _answer(standing),
    }


def from_data(data: Data) -> Learned:
    """What `to_data` gave. Data of another version teaches nothing, so learning starts afresh."""
    if data.get("version") != VERSION:
        return Learned()
    waiting, agents, held, moved_at = data["line"]
    learned = Learned(
        at=data["at"],
        waiting=waiting,
        agents=agents,
        held=held,
        moved_at=moved_at,
        rhythm=Rhythm(**{**data["rhythm"], "origins": _origins(data["rhythm"]["origins"])}),
        pace=Pace(**data["pace"]),
        claims=Claims(**data["claims"]),
        losses={contest: list(losses) for contest, losses in data["losses"].items()},
        standing=data["standing"] and _read_answer(data["standing"]),
    )
    _read_turns(learned.lone, data["lone"])
    _read_turns(learned.recent, data["recent"])
    _read_calibration(learned.calibration, data)
    return learned


# --- the parts ---------------------------------------------------------------------------------------------


def _state(part: Rhythm | Pace) -> dict[str, Any]:
    """The fields of a part that are state, and not drawn from others."""
    return {one.name: getattr(part, one.name) for one in fields(part) if one.init}


def _origins(rows: Iterable[Sequence[float] | None]) -> list[tuple[float, float, float] | None]:
    return [None if row is None else (row[0], row[1], row[2]) for row in rows]


def _turns(experience: Experience) -> list[list[Any]]:
    return [
        [case, round(turn.began_at, 1), None if turn.open_s is None else round(turn.open_s, 1), turn.answered]
        for case, turn in experience.turns.items()
    ]


def _read_turns(experience: Experience, rows: Iterable[Sequence[Any]]) -> None:
    for case, began_at, open_s, answered in rows:
        experience.turns[case] = Turn(began_at, open_s, answered)
        experience.answered += answered


def _scores(scores: Scores) -> list[Any]:
    """The moment of the latest, then each score; an endless one by its key."""
    noted_at = scores.noted_at if isfinite(scores.noted_at) else None
    return [noted_at, *(key if isinf(z) else round(z, 3) for z, key in scores.entries)]


def _all_noted(calibration: Calibration) -> list[list[Any]]:
    """All forecasts that still matter: those whose wait is not over, and those whose promise has not run out."""
    due = {id(noted): noted for _, _, noted in calibration.due}
    waiting = {id(noted): noted for listed in calibration.open.values() for noted in listed}
    return [
        [
            noted.group,
            noted.case,
            noted.at,
            *_table(noted.forecast),
            round(noted.p80_s, 1),
            round(noted.p90_s, 1),
            _tenths(noted.rival_s),
            noted.chosen,
            noted.contest,
            noted.entered,
            noted.wait_s,
            noted.left,
            number in due,
            number in waiting,
        ]
        for number, noted in (due | waiting).items()
    ]


def _read_calibration(calibration: Calibration, data: Data) -> None:
    for group, (noted_at, *entries) in data["scores"].items():
        scores = calibration.scores[group] = Scores(noted_at=-inf if noted_at is None else noted_at)
        for entry in entries:
            scores.add(inf if isinstance(entry, str) else entry, entry if isinstance(entry, str) else "")
    calibration.drift = {kind: list(drift) for kind, drift in data["drift"].items()}
    for group, case, at, z, seconds, *rest, is_due, is_open in data["noted"]:
        noted = Noted(group, case, at, _read_table(z, seconds), *rest)
        if is_due:
            calibration.wait_for(noted)
        if is_open:
            calibration.open.setdefault(case, []).append(noted)


def _answer(answer: Answer) -> list[Any]:
    return [
        answer.group,
        *_table(answer.forecast),
        list(answer.quantiles),
        answer.rival_s,
        answer.chosen,
        answer.contest,
    ]


def _read_answer(row: Sequence[Any]) -> Answer:
    group, z, seconds, quantiles, rival_s, chosen, contest = row
    return Answer(group, _read_table(z, seconds), tuple(quantiles), rival_s, chosen, contest)


def _table(forecast: Forecast) -> tuple[list[float] | None, list[float]]:
    """The z, None for the usual ones, and the seconds."""
    z = None if forecast.z == GRID else [round(one, 3) for one in forecast.z]
    return z, [round(one, 1) for one in forecast.seconds]


def _read_table(z: Sequence[float] | None, seconds: Sequence[float]) -> Forecast:
    return Forecast(GRID if z is None else tuple(z), tuple(seconds))


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _rounded(value: Any) -> Any:
    """The same data with no more digits than matter; of moments and long sums, tenths do."""
    if isinstance(value, float):
        return round(value, 1) if abs(value) >= LONG else float(f"{value:.7g}")
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value
