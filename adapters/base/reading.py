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


def wanted_text(data: Mapping[str, Any], name: str, where: str = "") -> str:
    """A field that is a text, and not empty; `where` is the place of what it stands in. Raises Malformed."""
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{path_to(name, where)}: a text is wanted")
    return value


def wanted_object(data: Mapping[str, Any], name: str, where: str = "") -> Mapping[str, Any]:
    """A field that is an object; `where` is the place of what it stands in. Raises Malformed."""
    return object_of(data.get(name), path_to(name, where))


def object_of(value: object, where: str) -> Mapping[str, Any]:
    """A value that is an object. Raises Malformed."""
    if not isinstance(value, dict):
        raise Malformed(f"{where}: an object is wanted")
    return value


def path_to(name: str, where: str) -> str:
    """How an error names a field."""
    return f"{where}.{name}" if where else name


def maybe_text(data: Mapping[str, Any], name: str) -> str:
    """A field that is a text; "" where it is none, or left out: for what nothing depends on."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def maybe_object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A field that is an object; an empty one where it is none, or left out."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def maybe_objects(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects in a field that is a list; none where it is none, or left out."""
    value = data.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _no_constant(name: str) -> NoReturn:
    """NaN and Infinity are no JSON, although Python reads them."""
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_no_constant).decode
