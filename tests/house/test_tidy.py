"""Rules of style that a reader feels: sizes, one clock, no broad except, no trace of where it was written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

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


ALL = modules()
EVERYWHERE = modules("adapters", "bot", "status", "tests", "benchmarks")


# --- sizes -------------------------------------------------------------------------------------------------


def test_a_module_can_be_read_in_one_sitting() -> None:
    lines = {module.path: len(module.text.splitlines()) for module in ALL}
    assert {path: count for path, count in lines.items() if count > LONGER.get(path, MODULE_LINES)} == {}


def test_a_function_fits_on_a_screen() -> None:
    assert [f"{module.path}: {name}" for module in EVERYWHERE for name in long_functions(module)] == []


def long_functions(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if (node.end_lineno or node.lineno) - node.lineno >= FUNCTION_LINES:
            yield node.name


def test_a_module_opens_with_what_it_answers() -> None:
    """The head of a package may be longer: it is the contents page."""
    heads = {module.path: ast.get_docstring(module.tree) for module in EVERYWHERE if module.text}
    assert [path for path, head in heads.items() if not head] == []
    told = {path: len(head.splitlines()) for path, head in heads.items() if head}
    longer = {path: count for path, count in told.items() if count > HEAD_LINES}
    assert [path for path in longer if not path.endswith("__init__.py")] == []


Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public(body: list[ast.stmt]) -> Iterator[Named]:
    """What a module offers to others: its functions and classes, and the methods of those."""
    for node in body:
        if isinstance(node, Named) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def test_what_others_may_use_says_what_it_is() -> None:
    offered = [(module.path, node) for module in ALL for node in public(module.tree.body)]
    assert [f"{path}: {node.name}" for path, node in offered if not ast.get_docstring(node)] == []


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


def test_nothing_is_suppressed_wholesale() -> None:
    assert [module.path for module in ALL if re.search(r"suppress\((Base)?Exception\)", module.text)] == []


# --- no traces ---------------------------------------------------------------------------------------------


def test_no_file_names_a_package_registry() -> None:
    assert not [path for path, text in texts() if REGISTRIES.search(text)]


def test_no_file_knows_where_it_was_written() -> None:
    assert not [path for path, text in texts() if LOCAL_PATHS.search(text)]


def test_a_case_is_always_called_a_case() -> None:
    """Tests may name the other words, to see that nobody says them."""
    written = [(path, text) for path, text in texts() if not path.startswith("tests/")]
    assert not [path for path, text in written if re.search(r"\btickets?\b", text, re.IGNORECASE)]
