"""The repository as the rules of the house read it: its files, their syntax trees, and what they import."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "bot", "status")
FOLDERS = (*PACKAGES, "tests", "benchmarks", "docs", "deploy", ".ci")


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file; `path` counts from the repository's root, `name` is what imports it."""

    path: str
    name: str
    text: str = field(repr=False)

    @property
    def tree(self) -> ast.Module:
        """Its syntax, read anew each time: to keep that of all files costs every process of a test run seconds."""
        return ast.parse(self.text, self.path)


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """All modules below these folders (default: those of the product)."""
    files = (file for folder in folders or PACKAGES for file in sorted((ROOT / folder).rglob("*.py")))
    return tuple(_module(file) for file in files)


def _module(file: Path) -> Module:
    path, text = file.relative_to(ROOT), file.read_text("utf-8")
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    return Module(path.as_posix(), name, text)


def texts() -> Iterator[tuple[str, str]]:
    """Path and text of every file that is written by hand."""
    files = [file for file in ROOT.iterdir() if file.is_file()]
    files += [file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.is_file()]
    for file in files:
        if "__pycache__" not in file.parts and file.suffix not in (".png", ".gz", ".mo"):
            yield file.relative_to(ROOT).as_posix(), file.read_text("utf-8")


def imports(tree: ast.AST) -> Iterator[str]:
    """What is imported anywhere in a tree, in full: `from a import b` gives `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of these packages or stands below one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def standard(name: str) -> bool:
    """Whether a dotted name belongs to Python's standard library."""
    return name.partition(".")[0] in sys.stdlib_module_names
