"""The one door out: every request the bot makes goes through this session.

Unless the operator allows it, no connection reaches a loopback, private, link-local or otherwise internal
address. It is the address of the socket that is checked, after name resolution, so neither a clever URL nor a name
server that changes its mind gets around it. Redirects are the adapters' to refuse; none follows them.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import aiohttp

CONNECTIONS = 256


def open_session(*, allow_private: bool) -> aiohttp.ClientSession:
    """A session for outgoing requests. A forbidden address shows as PermissionError inside ClientConnectorError."""
    connector = aiohttp.TCPConnector(
        limit=CONNECTIONS, ttl_dns_cache=60, socket_factory=None if allow_private else _public_socket
    )
    # Answers are never needed whole, and cookies never at all.
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"User-Agent": "Jono"},
    )


def _public_socket(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, sockaddr = address
    if not is_public(str(sockaddr[0])):
        raise PermissionError("the address is not public; set outgoing.allow_private = true to reach it")
    return socket.socket(family, kind, protocol)


def is_public(host: str) -> bool:
    """Whether an IP address is one of the public internet."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if address in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
        return address in _GLOBAL_UNICAST and address.is_global
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as seen through a NAT64: https://www.rfc-editor.org/rfc/rfc6052"""
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All that is given out to the public so far; the rest holds retired ways to write an IPv4 address, too:
https://www.iana.org/assignments/ipv6-address-space"""
