"""Web addresses in the configuration: where we listen, where others reach us, and where customers do.

Answers whether an address can be meant at all; whether it is free or reachable shows when it is used.
"""

from __future__ import annotations

from ipaddress import IPv6Address
from urllib.parse import urlsplit

_LISTEN = 'is not an address to listen on; write "host:port", an IPv6 host in brackets: "[::1]:8080"'
_PUBLIC = 'is not a base address; write it like "https://wait.example.com", without a login or a query'

_CONTACT = 'is no contact; write it like "https://t.me/acme", "mailto:help@acme.example" or "tel:+358..."'


def split_listen(listen: str) -> tuple[str, int]:
    """Host (an IPv6 one without its brackets) and port of "host:port". Raises ValueError."""
    host, _, port = listen.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise ValueError(_LISTEN)
    if host.startswith("[") and host.endswith("]"):
        return _ipv6(host[1:-1]), int(port)
    if not host or ":" in host or host.split() != [host]:
        raise ValueError(_LISTEN)
    return host, int(port)


def _ipv6(host: str) -> str:
    try:
        IPv6Address(host)
    except ValueError:
        raise ValueError(_LISTEN) from None
    return host


def listen_address(listen: str) -> str:
    """The address as written, if `split_listen` takes it. Raises ValueError."""
    split_listen(listen)
    return listen


def contact_address(address: str) -> str:
    """An address that a page may link to, as written; empty stays empty. Raises ValueError."""
    scheme, _, rest = address.partition(":")
    plain = address.isprintable() and address.split() == [address]
    fits = (scheme in ("https", "http") and _is_link(address)) or (scheme in ("mailto", "tel") and rest)
    if address and not (plain and fits):
        raise ValueError(_CONTACT)
    return address


def _is_link(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname) and "@" not in urlsplit(url).netloc
    except ValueError:
        return False


def public_address(url: str) -> str:
    """A base address without its last slash; empty stays empty. Raises ValueError."""
    if url and not _is_base(url):
        raise ValueError(_PUBLIC)
    return url.rstrip("/")


def _is_base(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc) and url.split() == [url]
    return parts.scheme in ("http", "https") and bool(host) and port != 0 and plain
