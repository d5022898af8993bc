"""Who may know whom: status nobody, adapters their contract, rules what is pure; one place speaks Redis."""

from __future__ import annotations

import ast

import pytest

from tests.house.source import Module, imports, modules, standard, within

CONTRACT = [module for module in modules("adapters") if within(module.name, "adapters.base")]
ADAPTERS = [module for module in modules("adapters") if module not in CONTRACT and module.name != "adapters"]
TRANSPORTS = {"telegram": {"httpx"}, "discord": {"yarl"}}
"""What a platform's library sends through, where it asks for its types or only its errors tell what was sent."""

PURE = {
    "__future__",
    "bisect",
    "collections",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "heapq",
    "itertools",
    "math",
    "operator",
    "re",
    "statistics",
    "typing",
    "zoneinfo",
}
"""What `status` may take from Python itself: nothing that reads a clock, chance, a file or a socket."""


def by_name(module: Module) -> str:
    return module.path


def one(name: str) -> Module:
    return next(module for module in modules() if module.name == name)


@pytest.mark.parametrize("module", modules("status"), ids=by_name)
def test_status_knows_only_itself_and_pure_parts_of_python(module: Module) -> None:
    for name in imports(module.tree):
        assert within(name, "status") or name.partition(".")[0] in PURE, name


@pytest.mark.parametrize("module", modules("status"), ids=by_name)
def test_status_neither_waits_nor_reads_nor_prints(module: Module) -> None:
    for node in ast.walk(module.tree):
        assert not isinstance(node, ast.Await | ast.AsyncFunctionDef), f"line {node.lineno}: waits"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("open", "print", "input"), f"line {node.lineno}: {node.func.id}"


@pytest.mark.parametrize("module", ADAPTERS, ids=by_name)
def test_an_adapter_knows_its_contract_and_one_platform(module: Module) -> None:
    others = {name for name in imports(module.tree) if not within(name, "adapters.base", "aiohttp")}
    own = ".".join(module.name.split(".")[:2])
    foreign = {name.partition(".")[0] for name in others if not standard(name) and not within(name, own)}
    for library in foreign & TRANSPORTS.keys():
        foreign = foreign - TRANSPORTS[library]
    assert foreign.isdisjoint({"adapters", "bot", "status", "redis", "valkey"}), foreign
    assert len(foreign) <= 1, f"more than one platform: {foreign}"


@pytest.mark.parametrize("module", CONTRACT, ids=by_name)
def test_the_contract_of_adapters_needs_nothing_but_python(module: Module) -> None:
    """But for the one HTTP client that all are lent. Names for type checkers are no need: they are imported in a block
    that never runs."""
    running = [node for node in module.tree.body if not isinstance(node, ast.If)]
    lent = {"aiohttp"} if module.name == "adapters.base.calling" else set()
    others = {name for name in imports(ast.Module(running, [])) if not within(name, "adapters.base")}
    assert all(standard(name) or name in lent for name in others), others


def test_the_rules_know_only_what_they_decide_on() -> None:
    for name in imports(one("bot.rules").tree):
        allowed = within(name, "status", "adapters.base", "bot.bodies", "bot.case", "bot.events")
        assert standard(name) or allowed, name


def test_the_rules_never_wait() -> None:
    nodes = list(ast.walk(one("bot.rules").tree))
    assert not [node for node in nodes if isinstance(node, ast.Await | ast.AsyncFunctionDef)]


def test_redis_is_spoken_in_one_place() -> None:
    speakers = {
        module.path for module in modules() if any(within(n, "redis", "valkey") for n in imports(module.tree))
    }
    assert speakers
    assert all(path.startswith("bot/store/") for path in speakers), speakers
