"""What platforms push, as their documentation shows it: the files below `tests/adapters/fixtures`."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "adapters/fixtures"


def pushes_of(channel: str) -> dict[str, bytes]:
    """What is pushed to a channel, by name."""
    return {path.stem: path.read_bytes() for path in (FOLDER / channel).glob("*.json")}
