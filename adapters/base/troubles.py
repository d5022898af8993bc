"""What is wrong with a channel, when more than one thing can be."""

from __future__ import annotations

from collections.abc import Callable


class Troubles:
    """What is wrong, by what it is about; `tell` is `Tools.report`, and takes all of it as one text. Where they are
    `named`, each begins with what it is about."""

    def __init__(self, tell: Callable[[str], None], *, named: bool = False) -> None:
        self._tell = tell
        self._named = named
        self._known: dict[str, str] = {}

    def report(self, about: str, trouble: str) -> None:
        """Tell what is wrong there, "" when nothing is, if that has changed."""
        if self._known.get(about, "") != trouble:
            self._known[about] = trouble
            self.repeat()

    def repeat(self) -> None:
        """Tell it once more, for whoever listens anew."""
        wrong = [(about, trouble) for about, trouble in self._known.items() if trouble]
        self._tell("; ".join(f"{about}: {trouble}" if self._named else trouble for about, trouble in wrong))
