"""The one door out: nothing inside the house is reached through it, whatever an address is dressed as."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from bot.fetch import is_public, open_session


@dataclass
class Trap:
    """A server on loopback that nobody should reach."""

    port: int
    requests: list[str] = field(default_factory=list)


@pytest.fixture
async def trap() -> AsyncIterator[Trap]:
    caught = Trap(0)

    async def catch(request: web.Request) -> web.Response:
        caught.requests.append(request.path)
        if request.path == "/redirect":
            raise web.HTTPFound(f"http://127.0.0.1:{caught.port}/inside")
        return web.Response(text="caught")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", catch)
    async with TestServer(app) as server:
        assert server.port is not None
        caught.port = server.port
        yield caught


HOSTS = [
    "127.0.0.1",
    "localhost",
    "127.1",
    "2130706433",
    "0177.0.0.1",
    "0x7f000001",
    "0x7f.1",
    "0.0.0.0",
    "0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:0:0:1]",
    "127.0.0.1.",
    "user:secret@127.0.0.1",
]


@pytest.mark.parametrize("host", HOSTS)
async def test_loopback_is_out_of_reach_under_every_name(trap: Trap, host: str) -> None:
    async with open_session(allow_private=False) as session:
        with pytest.raises((aiohttp.ClientError, ValueError)) as caught:
            await session.get(f"http://{host}:{trap.port}/", allow_redirects=False)
    assert trap.requests == []
    if isinstance(caught.value, aiohttp.ClientConnectorError):
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_the_operator_is_told_the_setting(trap: Trap, host: str) -> None:
    async with open_session(allow_private=False) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"http://{host}:{trap.port}/")
    assert isinstance(caught.value.os_error, PermissionError)
    assert "outgoing.allow_private" in str(caught.value.os_error)


async def test_the_operator_may_allow_it(trap: Trap) -> None:
    async with (
        open_session(allow_private=True) as session,
        session.get(f"http://127.0.0.1:{trap.port}/") as answer,
    ):
        assert await answer.text() == "caught"


async def test_cookies_are_not_kept(trap: Trap) -> None:
    async with open_session(allow_private=True) as session:
        assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)


INSIDE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::10.0.0.1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2001:0:7f00:1:0:0:80ff:fffe",
    "2001:db8::1",
    "100::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
]
"""One of each block of https://www.iana.org/assignments/iana-ipv4-special-registry and its IPv6 sister that leads
inside, clouds' metadata addresses, and the ways to write an IPv4 address into an IPv6 one."""


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_that_lead_inside(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450::1", "64:ff9b::101:101"],
)
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)


@given(st.text(max_size=40))
def test_what_is_no_address_is_not_public(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        assert not is_public(text)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_is_judged_as_itself(address: ipaddress.IPv4Address) -> None:
    for clothed in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_public(clothed) is is_public(str(address))
