"""A drawn picture as JPEG, for the platforms that take nothing else or blur anything larger.

Untagged colours are sRGB to everyone who shows a JPEG; nothing else is written into it, no time and no program.

Invariant: the same picture gives the same bytes.
"""

from __future__ import annotations

from io import BytesIO

from PIL import Image

QUALITIES = (92, 86, 80)
LOADS_FAST_BYTES = 100_000
"""Below this Facebook keeps a cover sharp: https://www.facebook.com/help/125379114252045"""


def as_jpeg(png: bytes) -> bytes:
    """The best of QUALITIES that stays below LOADS_FAST_BYTES, or the last."""
    with Image.open(BytesIO(png)) as drawn:
        picture = drawn.convert("RGB")
    jpeg = b""
    for quality in QUALITIES:
        jpeg = _encoded(picture, quality)
        if len(jpeg) < LOADS_FAST_BYTES:
            break
    return jpeg


def _encoded(picture: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    # Full colour resolution: halved, thin coloured letters on a dark ground get a fringe.
    picture.save(out, "JPEG", quality=quality, subsampling=0, optimize=True)
    return out.getvalue()
