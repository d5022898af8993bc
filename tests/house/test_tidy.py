"""Rules of style that a reader feels: sizes, one clock, no broad except, no trace of where it was written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.source import Module, imports, modules, texts, within

MODULE_LINES = 400
FUNCTION_LINES = 70
HEAD_LINES = 12

LONGER = {"bot/rules.py": 440, "bot/store/store.py": 450}
"""What is one table of small parts reads better whole: all decisions of a case, all calls of the store."""

CLOCK = "bot/clock.py"
TIME_OR_CHANCE = ("time", "random", "secrets", "uuid")
READS_TIME = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|os\.urandom|uuid\.uuid[14])\(")

CATCHES_ALL = {
    "bot/supervise.py": "the supervisor: what a task dies of is logged, and the bot lives on",
    "bot/store/batch.py": "whoever waits for a batch is told what it died of, whatever that is",
}

# In parts, so that this file names none either.
REGISTRIES = re.compile(
    r"(py(pi|thonhosted)|npm(js)|anaconda)[.]org|(docker|ghcr|quay|gcr)[.]io|index[-_]url"
)
LOCAL_PATHS = re.compile(r"(?<![\w.*)\]])/(work|home|root|Users)/\w")


def by_name(module: Module) -> str:
    return module.path


ALL = modules()
EVERYWHERE = modules("adapters", "bot", "status", "tests", "benchmarks")


# --- sizes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ALL, ids=by_name)
def test_a_module_can_be_read_in_one_sitting(module: Module) -> None:
    assert len(module.text.splitlines()) <= LONGER.get(module.path, MODULE_LINES)


@pytest.mark.parametrize("module", EVERYWHERE, ids=by_name)
def test_a_function_fits_on_a_screen(module: Module) -> None:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or node.lineno) - node.lineno < FUNCTION_LINES, node.name


@pytest.mark.parametrize("module", [module for module in EVERYWHERE if module.text], ids=by_name)
def test_a_module_opens_with_what_it_answers(module: Module) -> None:
    """The head of a package may be longer: it is the contents page."""
    head = ast.get_docstring(module.tree)
    assert head, "no docstring"
    assert module.path.endswith("__init__.py") or len(head.splitlines()) <= HEAD_LINES


Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public(body: list[ast.stmt]) -> Iterator[Named]:
    """What a module offers to others: its functions and classes, and the methods of those."""
    for node in body:
        if isinstance(node, Named) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


@pytest.mark.parametrize("module", ALL, ids=by_name)
def test_what_others_may_use_says_what_it_is(module: Module) -> None:
    assert not [node.name for node in public(module.tree.body) if not ast.get_docstring(node)]


# --- one clock, one supervisor -----------------------------------------------------------------------------


def reads_time_or_chance(module: Module) -> set[str]:
    imported = {name for name in imports(module.tree) if within(name, *TIME_OR_CHANCE)}
    return imported | {match[0] for match in READS_TIME.finditer(module.text)}


def test_time_and_chance_are_read_in_one_place() -> None:
    found = {module.path: what for module in ALL if (what := reads_time_or_chance(module))}
    assert found.pop(CLOCK)
    assert found == {}


def broad_handlers(tree: ast.Module) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {one.id for one in caught if isinstance(one, ast.Name)}
            if node.type is None or names & {"Exception", "BaseException"}:
                yield node


def test_only_the_supervisor_catches_everything() -> None:
    assert {module.path for module in ALL if any(broad_handlers(module.tree))} == set(CATCHES_ALL)


@pytest.mark.parametrize("module", ALL, ids=by_name)
def test_nothing_is_suppressed_wholesale(module: Module) -> None:
    assert not re.search(r"suppress\((Base)?Exception\)", module.text)


# --- no traces ---------------------------------------------------------------------------------------------


def test_no_file_names_a_package_registry() -> None:
    assert not [path for path, text in texts() if REGISTRIES.search(text)]


def test_no_file_knows_where_it_was_written() -> None:
    assert not [path for path, text in texts() if LOCAL_PATHS.search(text)]


def test_a_case_is_always_called_a_case() -> None:
    """Tests may name the other words, to see that nobody says them."""
    written = [(path, text) for path, text in texts() if not path.startswith("tests/")]
    assert not [path for path, text in written if re.search(r"\btickets?\b", text, re.IGNORECASE)]
