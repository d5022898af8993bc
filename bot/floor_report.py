"""The demo's figures as lines for the terminal: how things stand, and the balance at the end.

Reads the floor and its ledger, prints nothing. Lengths are desk time except where they are in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from statistics import quantiles

from bot.floor import Floor
from bot.floor_ledger import Ledger


def progress(floor: Floor, ledger: Ledger, now: float) -> str:
    """One line: the desk's time of day, how many are there, what is published, and how it came true so far."""
    promise = (ledger.published or {}).get("promise")
    verdicts = ledger.verdicts(now)
    return "  ".join(
        (
            _time(now),
            f"{floor.customers} customers",
            f"{len(floor.waiting)} waiting",
            f"{floor.on_duty} agents",
            f"wait {promise['within_s'] / 60:.0f} min" if promise else "wait unknown",
            f"promises kept {sum(verdicts)}/{len(verdicts)}",
        )
    )


def balance(floor: Floor, ledger: Ledger, opened_at: float, closed_at: float) -> Iterator[tuple[str, str]]:
    """Rows of name and text. Waits and promises count up to `closed_at`; what came after was in a hurry."""
    talks, turns = ledger.conversations.values(), list(ledger.turns)
    left = sum(turn.left for turn in turns)
    late = sum((turn.ended_at or closed_at) > closed_at for turn in turns)
    accepted = sum(len(talk.written) + talk.asked for talk in talks)
    verdicts = ledger.verdicts(closed_at)
    yield "desk time", f"{_time(opened_at)} to {_time(closed_at)}"
    yield "customers", f"{floor.customers}; gave up: {left}; answered only at the end: {late}"
    yield (
        "messages",
        f"{ledger.sent} sent, {accepted} accepted; requests repeated on purpose: {ledger.repeated}",
    )
    yield "cases", f"{len(ledger.cases)}; claims that came too late: {ledger.too_late}"
    yield "acknowledgements", f"{ledger.count('acknowledgement')}{_delays(ledger)}"
    yield "replies", f"{ledger.count('reply')}"
    yield "promises", _kept(verdicts)
    yield "waits told", f"{ledger.waits_told}; corrections with an apology: {ledger.corrections}"
    answered = [turn for turn in turns if turn.wait_s(closed_at) is not None and turn.told_s is not None]
    if answered:
        yield "true waits", _minutes([turn.wait_s(closed_at) or 0.0 for turn in answered])
        yield "waits promised", _minutes([turn.told_s or 0.0 for turn in answered])


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M}"


def _kept(verdicts: Sequence[bool]) -> str:
    if not verdicts:
        return "none judged yet"
    kept = sum(verdicts)
    return f"{len(verdicts)} judged; kept: {kept} ({kept / len(verdicts):.0%})"


def _delays(ledger: Ledger) -> str:
    delays_s = [turn.acknowledged_after_s for turn in ledger.turns if turn.acknowledged_after_s is not None]
    if not delays_s:
        return ""
    p50_s, p95_s = _quantile(delays_s, 50), _quantile(delays_s, 95)
    return f"; half within {p50_s * 1000:.0f} ms of sending, 95% within {p95_s * 1000:.0f} ms"


def _minutes(lengths_s: Sequence[float]) -> str:
    return f"half within {_quantile(lengths_s, 50) / 60:.0f} min, 80% within {_quantile(lengths_s, 80) / 60:.0f} min"


def _quantile(values: Sequence[float], percent: int) -> float:
    if len(values) == 1:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]
