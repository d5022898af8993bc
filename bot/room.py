"""What to send next, so that an agents' room shows a case as it is. Pure: a case and what is shown, a step out.

First the room and its card, then what was said since, then the title. What an agent wrote in this very room stands
there already. `bot.rooms` sends the steps and keeps how far they came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.base import Attachment, Button, File, Limits, NameRoom, OpenRoom, Post, RoomOut, ShowCard
from bot.bodies import files_in
from bot.case import Case, CaseState, changed
from bot.parts import split
from bot.store.rooms import Room
from bot.words.room import RoomWords

SHOWN_AT_MOST = 50
"""So many of the last entries a room that is made anew begins with."""
ALBUM = 10
"""The most files that platforms take as one message (https://core.telegram.org/bots/api#sendmediagroup)."""
ALBUMS = ({"photo", "video"}, {"document"}, {"audio"})
"""Kinds that go together in an album (same page)."""
BUTTONS: Mapping[CaseState, Sequence[str]] = {
    CaseState.WAITING: ("claim", "next"),
    CaseState.CLAIMED: ("release", "close"),
    CaseState.ANSWERED: ("close", "next"),
}


@dataclass(frozen=True, slots=True)
class RoomStep:
    """One message to the room, the channel that its files come from, and what the room shows once it arrived."""

    out: RoomOut
    shown: Room
    origin: str = ""

    def after(self, returned: str) -> tuple[Room, list[str]]:
        """What the room shows, given what `send` returned; and the names that lead to the case from now on."""
        match self.out:
            case OpenRoom():
                place, _, card = returned.partition(" ")
                digest = self.shown.card_digest if card else ""
                opened = changed(self.shown, place=place, card=card, card_digest=digest)
                return opened, [name for name in {place, card} if name]
            case ShowCard():
                return changed(self.shown, card=returned), [returned]
            case _:
                return self.shown, [returned] if returned else []


@dataclass(frozen=True, slots=True)
class View:
    """How a case looks in one channel's room."""

    case: Case
    said: Sequence[Mapping[str, Any]]
    channel: str
    limits: Limits
    words: RoomWords
    queue: str

    def next_step(self, room: Room) -> RoomStep | None:
        """What to send next; None when the room shows everything."""
        title, text, buttons = self._title(), self.words.card(self.case, self.queue), self._buttons()
        card_digest, title_digest = _digest(text, buttons), _digest(title, self._state, self._open)
        if not room.place:
            told = max(0, len(self.said) - SHOWN_AT_MOST)
            label = self.words.label(self.case, self.limits.title_chars)
            opened = Room(told=told, card_digest=card_digest, title_digest=title_digest)
            key = f"{self.case.id}-{self.case.version}-open"
            return RoomStep(OpenRoom(key, self.case.id, title, label, self._state, text, buttons), opened)
        if room.card_digest != card_digest:
            key = f"{self.case.id}-{card_digest}-card"
            shown = changed(room, card_digest=card_digest)
            return RoomStep(ShowCard(key, room.place, room.card, text, buttons), shown)
        if (post := self._post(room)) is not None:
            return post
        if room.title_digest != title_digest:
            shown = changed(room, title_digest=title_digest)
            key = f"{self.case.id}-{title_digest}-name"
            return RoomStep(NameRoom(key, room.place, title, self._state, self._open), shown)
        return None

    # --- the case ------------------------------------------------------------------------------------------

    @property
    def _state(self) -> Any:
        return self.case.state.value

    @property
    def _open(self) -> bool:
        return not self.case.ended

    def _title(self) -> str:
        return self.words.title(self.case, self.limits.title_chars)

    def _buttons(self) -> tuple[Button, ...]:
        commands = BUTTONS.get(self.case.state, ())
        return tuple(
            Button(self.words.button(name), name, "" if name == "next" else self.case.id) for name in commands
        )

    # --- what was said -------------------------------------------------------------------------------------

    def _post(self, room: Room) -> RoomStep | None:
        """What was said since: as many entries as fit into one post, or a part of a long one."""
        first = self._first_new(room.told)
        if first == len(self.said):
            return None
        posts_done = room.posts if first == room.told else 0
        merged, count = self._merged(first)
        if posts_done == 0 and count > 1:
            return self._step(room, first, 0, merged, (), first + count, 0)
        posts = list(self._posts(self.said[first]))
        text, files = posts[posts_done]
        done = posts_done + 1 == len(posts)
        told, left = (first + 1, 0) if done else (first, posts_done + 1)
        return self._step(room, first, posts_done, text, files, told, left)

    def _first_new(self, told: int) -> int:
        """The first entry from `told` on that does not stand in this room already."""
        own = f"{self.channel}/"
        return next(
            (n for n in range(told, len(self.said)) if not self.said[n].get("from", "").startswith(own)),
            len(self.said),
        )

    def _merged(self, first: int) -> tuple[str, int]:
        """The texts of entries that follow each other, and how many fit together."""
        text, count = "", 0
        for entry in self.said[first:]:
            own = entry.get("from", "").startswith(f"{self.channel}/")
            if own or entry.get("files") or entry["by"] == "failed":
                break
            longer = "\n\n".join(filter(None, (text, self._worded(first + count))))
            if self.limits.measure(longer) > self.limits.text_chars:
                break
            text, count = longer, count + 1
        return text, count

    def _worded(self, number: int) -> str:
        worded = self.words.said(self.said[number], self.case.customer.name)
        left_out = len(self.said) - SHOWN_AT_MOST
        if number > 0 and number == left_out:
            return f"{self.words.cut_short(number)}\n\n{worded}"
        return worded

    def _posts(self, entry: Mapping[str, Any]) -> Iterator[tuple[str, tuple[File, ...]]]:
        """One entry as posts: its text, in parts where it is long, then its files."""
        number = self.said.index(entry)
        for part in split(self._worded(number), self.limits.text_chars, self.limits.measure):
            yield part, ()
        if self.limits.file_bytes:
            for album in albums(files_in(entry.get("files", ()))):
                yield "", album

    def _step(
        self, room: Room, number: int, part: int, text: str, files: tuple[File, ...], told: int, posts: int
    ) -> RoomStep:
        entry, case_id = self.said[number], self.case.id
        failed = entry["by"] == "failed"
        buttons = (Button(self.words.button("resend"), "resend", entry["id"]),) if failed else ()
        attachments = tuple(Attachment(file) for file in files)
        key = f"{case_id}-{number}.{part}-post"
        shown = changed(room, told=told, posts=posts)
        origin = entry.get("from", "").partition("/")[0] or self.case.channel
        return RoomStep(Post(key, room.place, text, attachments, buttons, loud=failed), shown, origin)


def albums(files: Sequence[File]) -> Iterator[tuple[File, ...]]:
    """Files in messages: together what platforms show together, in order."""
    album: list[File] = []
    for file in files:
        together = album and any({album[0].kind, file.kind} <= kinds for kinds in ALBUMS)
        if album and (not together or len(album) == ALBUM):
            yield tuple(album)
            album = []
        album.append(file)
    if album:
        yield tuple(album)


def _digest(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=6).hexdigest()
