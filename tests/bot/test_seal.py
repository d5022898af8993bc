"""The seal on the API's answers, judged by somebody else's verifier and by the lines that docs/api.md gives."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature as Forged
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
    algorithms,
)

from bot.seal import Seal
from tests.fakes import servers
from tests.fakes.desk import changed
from tests.fakes.site import ANY_PORT, Site, open_site, publish
from tests.house.source import ROOT

SEALED = ("/api/v1/queues", "/api/v1/queues/support/wait", "/api/v1/queues/billing/wait?lang=fi")
HEADERS = {"Content-Digest", "Signature-Input", "Signature"}
SECRET = bytes(range(32))


@dataclass
class Message:
    """An answer as the verifier wants it."""

    headers: Mapping[str, str]
    status_code: int = 200


@pytest.fixture
async def site(store_url: str) -> AsyncIterator[Site]:
    async with open_site(store_url) as running:
        await publish(running.floor)
        yield running


def verify(body: bytes, headers: Mapping[str, str], jwk: Mapping[str, str]) -> None:
    """By a library that is not ours. Raises InvalidSignature."""
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(jwk["x"] + "="))
    keys = MappingKeyResolver(public_keys={jwk["kid"]: public}, private_keys={})
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=keys)
    (result,) = verifier.verify(
        Message(headers), max_age=None, body=body, require_components=["content-digest"]
    )
    assert result.label == "jono"


def documented() -> Callable[..., None]:
    """What docs/api.md tells people to verify with."""
    found = re.search(
        r"<!-- verify -->\n```python\n(.*?)```", (ROOT / "docs/api.md").read_text("utf-8"), re.DOTALL
    )
    assert found
    names: dict[str, Any] = {}
    exec(found[1], names)
    told: Callable[..., None] = names["verify"]
    return told


async def key(site: Site) -> dict[str, str]:
    answer, body = await site.get("/.well-known/jwks.json")
    assert (answer.status, answer.content_type) == (200, "application/jwk-set+json")
    (jwk,) = json.loads(body)["keys"]
    assert set(jwk) == {"kty", "crv", "x", "kid", "use"}
    return dict(jwk)


@pytest.mark.parametrize("path", SEALED)
@pytest.mark.parametrize("by", [verify, documented()], ids=["library", "documented"])
async def test_whoever_mirrors_an_answer_can_show_that_it_is_ours(
    site: Site, path: str, by: Callable[..., None]
) -> None:
    answer, body = await site.get(path)
    by(body, answer.headers, await key(site))


@pytest.mark.parametrize("by", [verify, documented()], ids=["library", "documented"])
async def test_what_was_changed_on_the_way_is_found_out(site: Site, by: Callable[..., None]) -> None:
    answer, body = await site.get("/api/v1/queues/support/wait")
    other, _ = await site.get("/api/v1/queues/billing/wait")
    jwk, genuine = await key(site), {name: answer.headers[name] for name in HEADERS}
    foreign = Seal(SECRET, lambda: 0.0).headers(body)
    for bad_body, bad in (
        (body.replace(b'"open"', b'"closed"'), genuine),
        (body, {**genuine, "Content-Digest": other.headers["Content-Digest"]}),
        (body, {**genuine, "Signature": other.headers["Signature"]}),
        (body, {**genuine, "Signature-Input": genuine["Signature-Input"].replace("created=1", "created=2")}),
        (body, {**foreign, "Signature-Input": genuine["Signature-Input"]}),
    ):
        with pytest.raises((InvalidSignature, Forged, AssertionError)):
            by(bad_body, bad, jwk)


async def test_a_script_of_another_page_may_read_the_seal(site: Site) -> None:
    answer, _ = await site.get("/api/v1/queues", Origin="https://elsewhere.example")
    assert set(answer.headers["Access-Control-Expose-Headers"].split(", ")) >= HEADERS


async def test_an_answer_that_is_asked_for_again_is_not_signed_again(site: Site) -> None:
    first, _ = await site.get("/api/v1/queues/support/wait")
    site.floor.clock.advance(1)
    again, _ = await site.get("/api/v1/queues/support/wait")
    assert again.headers["Signature"] == first.headers["Signature"]


async def test_caches_may_keep_it_but_not_repack_it(site: Site) -> None:
    path = "/api/v1/queues/support/wait"
    answer, _ = await site.get(path, Accept_Encoding="gzip")
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Cache-Control"].startswith("public, max-age=302, ")
    assert answer.headers["Cache-Control"].endswith(", no-transform")
    again, body = await site.get(path, If_None_Match=answer.headers["ETag"])
    assert (again.status, body) == (304, b"")
    assert again.headers["Signature"] == answer.headers["Signature"]


async def test_all_replicas_have_one_key_and_a_restart_keeps_it(site: Site, store_url: str) -> None:
    async with open_site(store_url) as other:
        assert await key(other) == await key(site)


async def test_a_configured_key_goes_before_the_stores(site: Site, store_url: str) -> None:
    tables = changed("server.signing_key", b64encode(SECRET).decode(), ANY_PORT)
    async with open_site(store_url, tables) as other:
        assert {"keys": [await key(other)]} == Seal(SECRET, lambda: 0.0).jwks() != {"keys": [await key(site)]}


async def test_without_a_store_there_is_a_figure_without_a_seal_until_it_is_back() -> None:
    with servers.valkey(unix=True) as server:
        async with open_site(server.url) as site:
            server.kill()
            answer, _ = await site.get("/.well-known/jwks.json")
            assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
            answer, body = await site.get("/api/v1/queues/support/wait")
            assert answer.status == 200
            assert not HEADERS & set(answer.headers)
            server.start()
            site.floor.clock.advance(10)
            answer, body = await site.get("/api/v1/queues/support/wait")
            verify(body, answer.headers, await key(site))


def test_the_key_is_named_by_its_thumbprint() -> None:
    """The example of https://www.rfc-editor.org/rfc/rfc8037#appendix-A.3"""
    secret = urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    (jwk,) = Seal(secret, lambda: 0.0).jwks()["keys"]
    assert jwk["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert jwk["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
