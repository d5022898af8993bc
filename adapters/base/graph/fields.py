"""Fields of what Meta pushes; what is not as it should be is named by the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.base.arrivals import File
from adapters.base.errors import Malformed
from adapters.base.reading import path_to, wanted_text


def id_at(data: Mapping[str, Any], name: str, where: str = "") -> str:
    """A name of something, as text or as a number. Raises Malformed."""
    value = data.get(name)
    return str(value) if type(value) is int else wanted_text(data, name, where)


def listed(
    data: Mapping[str, Any], name: str, where: str = "", *, needed: bool = True
) -> list[tuple[str, object]]:
    """What a list holds, each with the place it stands at. Raises Malformed."""
    value = data.get(name)
    if value is None and not needed:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{path_to(name, where)}: a list is wanted")
    return [(f"{path_to(name, where)}.{number}", one) for number, one in enumerate(value)]


def located(place: Mapping[str, Any], latitude: str, longitude: str, name: str) -> File:
    """A location, by the names of the fields that hold its degrees. Raises Malformed."""
    for field, most in ((latitude, 90), (longitude, 180)):
        if type(place.get(field)) not in (int, float) or not abs(place[field]) <= most:
            raise Malformed(f"{field}: a number of degrees is wanted")
    return File.located(place[latitude], place[longitude], name)


def moment(value: object, where: str) -> int:
    """When an event happened, in milliseconds since the epoch. Raises Malformed."""
    if type(value) is not int:
        raise Malformed(f"{where.rpartition('.')[0]}.timestamp: a number is wanted")
    return value
