"""Files of the configuration: the TOML file itself, and files that hold one secret.

Answers what stands in a file, or in one sentence why that cannot be told. Never says anything of the contents
but the names of keys.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

MOST_BYTES = 1_048_576


class Unreadable(Exception):
    """A file does not give what it should; the text says why, and the way out."""


def read_text(path: Path) -> str:
    """The file's text. Raises Unreadable when it is missing, locked, not a file, too large or not UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Unreadable(f"cannot be read ({reason}); give the path of a readable file") from None
    if len(content) > MOST_BYTES:
        raise Unreadable(f"is larger than {MOST_BYTES} bytes; give the path of the right file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"is not UTF-8 text (line {line}); save it as UTF-8") from None


def read_tables(path: Path) -> dict[str, Any]:
    """The file's TOML. Raises Unreadable as `read_text` does, or naming the line that is not TOML."""
    text = read_text(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"is not TOML{_place(text, str(error))}: {error}; mend that line") from None
    except RecursionError:
        raise Unreadable("is not a configuration: lists within lists without end; mend it") from None


def _place(text: str, message: str) -> str:
    """The key on the line that the parser blames, so that a key set twice is named."""
    line = re.search(r"at line (\d+)", message)
    lines = text.splitlines()[: int(line[1]) if line else None]  # the parser may blame the end instead
    # A key of ours has no digit or capital: what stands on a broken line could be a piece of a secret.
    key = re.match(r"\s*([a-z]{2,}[a-z_-]*)\s*=", lines[-1]) if lines else None
    if key is None:
        return ""
    headers = [found[1] for found in (re.match(r"\s*\[([a-z0-9_.-]+)\]", line) for line in lines) if found]
    return " at " + ".".join([*headers[-1:], key[1]])
