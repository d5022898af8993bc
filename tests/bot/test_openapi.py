"""The description of the HTTP surface: every public route is in it, and the running bot behaves as it says.

Chat and desk describe themselves: their routes belong to their own pages, not to other programs.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from bot.web.api import description
from tests.fakes import servers
from tests.fakes.site import Site, open_site, publish
from tests.waiting import WITHIN_S

DESCRIBED: dict[str, Any] = json.loads(description().body)
OF_THEIR_OWN = ("/chat/", "/desk")
ENDLESS = "/events"
EXAMPLES_EACH = 25


@pytest.fixture
async def site(store_url: str) -> AsyncIterator[Site]:
    async with open_site(store_url) as running:
        await publish(running.floor)
        yield running


# --- the routes ----------------------------------------------------------------------------------------------


async def test_every_public_route_is_described_and_no_other(site: Site) -> None:
    served = set()
    for route in site.floor.parts.web.application().router.routes():
        assert route.resource is not None
        path = re.sub(r"^/hooks/\w+$", "/hooks/{channel}", route.resource.canonical)
        if route.method != "HEAD" and not path.startswith(OF_THEIR_OWN):
            served.add((path, route.method))
    described = {
        (path, method.upper()) for path, operations in DESCRIBED["paths"].items() for method in operations
    }
    assert described == served


async def test_it_is_served(site: Site) -> None:
    assert await site.json("/openapi.json") == DESCRIBED


async def test_the_stream_is_as_described(site: Site) -> None:
    answers = DESCRIBED["paths"][ENDLESS]["get"]["responses"]
    for query, status in (("", 200), ("?queue=support", 200), ("?queue=nowhere", 404)):
        async with site.http.get(f"{site.address}{ENDLESS}{query}") as answer:
            assert answer.status == status
            assert answer.content_type in answers[str(status)].get("content", {"application/json": {}})


# --- the answers ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A running bot in a thread of its own: whoever asks it here waits for its answers."""
    loop, found, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    addresses: list[str] = []

    async def serve(store_url: str) -> None:
        async with open_site(store_url) as site:
            await publish(site.floor)
            addresses.append(site.address)
            found.set()
            await done.wait()

    with servers.valkey(unix=True) as server:
        thread = threading.Thread(target=loop.run_until_complete, args=(serve(server.url),))
        thread.start()
        assert found.wait(WITHIN_S)
        yield addresses[0]
        loop.call_soon_threadsafe(done.set)
        thread.join(WITHIN_S)
    loop.close()


def with_known_names() -> dict[str, Any]:
    """The description, with this bot's own queues and channels among the names that are tried."""
    known: dict[str, Any] = json.loads(json.dumps(DESCRIBED))
    known["components"]["parameters"]["queue"]["schema"] = {
        "anyOf": [{"enum": ["support", "billing"]}, {"$ref": "#/components/schemas/Name"}]
    }
    channel = known["paths"]["/hooks/{channel}"]["post"]["parameters"][0]
    channel["schema"] = {"anyOf": [{"enum": ["shop", "bank"]}, {"$ref": "#/components/schemas/Name"}]}
    return known


SCHEMA = schemathesis.openapi.from_dict(with_known_names()).exclude(path=ENDLESS)


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES_EACH, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case: Any, address: str) -> None:
    case.call_and_validate(base_url=address)
