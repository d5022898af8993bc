"""Reading what strangers post as JSON, field by field: what is not as it should be is refused by its name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from adapters.base.errors import Malformed


def read_json(body: bytes) -> Any:
    """The value that a body holds. Raises Malformed."""
    try:
        text = body.decode("utf-8")
        value = _decode(text)
        if "\\u" in text:
            # A lone surrogate is JSON, but no text: it could not be stored or sent on.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise Malformed("the body is not UTF-8") from None
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None
    return value


def read_object(body: bytes) -> Mapping[str, Any]:
    """The object that a body holds. Raises Malformed."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise Malformed("the body is not an object")
    return value


def read_text(data: Mapping[str, Any], name: str) -> str:
    """A field that is a text; "" where it is left out. Raises Malformed."""
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"{name}: a text is wanted")
    return value


def maybe_text(data: Mapping[str, Any], name: str) -> str:
    """A field that is a text; "" where it is none, or left out: for what nothing depends on."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _no_constant(name: str) -> NoReturn:
    """NaN and Infinity are no JSON, although Python reads them."""
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_no_constant).decode
