"""What Telegram does to a text: it cleans it, reads marks or finds entities in it, and counts in UTF-16 units."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

JSON = dict[str, Any]
FOUND = {
    "url": re.compile(r"https?://[^\s<>\"]+|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|example)\b(?:/\S*)?", re.I),
    "email": re.compile(r"\b[\w.+-]+@[\w-]+\.[a-z]{2,}\b", re.I),
    "mention": re.compile(r"(?<![\w@/.])@[a-z]\w{3,31}\b", re.I),
    "bot_command": re.compile(r"(?<![\w/])/[a-z0-9_]{1,32}(?:@\w+)?", re.I),
    "hashtag": re.compile(r"(?<![\w#])#\w+"),
}
TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}
MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler", "`": "code"}
RESERVED = frozenset("_*[]()~`>#+-=|{}.!")


class Unparsable(Exception):
    """The marks in a text make no sense."""


def units(text: str) -> int:
    """The length of a text as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cleaned(text: str) -> str:
    """What is left of a text: no control characters, none that turn the direction of writing, no outer spaces."""
    text = re.sub("[\u2028-\u202e]|\r", "", text)
    return re.sub(r"[\x00-\x09\x0b-\x1f]", " ", text).strip(" \n\t\u00a0")


def found(text: str) -> list[JSON]:
    """What clients make clickable in plain text, in order; overlapping ones count once."""
    spans: list[tuple[int, int, str]] = []
    for kind, pattern in FOUND.items():
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for start, end, _ in spans):
                spans.append((match.start(), match.end(), kind))
    return [
        {"type": kind, "offset": units(text[:start]), "length": units(text[start:end])}
        for start, end, kind in sorted(spans)
    ]


def read(text: str, parse_mode: str, given: Sequence[JSON]) -> tuple[str, list[JSON]]:
    """The text as it is shown, and the entities that its sender made. Raises Unparsable."""
    match parse_mode.lower():
        case "":
            shown, entities = text, [dict(entity) for entity in given]
        case "html":
            shown, entities = _html(text)
        case "markdownv2":
            shown, entities = _markdown(text)
        case _:
            raise Unparsable("unsupported parse_mode")
    for entity in entities:
        if not 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(shown):
            raise Unparsable(f"entity {entity['type']} ends outside of the text")
    clean = cleaned(shown)
    head = units(shown) - units(shown.lstrip(" \n\t\u00a0"))
    return clean, list(_moved(entities, -head, units(clean)))


def _moved(entities: Iterable[JSON], by: int, most: int) -> Iterable[JSON]:
    for entity in entities:
        start, end = max(0, entity["offset"] + by), min(most, entity["offset"] + by + entity["length"])
        if start < end:
            yield {**entity, "offset": start, "length": end - start}


class _Writer:
    """The text so far, and the entities that are open in it."""

    def __init__(self) -> None:
        self.text = ""
        self.entities: list[JSON] = []
        self.open: list[tuple[str, int, Mapping[str, str]]] = []

    def begin(self, mark: str, more: Mapping[str, str]) -> None:
        self.open.append((mark, units(self.text), more))

    def end(self, kind: str, more: Mapping[str, str] | None = None) -> None:
        _, offset, own = self.open.pop()
        if length := units(self.text) - offset:
            self.entities.append({"type": kind, "offset": offset, "length": length, **own, **(more or {})})

    def result(self) -> tuple[str, list[JSON]]:
        return self.text, sorted(self.entities, key=lambda one: (one["offset"], -one["length"]))


def _html(text: str) -> tuple[str, list[JSON]]:
    out = _Writer()
    position = 0
    for match in re.finditer(r"<(/?)([a-zA-Z-]*)([^<>]*)>|<", text):
        out.text += html.unescape(text[position : match.start()])
        position = match.end()
        closing, name, rest = match[1], (match[2] or "").lower(), match[3]
        where = f"at byte offset {len(text[: match.start()].encode())}"
        if closing:
            if not out.open or out.open[-1][0] != name:
                raise Unparsable(f"Unexpected end tag {where}")
            out.end(TAGS[name])
            continue
        if name not in TAGS:
            raise Unparsable(f'Unsupported start tag "{name}" {where}')
        address = re.search(r'href="([^"]*)"', rest or "")
        out.begin(name, {"url": html.unescape(address[1])} if address else {})
    out.text += html.unescape(text[position:])
    if out.open:
        raise Unparsable(f'Can\'t find end tag corresponding to start tag "{out.open[-1][0]}"')
    return out.result()


def _markdown(text: str) -> tuple[str, list[JSON]]:
    out = _Writer()
    position = 0
    while position < len(text):
        here = text[position]
        if here == "\\" and position + 1 < len(text):
            out.text += text[position + 1]
            position += 2
        elif mark := next((m for m in ("||", "__", "*", "_", "~", "`") if text.startswith(m, position)), ""):
            if out.open and out.open[-1][0] == mark:
                out.end(MARKS[mark])
            else:
                out.begin(mark, {})
            position += len(mark)
        elif here == "[":
            out.begin("[", {})
            position += 1
        elif here == "]" and out.open and out.open[-1][0] == "[":
            link = re.compile(r"\]\(([^()\s]+)\)").match(text, position)
            if link is None:
                raise Unparsable(f"Can't find end of a URL at byte offset {len(text[:position].encode())}")
            out.end("text_link", {"url": link[1]})
            position = link.end()
        elif here in RESERVED:
            raise Unparsable(f"Character '{here}' is reserved and must be escaped with the preceding '\\'")
        else:
            out.text += here
            position += 1
    if out.open:
        raise Unparsable(f"Can't find end of the entity that begins with {out.open[-1][0]}")
    return out.result()
