"""What to do next with one outlet of a profile. Pure: what is known, what is wanted and the time in; a step out.

The operator's own text or picture is read before the first change and given back at the end. So there are two
questions: is what stands there ours or theirs, and may it be changed now? A text answers the first by itself; a
picture does not, as platforms do not give back the bytes they got: it is read once, before the first of ours.
Invariants: our own words are never taken for the operator's. Nothing changes and changes back within `CALM_S`: worse
news is shown as soon as the platform takes it, all other news once what stands there has stood so long.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from adapters.base import Outlet, Shown
from bot.painter import Picture
from bot.patience import FIRST_PAUSE_S, Patience

CALM_S = 600.0
READ_EVERY_S = 3_600.0
"""So old may be what is known of the operator's own text when it is written over; each look costs a call."""
NEW = Patience()
REFUSED_AT_MOST = 3
REFUSED_FOR_S = 86_400.0
FIRST_PAUSE_IN_SESSION_S = 5.0
NOTHING, UNSEEN = 1e9, -1.0
"""The rank of no figure of ours: no news is worse; and of what nobody sees any more, than which any news is."""

Step = Literal["read", "show", "rest"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an outlet should show: texts by language, or a picture; `label` says it to the operator. `fallback` are the
    texts that say that nothing is known. Equal keys show the same, and have the same `rank`: worse news has a higher
    one."""

    key: str
    texts: Mapping[str, str] = field(default_factory=dict)
    picture: Picture | None = None
    fallback: frozenset[str] = frozenset()
    rank: float = 0.0
    label: str = ""

    @property
    def all_texts(self) -> frozenset[str]:
        """Every text that may stand there for it."""
        return self.fallback | frozenset(self.texts.values())


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one outlet. What `to_store` leaves out is known to one process only, for as long as it reads.

    `kept`: the operator's `own` was read. `shown`: something of ours was put there since. `ours`: texts of ours that
    may stand there. `standing`, of this `rank`: the key of what was put there last, at `seen_at`; `certain` when it
    surely stands.
    """

    kept: bool = False
    own: Shown = None
    shown: bool = False
    ours: frozenset[str] = frozenset()
    standing: str = ""
    rank: float = 0.0
    certain: bool = False
    seen_at: float = 0.0
    patience: Patience = NEW

    looked_at: float = 0.0
    refused: str = ""
    refused_at: float = 0.0
    refusals: int = 0

    # --- what comes next -----------------------------------------------------------------------------------

    def next_step(self, outlet: Outlet, wanted: Wanted, now: float) -> Step:
        """What to do now (epoch seconds), so that the outlet shows what is wanted."""
        if self.off or now < self.patience.not_before:
            return "rest"
        if self.refused == wanted.key and now < self.refused_at + REFUSED_FOR_S:
            return "rest"
        if self._must_look(outlet):
            return "read"
        if self.stands(wanted) or now < self.next_change_at(outlet, wanted, now):
            return "rest"
        old_news = now >= self.looked_at + READ_EVERY_S
        return "read" if old_news and _tells_whose(outlet) else "show"

    def next_change_at(self, outlet: Outlet, wanted: Wanted | None, now: float) -> float:
        """When this may be shown, or whatever may be (None), where something else stands now."""
        at = self.patience.next_change_at(outlet.least_s, now)
        if wanted is None or wanted.key == self.standing or wanted.rank > self.rank:
            return at
        return max(at, self.seen_at + CALM_S)

    def stands(self, wanted: Wanted) -> bool:
        """Whether it surely stands there."""
        return self.certain and self.standing == wanted.key

    def _must_look(self, outlet: Outlet) -> bool:
        """Before the first change; and whoever becomes the reader looks whether what was noted still stands."""
        if outlet.in_session:
            return False
        return not self.kept or (_tells_whose(outlet) and not self.looked_at)

    @property
    def off(self) -> bool:
        """Whether it was refused so often that it is left alone until the next start."""
        return self.refusals >= REFUSED_AT_MOST

    # --- what came of a look -------------------------------------------------------------------------------

    def after_read(self, read: Shown, wanted: Wanted, now: float) -> Known:
        """This stands there. What is neither ours nor kept already is the operator's, and is kept."""
        if not isinstance(read, Mapping):
            return replace(self, kept=True, own=self.own if self.kept else read, looked_at=now)
        ours = self.ours | wanted.all_texts
        before = self.own if isinstance(self.own, Mapping) else {}
        own = {code: before.get(code, "") if text.strip() in ours else text for code, text in read.items()}
        known = replace(self, kept=True, own={**before, **own}, looked_at=now)
        if _same(read, wanted.texts):
            return replace(known, standing=wanted.key, rank=wanted.rank, certain=True)
        return replace(known, certain=False)

    def holds_only_ours(self, read: Shown) -> bool:
        """Whether these texts, as they were read, are all ours."""
        texts = [text.strip() for text in read.values() if text] if isinstance(read, Mapping) else []
        return bool(texts) and self.ours.issuperset(texts)

    # --- what came of a change -----------------------------------------------------------------------------

    def before_show(self, wanted: Wanted, now: float) -> Known:
        """It is about to be changed: whatever happens now, ours may stand there, in every language we write in."""
        own = self.own
        if wanted.texts and not isinstance(own, bytes):
            own = {**dict.fromkeys(wanted.texts, ""), **(own or {})}
        return replace(
            self,
            own=own,
            shown=True,
            ours=self.ours | wanted.all_texts,
            standing=wanted.key,
            rank=wanted.rank,
            certain=False,
            seen_at=now,
            patience=self.patience.trying(now),
        )

    def after_show(self, wanted: Wanted) -> Known:
        """It stands there now."""
        return replace(
            self,
            ours=wanted.all_texts,
            certain=True,
            refused="",
            refusals=0,
            patience=self.patience.calmed(),
        )

    def after_not_shown(self, outlet: Outlet, before: Known) -> Known:
        """The change was not made: what was known before holds; where it is made of several calls, some may have been
        taken."""
        if outlet.per_language:
            return replace(self, patience=before.patience)
        return replace(before, own=self.own, ours=self.ours, shown=before.shown)

    def after_refused(self, wanted: str, now: float) -> Known:
        """It will not be taken, not today and not as it is."""
        return replace(
            self,
            refused=wanted,
            refused_at=now,
            refusals=self.refusals + 1,
            patience=self.patience.failed(now),
        )

    def after_busy(self, outlet: Outlet, told_s: float | None, now: float, *, a_look: bool = False) -> Known:
        """Not now. `a_look`: only a look was asked for."""
        if told_s is None:
            first_s = FIRST_PAUSE_IN_SESSION_S if outlet.in_session else FIRST_PAUSE_S
            return replace(self, patience=self.patience.failed(now, first_s))
        if a_look:
            return replace(self, patience=self.patience.told(told_s, now))
        return replace(self, patience=self.patience.too_soon(told_s, outlet.least_s, now))

    def after_new_session(self) -> Known:
        """What lasted as long as the session is gone."""
        return replace(self, standing="", rank=UNSEEN, certain=False, patience=self.patience.calmed())

    # --- the end -------------------------------------------------------------------------------------------

    @property
    def owes(self) -> bool:
        """Whether something of ours may stand where something of the operator's did."""
        return self.kept and self.shown

    def restored(self, now: float) -> Known:
        """All is as it was before us; only when it was changed last, and how fast it may be, are still of use."""
        return Known(rank=NOTHING, seen_at=now, patience=self.patience.trying(now).calmed())

    # --- the store -----------------------------------------------------------------------------------------

    def to_store(self) -> dict[str, Any]:
        """Plain data: what the next process must know."""
        return {
            "kept": self.kept,
            "own": _plain(self.own),
            "shown": self.shown,
            "ours": sorted(self.ours),
            "standing": self.standing,
            "rank": self.rank,
            "certain": self.certain,
            "seen_at": self.seen_at,
            "patience": self.patience.to_store(),
        }

    @staticmethod
    def from_store(data: Mapping[str, Any]) -> Known:
        """The inverse of `to_store`."""
        known = {**data, "own": _shown(data["own"]), "ours": frozenset(data["ours"])}
        return Known(**known | {"patience": Patience.from_store(data["patience"])})


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
