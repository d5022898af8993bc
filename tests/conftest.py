"""What all tests may ask for. `store_url` is a real, empty store; `--stores` says of which kinds.

    pytest --stores=valkey,redis,cluster      or      JONO_TEST_STORES=valkey,redis,cluster pytest

Without it every test runs on the Valkey that Jono embeds. A kind the machine lacks is skipped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from hypothesis import settings

from tests.fakes import servers

# How long an example takes is for benchmarks to judge: machines are slow now and then.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")

Store = servers.Server | servers.Cluster
STORES: dict[str, Callable[[], AbstractContextManager[Store]]] = {
    "valkey": lambda: servers.valkey(unix=True),
    "redis": servers.debian_redis,
    "cluster": servers.cluster,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stores",
        default=os.environ.get("JONO_TEST_STORES", "valkey"),
        help=f"comma-separated kinds of store to test on: {', '.join(STORES)}",
    )
    parser.addoption(
        "--pictures", action="store_true", help="keep pictures of the pages that browser tests open"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "store_servers" in metafunc.fixturenames:
        kinds = metafunc.config.getoption("--stores").split(",")
        if unknown := set(kinds) - set(STORES):
            raise pytest.UsageError(f"--stores: {', '.join(sorted(unknown))} is none of {', '.join(STORES)}")
        metafunc.parametrize("store_servers", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def store_servers(request: pytest.FixtureRequest) -> Iterator[Store]:
    """The servers themselves, one set for the whole run."""
    if request.param == "redis" and servers.DEBIAN_REDIS is None:
        pytest.skip("no redis-server on PATH")
    with STORES[request.param]() as running:
        yield running


@pytest.fixture
def store_url(store_servers: Store) -> str:
    """The URL of an empty store. Functions loaded by earlier tests stay; they hold no data."""
    for server in store_servers.primaries if isinstance(store_servers, servers.Cluster) else [store_servers]:
        server.call("FLUSHALL")
    return store_servers.url
