"""Where the store is: `store.url` taken apart, or refused in one sentence when it cannot be meant.

It never connects, and nothing it raises holds a password: errors name the URL as `redacted` shows it.
User names and passwords are percent-encoded, as in every URL: https://www.rfc-editor.org/rfc/rfc3986#section-2.1
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

Scheme = Literal["embedded", "redis", "rediss", "unix", "sentinel", "cluster"]

ACCEPTED = (
    "embedded:DIRECTORY, redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss://... (the same over TLS), "
    "unix://[USER:PASSWORD@]/PATH[?db=DATABASE], "
    "sentinel://[USER:PASSWORD@]HOST:PORT,HOST:PORT/NAME[/DATABASE] or cluster://[USER:PASSWORD@]HOST:PORT,HOST:PORT"
)
DEFAULT_PORTS: Mapping[Scheme, int] = {"redis": 6379, "rediss": 6379, "sentinel": 26379, "cluster": 6379}
TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
QUERY: Mapping[Scheme, tuple[str, ...]] = {
    "redis": ("db",),
    "rediss": ("db", *TLS_FILES),
    "unix": ("db",),
    "sentinel": ("db", "tls", "sentinel_username", "sentinel_password", *TLS_FILES),
    "cluster": ("tls", *TLS_FILES),
}


class BadUrl(ValueError):
    """The store's URL is not one that is accepted; the text names those that are."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{redacted(url)}: {reason}; accepted are {ACCEPTED}")


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password, each None where the server asks for none; neither is ever shown."""

    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """A store's URL taken apart.

    `path` is the directory of an embedded store or the socket of a unix one, `service` the name Sentinel
    knows the primary by. `tls` is None without TLS, else the files to use (empty: those of the system).
    """

    scheme: Scheme
    hosts: tuple[tuple[str, int], ...] = ()
    path: Path = Path()
    service: str = ""
    database: int = 0
    login: Login = Login()
    sentinel_login: Login = Login()
    tls: Mapping[str, str] | None = None


def redacted(url: str) -> str:
    """`url` without user names and passwords; never fails, whatever the text is."""
    without_login = re.sub(r"(?<=://).*@", "***@", url, flags=re.DOTALL)
    return re.sub(r"(\w*(?:username|password)=)[^&]*", r"\1***", without_login)


def parse(url: str) -> Address:
    """Take `url` apart. Raises BadUrl."""
    try:
        return _parse(url)
    except ValueError as error:
        # Not chained: the parser's own message may quote a part of the password.
        raise BadUrl(url, _reason(error)) from None


class _Unfit(ValueError):
    """A part of the URL that cannot be meant; the text is safe to show."""


def _reason(error: ValueError) -> str:
    return str(error) if isinstance(error, _Unfit) else "not a well-formed URL"


def _parse(url: str) -> Address:
    parts = urlsplit(url)
    if parts.scheme not in get_args(Scheme):
        raise _Unfit("unknown kind of store")
    scheme = cast(Scheme, parts.scheme)
    if scheme == "embedded":
        return _embedded(url)
    query = _query(scheme, parts.query)
    path = unquote(parts.path)
    login, _, hosts = parts.netloc.rpartition("@")
    service, database = _service(path) if scheme == "sentinel" else ("", path.strip("/"))
    if scheme == "cluster" and database:
        raise _Unfit("a cluster has no numbered databases")
    return Address(
        scheme=scheme,
        hosts=() if scheme == "unix" else _hosts(scheme, hosts),
        path=_socket(parts, hosts) if scheme == "unix" else Path(),
        service=service,
        database=_database(query.get("db") or ("" if scheme == "unix" else database)),
        login=_login(login),
        sentinel_login=Login(query.get("sentinel_username"), query.get("sentinel_password")),
        tls=_tls(scheme, query),
    )


def _embedded(url: str) -> Address:
    directory = url.partition(":")[2]
    if not directory or directory.startswith("//"):
        raise _Unfit("the embedded store wants a directory, as in embedded:./data")
    return Address("embedded", path=Path(directory).expanduser())


def _query(scheme: Scheme, text: str) -> dict[str, str]:
    query = dict(parse_qsl(text, strict_parsing=True)) if text else {}
    if unknown := sorted(query.keys() - set(QUERY[scheme])):
        raise _Unfit(f"unknown setting {unknown[0]} (known: {', '.join(QUERY[scheme])})")
    return query


def _service(path: str) -> tuple[str, str]:
    service, _, database = path.strip("/").partition("/")
    if not service:
        raise _Unfit("the name Sentinel knows the primary by is missing")
    return service, database


def _hosts(scheme: Scheme, text: str) -> tuple[tuple[str, int], ...]:
    texts = text.split(",")
    if len(texts) > 1 and scheme in ("redis", "rediss"):
        raise _Unfit("one host only; several are for sentinel:// and cluster://")
    hosts = [(part.hostname, part.port) for part in (urlsplit(f"//{one}") for one in texts)]
    if any(name is None for name, _ in hosts):
        raise _Unfit("a host is missing")
    return tuple((str(name), port or DEFAULT_PORTS[scheme]) for name, port in hosts)


def _socket(parts: SplitResult, host: str) -> Path:
    path = unquote(parts.path)
    if host or not path.startswith("/"):
        raise _Unfit("the socket's path must be absolute, as in unix:///run/valkey/valkey.sock")
    return Path(path)


def _database(text: str) -> int:
    if text and not text.isdecimal():
        raise _Unfit("the database must be a number")
    return int(text or 0)


def _login(text: str) -> Login:
    username, _, password = text.partition(":")
    return Login(unquote(username) or None, unquote(password) or None)


def _tls(scheme: Scheme, query: Mapping[str, str]) -> Mapping[str, str] | None:
    if query.get("tls", "no") not in ("yes", "no"):
        raise _Unfit("tls must be yes or no")
    if scheme != "rediss" and query.get("tls", "no") == "no":
        return None
    return {name: query[name] for name in TLS_FILES if name in query}
