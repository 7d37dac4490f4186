"""Read the source of modules, and find them, without importing anything."""

from __future__ import annotations

import ast
import functools
import linecache
import os
import sys
import types
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dagserial.sources.bindings import Binding, bindings
from dagserial.sources.names import Comprehension, Function, Imported

_Position = tuple[int, int]


class Module:
    """The syntax tree of one source, and where in it things are.

    Attributes:
        around: the function, class or comprehension around each of these; the module's tree at the top.
        classes: every class by its qualified name.
        functions: every function by the line its code object starts at: that of the first decorator.
    """

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.path = path
        self.tree = tree
        self.around: dict[ast.AST, ast.AST] = {}
        self.classes: dict[str, list[ast.ClassDef]] = {}
        self.functions: dict[int, list[Any]] = {}
        self._bindings: dict[ast.AST, dict[str, list[Binding]]] = {}
        rest: list[tuple[ast.AST, ast.AST, str]] = [(tree, tree, "")]
        while rest:
            node, block, prefix = rest.pop()
            if isinstance(node, Function | ast.ClassDef | Comprehension):
                self.around[node] = block
                block, prefix = node, self._placed(node, prefix)
            rest += ((child, block, prefix) for child in ast.iter_child_nodes(node))

    def _placed(self, node: Any, prefix: str) -> str:
        """Note where a definition is, and return how the qualified names of what is in it begin."""
        if isinstance(node, ast.ClassDef):
            self.classes.setdefault(prefix + node.name, []).append(node)
            return f"{prefix}{node.name}."
        if isinstance(node, Comprehension):
            return prefix
        decorators = getattr(node, "decorator_list", [])
        line = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        self.functions.setdefault(line, []).append(node)
        return f"{prefix}{getattr(node, 'name', '<lambda>')}.<locals>."

    def bindings(self, block: ast.AST) -> dict[str, list[Binding]]:
        """Return what the names of a block stand for."""
        if block not in self._bindings:
            self._bindings[block] = bindings(block)
        return self._bindings[block]

    def function(self, code: types.CodeType) -> ast.AST | None:
        """Return the node of a code object: found by first line, and for lambdas on one line by column."""
        candidates = self.functions.get(code.co_firstlineno, [])
        named = [node for node in candidates if getattr(node, "name", "<lambda>") == code.co_name]
        if len(named) < 2 or not hasattr(code, "co_positions"):  # which Python 3.10 has not
            return named[0] if len(named) == 1 else None
        # What precedes the body, if it has a place at all, is said to be at the start of the line.
        places = [(line, column) for line, _, column, _ in code.co_positions() if line and column is not None]
        first = min((place for place in places if place != (code.co_firstlineno, 0)), default=(0, 0))
        around = [node for node in named if _body(node)[0] <= first <= _body(node)[1]]
        return max(around, key=_body, default=None)

    def class_(self, name: str, lines: Sequence[int]) -> ast.ClassDef | None:
        """Return the node of a class by its qualified name, and by lines of its methods if the name stands twice."""
        named = self.classes.get(name, [])
        holding = [node for node in named if any(node.lineno <= line <= (node.end_lineno or 0) for line in lines)]
        return max(holding or named, key=lambda node: node.lineno, default=None)


def _body(node: Any) -> tuple[_Position, _Position]:
    """Return where a function's body starts and ends."""
    first, last = (node.body, node.body) if isinstance(node, ast.Lambda) else (node.body[0], node.body[-1])
    return (first.lineno, first.col_offset), (last.end_lineno or 0, last.end_col_offset or 0)


def module_of(path: str) -> Module | None:
    """Return the module of a source file, or None if it cannot be read; each content is parsed once a process."""
    linecache.checkcache(path)
    return _parsed(path, "".join(linecache.getlines(path)))


@functools.lru_cache(maxsize=1024)
def _parsed(path: str, source: str) -> Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of the author's source are not ours to show
            return Module(path, ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module lies.

    Attributes:
        name: its dotted name, as the import wrote it.
        path: its source; None for a folder without `__init__.py`.
        folders: where its submodules lie.
    """

    name: str
    path: str | None
    folders: tuple[str, ...] = ()

    def within(self, name: str) -> Place | None:
        """Return the place of a submodule."""
        return _in_folders(f"{self.name}.{name}", name, self.folders)


def place_of(imported: Imported, path: str, is_own: Callable[[str], bool]) -> Place | None:
    """Return where the module that an import names lies; None if it is none of the repository's.

    Modules that are loaded are where they were loaded from, others are looked up along `sys.path`.

    Args:
        path: the file with the import.
        is_own: tells whether a file belongs to the repository.
    """
    if imported.level:
        place = _relative(imported, path)
    else:
        name = imported.module if imported.is_bound_whole else imported.module.partition(".")[0]
        place = _absolute(name, is_own)
    return place if place is not None and (place.path is None or is_own(place.path)) else None


def _relative(imported: Imported, path: str) -> Place | None:
    folder = os.path.dirname(path)
    for _ in range(imported.level - 1):
        folder = os.path.dirname(folder)
    place: Place | None = _package("." * imported.level, folder)
    for name in filter(None, imported.module.split(".")):
        place = place.within(name) if place else None
    return place


def _absolute(name: str, is_own: Callable[[str], bool]) -> Place | None:
    parent, _, last = name.rpartition(".")
    if not parent and name in sys.stdlib_module_names:
        return None
    loaded: Any = sys.modules.get(name)
    if loaded is not None:
        if not isinstance(loaded, types.ModuleType):
            return None
        path = getattr(loaded, "__file__", None)
        folders = tuple(map(str, getattr(loaded, "__path__", ())))
        if isinstance(path, str):
            return Place(name, os.path.abspath(path), folders)
        folders = tuple(folder for folder in folders if is_own(os.path.join(os.path.abspath(folder), name)))
        return Place(name, None, folders) if folders else None
    if parent:
        package = _absolute(parent, is_own)
        return package.within(last) if package else None
    searched = map(os.path.abspath, sys.path)
    return _in_folders(name, name, [folder for folder in searched if is_own(os.path.join(folder, name))])


def _in_folders(name: str, last: str, folders: Sequence[str]) -> Place | None:
    """Find a module as Python does: packages, then files, and folders without `__init__.py` behind all others."""
    loose = None
    for folder in folders:
        path = os.path.join(folder, last)
        if os.path.isfile(f"{path}/__init__.py"):
            return _package(name, path)
        if os.path.isfile(f"{path}.py"):
            return Place(name, f"{path}.py")
        if loose is None and os.path.isdir(path):
            loose = _package(name, path)
    return loose


def _package(name: str, folder: str) -> Place:
    path = os.path.join(folder, "__init__.py")
    return Place(name, path if os.path.isfile(path) else None, (folder,))
