"""The parameters of a call, however they came: in the address, as a form, with files, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.multipart import BodyPartReader

from tests.fakes.telegram.errors import bad


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a request."""

    name: str
    mime: str
    content: bytes


@dataclass(slots=True)
class Params:
    """Reads them as the vendor does: leniently, as to how they are written."""

    given: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """As text; empty if it is not given."""
        value = self.given.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def number(self, name: str, default: int = 0) -> int:
        """As a whole number."""
        text = self.text(name)
        if not text:
            return default
        try:
            return int(text)
        except ValueError:
            raise bad(f"{name} must be an integer") from None

    def flag(self, name: str) -> bool:
        """As yes or no."""
        return self.text(name).lower() in ("true", "yes", "1")

    def objects(self, name: str) -> list[dict[str, Any]]:
        """As a list of objects."""
        value = self._json(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise bad(f"can't parse {name}: expected an Array of Objects")
        return value

    def strings(self, name: str) -> list[str]:
        """As a list of strings."""
        value = self._json(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise bad(f"can't parse {name}: expected an Array of String")
        return value

    def numbers(self, name: str) -> list[int]:
        """As a list of whole numbers."""
        value = self._json(name, [])
        if not isinstance(value, list) or not all(isinstance(one, int) for one in value):
            raise bad(f"can't parse {name}: expected an Array of Integer")
        return value

    def object(self, name: str) -> dict[str, Any]:
        """As an object; empty if it is not given."""
        value = self._json(name, {})
        if not isinstance(value, dict):
            raise bad(f"can't parse {name}: expected an Object")
        return value

    def attached(self, value: str) -> Upload | None:
        """The file that `attach://name` names, or None if the value is no such reference."""
        if not value.startswith("attach://"):
            return None
        try:
            return self.files[value.removeprefix("attach://")]
        except KeyError:
            raise bad("wrong file attached") from None

    def _json(self, name: str, default: Any) -> Any:
        value = self.given.get(name, default)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else default
        except ValueError:
            raise bad(f"can't parse {name} JSON object") from None


async def read(request: web.Request) -> Params:
    """The parameters of a request; those in the body win."""
    params = Params(dict(request.query))
    kind = request.content_type
    if kind == "application/json":
        body = await request.json()
        params.given |= body if isinstance(body, Mapping) else {}
    elif kind == "multipart/form-data":
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name:
                content = bytes(await part.read())
                if part.filename is None:
                    params.given[part.name] = content.decode()
                else:
                    mime = part.headers.get("Content-Type", "")
                    params.files[part.name] = Upload(part.filename, mime, content)
    else:
        params.given |= dict(await request.post())
    return params
