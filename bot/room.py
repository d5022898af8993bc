"""What to send next, so that an agents' room shows a case as it is. Pure: a case and what is shown, a step out.

First the room and its card, then what was said since, then the title. What an agent wrote in this very room stands
there already. `bot.rooms` sends the steps and keeps how far they came.

Invariant: a post has one voice, and begins with who that is, so that no text can pass for somebody else's.
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
from bot.words.room import RoomWords, Said

SHOWN_AT_MOST = 50
"""So many of the last entries a room that is made anew begins with."""
ALBUM = 10
"""The most files that platforms take as one message (https://core.telegram.org/bots/api#sendmediagroup)."""
ALBUMS = ({"photo", "video"}, {"document"}, {"audio"})
"""Kinds that go together in an album (same page)."""
VOICES = frozenset({"customer", "agent", "note"})
"""Entries whose texts may follow each other in one post."""
MOST_PARTS = 999
GAP = "\n\n"
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
                return opened, list(dict.fromkeys(name for name in (place, card) if name))
            case ShowCard():
                return changed(self.shown, card=returned), [returned]
            case _:
                return self.shown, [returned] if returned else []


@dataclass(frozen=True, slots=True)
class View:
    """How a case looks in one channel's room; `until` is when its customer can be answered no more, if that ends."""

    case: Case
    said: Sequence[Mapping[str, Any]]
    channel: str
    limits: Limits
    words: RoomWords
    queue: str
    until: float | None = None

    def next_step(self, room: Room) -> RoomStep | None:
        """What to send next; None when the room shows everything."""
        title, text, buttons = self._title(), self._card(), self._buttons()
        card_digest, title_digest = _digest(text, buttons), _digest(title, self._state, self._open)
        if not room.place:
            told, begun = max(0, len(self.said) - SHOWN_AT_MOST), len(self.said)
            opened = Room(told=told, card_digest=card_digest, title_digest=title_digest, begun=begun)
            label = self.words.label(self.case, self.limits.title_chars)
            key = f"{self.case.id}-{self.case.version}-open"
            return RoomStep(OpenRoom(key, self.case.id, title, label, self._state, text, buttons), opened)
        if room.card_digest != card_digest:
            key = self._key("card", room, card_digest)
            shown = changed(room, card_digest=card_digest)
            return RoomStep(ShowCard(key, room.place, room.card, text, buttons), shown)
        if (post := self._post(room)) is not None:
            return post
        if room.title_digest != title_digest:
            key = self._key("name", room, title_digest)
            shown = changed(room, title_digest=title_digest)
            return RoomStep(NameRoom(key, room.place, title, self._state, self._open), shown)
        return None

    def _key(self, step: str, room: Room, *what: object) -> str:
        """The same for the same step into the same room; another one is never taken for a repeat."""
        return f"{self.case.id}-{step}-{_digest(room.place, *what)}"

    # --- the case ------------------------------------------------------------------------------------------

    @property
    def _state(self) -> Any:
        return self.case.state.value

    @property
    def _open(self) -> bool:
        return not self.case.ended

    def _title(self) -> str:
        return self.words.title(self.case, self.limits.title_chars)

    def _card(self) -> str:
        return self.words.card(self.case, self.queue, self.until)

    def _buttons(self) -> tuple[Button, ...]:
        commands = BUTTONS.get(self.case.state, ())
        return tuple(
            Button(self.words.button(name), name, "" if name == "next" else self.case.id) for name in commands
        )

    # --- what was said -------------------------------------------------------------------------------------

    def _post(self, room: Room) -> RoomStep | None:
        """The next post of what was said since."""
        first = self._first_new(room)
        if first == len(self.said):
            return None
        done = room.posts if first == room.told else 0
        count = self._together(room, first)
        posts = list(self._posts(room, first, count))
        # A platform whose limits have grown shows in fewer posts what was begun in more.
        at = min(done, len(posts) - 1)
        told, left = (first + count, 0) if at + 1 == len(posts) else (first, at + 1)
        text, files = posts[at]
        entry = self.said[first]
        failed = entry["by"] == "failed"
        # What a platform had taken and did not bring is no dead letter, and cannot be sent again from here.
        again = failed and entry["id"]
        buttons = (Button(self.words.button("resend"), "resend", entry["id"]),) if again else ()
        attachments = tuple(Attachment(file) for file in files)
        key = self._key("post", room, first, at, text, files)
        shown = changed(room, told=told, posts=left)
        origin = entry.get("from", "").partition("/")[0] or self.case.channel
        return RoomStep(Post(key, room.place, text, attachments, buttons, loud=failed), shown, origin)

    def _first_new(self, room: Room) -> int:
        """The first entry that is not shown and does not stand in this room already."""
        numbers = range(room.told, len(self.said))
        return next((n for n in numbers if not self._written_here(room, n)), len(self.said))

    def _written_here(self, room: Room, number: int) -> bool:
        """Whether an agent wrote the entry in this room; in one that was made later, it is not to be seen."""
        return number >= room.begun and self.said[number].get("from", "").startswith(f"{self.channel}/")

    def _together(self, room: Room, first: int) -> int:
        """How many entries from the first new one on are shown as one: an album, or texts that fit into one post."""
        measure, last, end = self.limits.measure, self._worded(first), first + 1
        space = self.limits.text_chars - measure(self._above(room, first) + last.lead() + last.text)
        while end < len(self.said) and not self._written_here(room, end):
            before, entry, said = self.said[end - 1], self.said[end], self._worded(end)
            if not (album := _one_album(before, entry)):
                space -= measure(GAP + (said.text or said.head))
            if not album and (space < 0 or not _one_voice(before, entry, last, said)):
                break
            last, end = said, end + 1
        return end - first

    def _posts(self, room: Room, first: int, count: int) -> Iterator[tuple[str, tuple[File, ...]]]:
        """Entries as posts: their text, in parts where it is long, then their files."""
        for text in self._texts(self._above(room, first), self._gathered(first, count)):
            yield text, ()
        if self.limits.file_bytes:
            files = [file for entry in self.said[first : first + count] for file in entry.get("files", ())]
            for album in albums(files_in(files)):
                yield "", album

    def _texts(self, above: str, said: Said) -> Iterator[str]:
        """What was said as one text, or in parts of which each begins with who speaks."""
        measure, most = self.limits.measure, self.limits.text_chars
        whole = above + said.lead() + said.text
        if measure(whole) <= most:
            yield whole
            return
        if not said.text:
            yield from split(whole, most, measure)
            return
        longest_lead = above + said.lead(MOST_PARTS, MOST_PARTS)
        parts = split(said.text, max(1, most - measure(longest_lead)), measure)
        for number, part in enumerate(parts, start=1):
            yield f"{above if number == 1 else ''}{said.lead(number, len(parts))}{part}"

    def _gathered(self, first: int, count: int) -> Said:
        """Entries of one voice: who speaks once, and all that they said; or what happened, line by line."""
        worded = [self._worded(number) for number in range(first, first + count)]
        if not worded[0].text:
            return Said("\n".join(one.head for one in worded))
        return Said(worded[0].head, GAP.join(one.text for one in worded))

    def _above(self, room: Room, number: int) -> str:
        """What stands above the first entry that is shown, when there are older ones."""
        left_out = room.begun - SHOWN_AT_MOST
        return self.words.cut_short(number) + GAP if number == left_out > 0 else ""

    def _worded(self, number: int) -> Said:
        return self.words.said(self.said[number], self.case.customer.name)


def _one_album(before: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Whether two entries are parts of one album, which some platforms send message by message."""
    return bool(entry.get("files")) and entry.get("group", "") != "" and before.get("group") == entry["group"]


def _one_voice(before: Mapping[str, Any], entry: Mapping[str, Any], last: Said, said: Said) -> bool:
    """Whether an entry goes on where the one before it left off. What failed stands alone, with its button."""
    if before.get("files") or entry.get("files") or "failed" in (before["by"], entry["by"]):
        return False
    if {before["by"], entry["by"]} <= VOICES:
        return said.head == last.head
    return not said.text and not last.text


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
