"""What to do next with one outlet of a profile. Pure: what is known, what is wanted and the time in; a step out.

The operator's own text or picture is read before the first change and given back at the end. So there are two
questions: is what stands there ours or theirs, and may it be changed now? A text answers the first by itself; a
picture does not, as platforms do not give back the bytes they got: it is read once, before the first of ours.
Invariant: our own words are never taken for the operator's.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from adapters.base import Outlet, Shown
from bot.painter import Picture

READ_EVERY_S = 3_600.0
"""So old may be what is known of the operator's own text when it is written over; each look costs a call."""
REFUSED_AT_MOST = 3
REFUSED_FOR_S = 86_400.0
BUSY_S, BUSY_IN_SESSION_S = 60.0, 5.0
"""When a platform that does not say how long it is busy is asked again."""

Step = Literal["read", "show", "rest"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an outlet should show: texts by language, or a picture. `fallback` are the texts that say that nothing is
    known. Equal keys show the same."""

    key: str
    texts: Mapping[str, str] = field(default_factory=dict)
    picture: Picture | None = None
    fallback: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one outlet. What `to_store` leaves out is known to one process only, for as long as it reads.

    `kept`: the operator's `own` was read. `shown`: something of ours was put there since. `ours`: texts of ours that
    may stand there. `standing`: the key of what stands there, "" when that is not certain. `tried_at`: the last change.
    """

    kept: bool = False
    own: Shown = None
    shown: bool = False
    ours: frozenset[str] = frozenset()
    standing: str = ""
    tried_at: float = 0.0
    not_before: float = 0.0

    looked_at: float = 0.0
    refused: str = ""
    refused_at: float = 0.0
    refusals: int = 0

    # --- what comes next -----------------------------------------------------------------------------------

    def next_step(self, outlet: Outlet, wanted: str, now: float) -> Step:
        """What to do now (epoch seconds), so that the outlet shows what has the key `wanted`."""
        if self.off or now < self.not_before:
            return "rest"
        if self.refused == wanted and now < self.refused_at + REFUSED_FOR_S:
            return "rest"
        if self._must_look(outlet):
            return "read"
        if self.standing == wanted or now < self.tried_at + outlet.least_s:
            return "rest"
        old_news = now >= self.looked_at + READ_EVERY_S
        return "read" if old_news and _tells_whose(outlet) else "show"

    def _must_look(self, outlet: Outlet) -> bool:
        """Before the first change; and whoever becomes the reader looks whether what was noted still stands."""
        if outlet.in_session:
            return False
        return not self.kept or (_tells_whose(outlet) and not self.looked_at)

    @property
    def off(self) -> bool:
        """Whether it was refused so often that it is left alone until the next start."""
        return self.refusals >= REFUSED_AT_MOST

    # --- what came of it -----------------------------------------------------------------------------------

    def after_read(self, read: Shown, wanted: Wanted, now: float) -> Known:
        """This stands there. What is neither ours nor kept already is the operator's, and is kept."""
        ours = self.ours | wanted.fallback | frozenset(wanted.texts.values())
        if isinstance(read, Mapping):
            before = self.own if isinstance(self.own, Mapping) else {}
            own = {
                code: before.get(code, "") if text.strip() in ours else text for code, text in read.items()
            }
            standing = wanted.key if _same(read, wanted.texts) else ""
            return replace(self, kept=True, own=own, standing=standing, looked_at=now)
        return replace(self, kept=True, own=self.own if self.kept else read, looked_at=now)

    @property
    def _own_texts(self) -> Mapping[str, str]:
        return self.own if isinstance(self.own, Mapping) else {}

    def holds_only_ours(self, read: Shown) -> bool:
        """Whether these texts, as they were read, are all ours."""
        texts = [text.strip() for text in read.values() if text] if isinstance(read, Mapping) else []
        return bool(texts) and self.ours.issuperset(texts)

    def before_show(self, wanted: Wanted, now: float) -> Known:
        """It is about to be changed: whatever happens now, ours may stand there, and the platform has counted it."""
        ours = self.ours | wanted.fallback | frozenset(wanted.texts.values())
        return replace(self, shown=True, ours=ours, standing="", tried_at=now)

    def after_show(self, wanted: Wanted) -> Known:
        """It stands there now."""
        ours = wanted.fallback | frozenset(wanted.texts.values())
        return replace(self, ours=ours, standing=wanted.key, refused="", refusals=0, not_before=0.0)

    def after_refused(self, wanted: str, now: float) -> Known:
        """It will not be taken, not today and not as it is."""
        return replace(self, refused=wanted, refused_at=now, refusals=self.refusals + 1)

    def after_busy(self, outlet: Outlet, retry_after_s: float | None, now: float) -> Known:
        """Not now."""
        usual_s = BUSY_IN_SESSION_S if outlet.in_session else BUSY_S
        return replace(self, not_before=now + (usual_s if retry_after_s is None else retry_after_s))

    def after_new_session(self) -> Known:
        """What lasted as long as the session is gone."""
        return replace(self, standing="")

    # --- the end -------------------------------------------------------------------------------------------

    def owed(self, languages: Iterable[str]) -> Shown:
        """What the operator gets back; a text in all `languages` that we wrote in, empty where there was none."""
        own = self._own_texts
        texts = {code: own.get(code, "") for code in (*languages, *own)}
        return texts or self.own

    def restored(self, now: float) -> Known:
        """All is as it was before us; only when it was changed last is still of use."""
        return Known(tried_at=now, not_before=self.not_before)

    # --- the store -----------------------------------------------------------------------------------------

    def to_store(self) -> dict[str, Any]:
        """Plain data: what the next process must know."""
        return {
            "kept": self.kept,
            "own": _plain(self.own),
            "shown": self.shown,
            "ours": sorted(self.ours),
            "standing": self.standing,
            "tried_at": self.tried_at,
            "not_before": self.not_before,
        }

    @staticmethod
    def from_store(data: Mapping[str, Any]) -> Known:
        """The inverse of `to_store`."""
        known = {**data, "own": _shown(data["own"]), "ours": frozenset(data["ours"])}
        return Known(**known)


def key_of(shown: object) -> str:
    """The key of what an outlet should show."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def _tells_whose(outlet: Outlet) -> bool:
    """Whether what stands there tells by itself whose it is."""
    return not outlet.format and not outlet.in_session


def _same(read: Mapping[str, str], texts: Mapping[str, str]) -> bool:
    """Whether these texts stand there; platforms trim them, and may give back fewer languages."""
    common = read.keys() & texts.keys()
    return bool(common) and all(read[code].strip() == texts[code] for code in common)


def _plain(own: Shown) -> dict[str, Any] | None:
    if own is None:
        return None
    if isinstance(own, bytes):
        return {"picture": base64.b64encode(own).decode()}
    return {"texts": dict(own)}


def _shown(plain: Mapping[str, Any] | None) -> Shown:
    if plain is None:
        return None
    if "picture" in plain:
        return base64.b64decode(plain["picture"])
    return dict(plain["texts"])
