"""The brand's logo as banners carry it: a PNG or an SVG that needs nothing but itself.

It is looked at when the configuration is read, so that a picture never fails because of it. An SVG may hold shapes and
embedded pictures; what points outside, runs or needs a font of its own is refused. Nothing is drawn here.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import unpack_from
from xml.etree import ElementTree

MOST_BYTES = 262_144
MOST_SIDE_PX = 4096
WIDEST, NARROWEST = 8.0, 0.25
"""Width by height: outside of these a logo would be a line."""
PNG = b"\x89PNG\r\n\x1a\n"
REFUSED = {
    "text": "holds text, which needs its font; turn text into paths",
    "script": "holds a script; leave it out",
    "foreignObject": "holds a page; leave it out",
    "style": "holds a style sheet; set the colours on the shapes",
}
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!#)|@import", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9.]+)(?:px)?\s*")


class BadLogo(ValueError):
    """A file cannot be the logo; the text says why, and the way out."""


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo as an address that holds all of it, and its width by its height."""

    href: str
    aspect: float


def read_logo(path: Path) -> Logo:
    """The logo in a file. Raises BadLogo."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadLogo(f"cannot be read ({error.strerror}); give the path of a PNG or SVG file") from None
    if len(content) > MOST_BYTES:
        raise BadLogo(f"is larger than {MOST_BYTES // 1024} KiB; make it smaller")
    kind, aspect = ("png", _png(content)) if content.startswith(PNG) else ("svg+xml", _svg(content))
    if not NARROWEST <= aspect <= WIDEST:
        raise BadLogo(f"is {aspect:.2f} times as wide as high; take one from {NARROWEST} to {WIDEST:g}")
    return Logo(f"data:image/{kind};base64,{b64encode(content).decode()}", aspect)


def _png(content: bytes) -> float:
    if len(content) < 24:
        raise BadLogo("is not a whole PNG; save it again")
    width, height = unpack_from(">LL", content, 16)
    if not (0 < width <= MOST_SIDE_PX and 0 < height <= MOST_SIDE_PX):
        raise BadLogo(f"is {width} x {height} pixels; at most {MOST_SIDE_PX} a side are taken")
    return float(width / height)


def _svg(content: bytes) -> float:
    # A document type is where entities are declared, which can grow without end or name files.
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", content, re.IGNORECASE):
        raise BadLogo("declares a document type; save it as plain SVG")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - no document type, the operator's own file
    except ElementTree.ParseError:
        raise BadLogo("is neither a PNG nor an SVG; save it as one of them") from None
    if _local(root.tag) != "svg":
        raise BadLogo("is neither a PNG nor an SVG; save it as one of them")
    for fault in _faults(root):
        raise BadLogo(fault)
    return _aspect(root)


def _faults(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        if fault := REFUSED.get(_local(element.tag)):
            yield fault
        for name, value in element.attrib.items():
            if _local(name).startswith("on"):
                yield REFUSED["script"]
            points_out = _local(name) == "href" and not value.strip().startswith(("#", "data:image/"))
            if points_out or _OUTSIDE.search(value):
                yield "points to something outside of it; embed that"


def _aspect(root: ElementTree.Element) -> float:
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    sizes = box[2:4] if len(box) == 4 else [root.get("width", ""), root.get("height", "")]
    found = [_LENGTH.fullmatch(size) for size in sizes]
    width, height = (float(match[1]) if match else 0.0 for match in found)
    if not (width and height):
        raise BadLogo("does not tell its size; give it a viewBox")
    return width / height


def _local(name: object) -> str:
    """A name without its namespace; a comment's is no text at all."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""
