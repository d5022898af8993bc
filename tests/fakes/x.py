"""X as a channel sees it: messages, posts, the account, its profile and files. Proofs are verified, tokens of both
kinds, by code of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.adapters.contract import Fault
from tests.fakes.pushes import pushes_of

FIXTURES = pushes_of("x")
US, CUSTOMER = "1111111111111111111", "2222222222222222222"
CONSUMER_KEY, ACCESS_TOKEN = "xvz1evFS4wEEPTGEFPHBog", f"{US}-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"
CONSUMER_SECRET, OLD_SECRET = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "old" * 14
ACCESS_SECRET, TOKEN = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE", "VGNibzFWSWREZm01bjN1N3dicWlNUG"
PICTURE = b"\x89PNG" + b"x" * 996
Planned = tuple[int, Mapping[str, str], Mapping[str, Any]]


def problem(status: int, kind: str = "about:blank", **headers: str) -> Planned:
    """An answer of X's that something is wrong."""
    told = {"title": "Wrong", "detail": "told by X", "type": f"https://api.x.com/2/problems/{kind}"}
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, told


@dataclass
class Far:
    """One account at X. Each answer of `plan`, and then each of `faults`, is given once to what is asked; after them
    all is well. `calls` are all that was asked: path, body, headers. `level` is what the tokens may do, if X tells."""

    now: float
    url: str = ""
    busy_s: float | None = 90.0
    faults: list[Fault] = field(default_factory=list)
    plan: list[Planned] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    calls: list[tuple[str, Any, Mapping[str, str]]] = field(default_factory=list)
    me: dict[str, Any] = field(
        default_factory=lambda: {"id": US, "username": "ExampleUser", "description": "We sell"}
    )
    level: str = ""
    nonces: set[str] = field(default_factory=set)

    async def said(self, request: web.Request) -> web.Response:
        """A direct message or a post."""
        body = json.loads(await request.read())
        if (wrong := self._wrong(request, body)) is not None:
            return wrong
        self.delivered.append(body.get("text", ""))
        number = str(7_000 + len(self.delivered))
        if "dm_conversations" in request.path:
            return _json({"data": {"dm_conversation_id": f"{US}-{CUSTOMER}", "dm_event_id": number}}, 201)
        return _json({"data": {"id": number}}, 201)

    async def whose(self, request: web.Request) -> web.Response:
        """The account."""
        told = {"x-access-level": self.level} if self.level else {}
        return self._wrong(request, None) or _json({"data": self.me}, headers=told)

    async def change(self, request: web.Request) -> web.Response:
        """Something of the profile, or a picture to be sent."""
        form = dict((await request.post()).items())
        in_parts = request.content_type == "multipart/form-data"
        signed = {} if in_parts else {name: str(value) for name, value in form.items()}
        body = {n: v.file.read() if isinstance(v, web.FileField) else v for n, v in form.items()}
        return self._wrong(request, body, signed) or _json({"data": {"id": f"90{len(self.calls)}"}})

    async def file(self, request: web.Request) -> web.Response:
        """A file that was sent in private."""
        return self._wrong(request, None) or web.Response(body=PICTURE)

    @staticmethod
    async def banner(request: web.Request) -> web.Response:
        """A banner, which everybody may see, or the HTTP status that is asked for."""
        status = int(request.match_info["status"])
        return web.Response(status=status, body=PICTURE if status == 200 else b"")

    def _wrong(
        self, request: web.Request, body: Any, form: Mapping[str, str] | None = None
    ) -> web.Response | None:
        self.calls.append((request.path, body, dict(request.headers)))
        if self.plan:
            return _json(self.plan[0][2], self.plan[0][0], self.plan.pop(0)[1])
        match self.faults.pop(0) if self.faults else None:
            case "busy":
                reset = (
                    {} if self.busy_s is None else {"x-rate-limit-reset": str(int(self.now + self.busy_s))}
                )
                return _json({"title": "Too Many Requests"}, 429, reset)
            case "broken":
                return _json({"title": "Service Unavailable"}, 503)
            case "refused":
                return _json(problem(403)[2], 403)
            case "unauthorised":
                return _json({"title": "Unauthorized"}, 401)
            case "cut":
                assert request.transport is not None
                request.transport.abort()
        return None if self._proven(request, form or {}) else _json({"title": "Unauthorized"}, 401)

    def _proven(self, request: web.Request, form: Mapping[str, str]) -> bool:
        kind, _, rest = request.headers.get("Authorization", "").partition(" ")
        if kind == "Bearer":
            return rest == TOKEN
        told = dict(part.split("=", 1) for part in rest.split(", "))
        given = {name: value.strip('"') for name, value in told.items()}
        signature = given.pop("oauth_signature")
        assert given["oauth_nonce"] not in self.nonces, "a nonce was used twice"
        self.nonces.add(given["oauth_nonce"])
        return (
            quote(signature_of(request.method, str(request.url), {**form, **request.query}, given), "")
            == signature
        )


def signature_of(method: str, url: str, parameters: Mapping[str, str], told: Mapping[str, str]) -> str:
    """RFC 5849, 3.4, line by line; what is `told` in the header needs no quoting here."""
    pairs = sorted([*((quote(a, ""), quote(b, "")) for a, b in parameters.items()), *told.items()])
    base = "&".join(
        [
            method,
            quote(url.partition("?")[0], ""),
            quote("&".join(f"{name}={value}" for name, value in pairs), ""),
        ]
    )
    key = f"{CONSUMER_SECRET}&{ACCESS_SECRET}".encode()
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha1).digest()).decode()


def _json(
    data: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.json_response(data, status=status, headers=headers)


@asynccontextmanager
async def far_end(now: float) -> AsyncIterator[Far]:
    """Run one on loopback."""
    x = Far(now)
    app = web.Application(client_max_size=8_000_000)
    app.router.add_post("/2/dm_conversations/with/{account}/messages", x.said)
    app.router.add_post("/2/tweets", x.said)
    app.router.add_get("/2/users/me", x.whose)
    app.router.add_post("/1.1/account/{what}", x.change)
    app.router.add_get("/2/dm_conversations/media/{a}/{b}/{c}", x.file)
    app.router.add_post("/2/media/upload", x.change)
    app.router.add_get("/files/{name}", x.file)
    app.router.add_get("/banners/{status}/1500x500", x.banner)
    async with TestServer(app) as running:
        x.url = str(running.make_url("")).rstrip("/")
        yield x
