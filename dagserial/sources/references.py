"""Fold what code uses by name into its text: functions, classes and constants of the same repository.

Static, from syntax trees alone. What counts as used, name by name:

- a function, a class, a constant of the repository: its text, and what it uses by name in turn;
- a name imported from outside of the repository, or a module as a whole: its dotted name;
- a DAG, a task or a task group, as the record says elsewhere what they are; arguments, built-ins, annotations: nothing.

Where a definition lies does not count: definitions are numbered in the order in which they are met.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dagserial.sources.modules import Module, Place, module_of, place_of
from dagserial.sources.names import Chain, Definition, Imported, Use, used
from dagserial.sources.syntax import text_of

_DECORATORS = frozenset({"dag", "setup", "task", "task_group", "teardown"})
"""What declares a DAG, a task or a group, in `airflow.decorators`, `airflow.sdk` and `dagserial.authoring`."""
_DECLARING = re.compile(r"DAG|TaskGroup|\w*(Operator|Sensor)(Async)?")
"""Classes whose objects are DAGs, groups and tasks."""
_DEPTH = 64
"""Imports that are followed from one to the next: past that, they go round."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A definition: all that gives one name of one block its value, or one function or class.

    Attributes:
        block: the function, class or module around it.
        imports: where else the name may come from, as in `try: import x` and `except ImportError: x = None`.
    """

    module: Module
    block: ast.AST
    nodes: tuple[ast.AST, ...]
    imports: tuple[Imported, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a chain of names stands for.

    Attributes:
        target: a definition, the dotted name of what is not the repository's, or None for what counts for nothing.
        length: how many names of the chain lead to it.
        is_declared: it is a DAG, a task or a task group.
    """

    target: Unit | str | None
    length: int
    is_declared: bool = False


_NOTHING = Found(None, 1)
_DECLARED = Found(None, 1, is_declared=True)


class References:
    """The definitions of a repository, by what uses them; each source is read once."""

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        """Prepare.

        Args:
            is_own: tells whether a file belongs to the repository.
        """
        self._is_own = is_own
        self._modules: dict[str, Module | None] = {}
        self._places: dict[tuple[Imported, str], Place | None] = {}
        self._digests: dict[Unit, str] = {}
        self._uses: dict[Unit, list[tuple[str, Unit | str]]] = {}
        self._declared: dict[Unit, bool] = {}

    def module(self, path: str) -> Module | None:
        """Return the module of a source file, or None if it cannot be read."""
        if path not in self._modules:
            self._modules[path] = module_of(path)
        return self._modules[path]

    def text(self, unit: Unit) -> bytes:
        """Return a definition with all that it uses, however far away, as text."""
        numbers = {unit: 0}
        rows: list[tuple[str, list[tuple[str, int | str]]]] = []
        for current in (order := [unit]):
            row: list[tuple[str, int | str]] = []
            for name, target in self._used(current):
                if isinstance(target, Unit) and target not in numbers:
                    numbers[target] = len(order)
                    order.append(target)
                row.append((name, numbers[target] if isinstance(target, Unit) else target))
            rows.append((self._digest(current), row))
        return json.dumps(rows, separators=(",", ":")).encode()

    def _digest(self, unit: Unit) -> str:
        if unit not in self._digests:
            text = text_of(unit.nodes, self._declaring(unit))
            self._digests[unit] = hashlib.sha256(text).hexdigest()
        return self._digests[unit]

    def _used(self, unit: Unit) -> list[tuple[str, Unit | str]]:
        """Return what a definition itself uses, by name, sorted by it."""
        if unit not in self._uses:
            found = dict.fromkeys(self._targets(unit))
            self._uses[unit] = list(found)
        return self._uses[unit]

    def _targets(self, unit: Unit) -> Iterator[tuple[str, Unit | str]]:
        for use in used(unit.nodes, self._declaring(unit)):
            found = self._find(unit.module, unit.block, use)
            if found.target is not None:
                yield ".".join(use.chain[: found.length]), found.target
        for imported in unit.imports:
            target = self._imported(unit.module, imported, (), 0).target
            if target is not None:
                yield "import", target
        if isinstance(unit.block, ast.ClassDef) and not _is_static(unit.nodes):
            yield "class", Unit(unit.module, unit.module.around[unit.block], (unit.block,))

    def _find(self, module: Module, block: ast.AST, use: Use) -> Found:
        """Return what a chain stands for that code in a block uses."""
        if use.imports:
            found = self._bound(module, block, list(use.imports), use.chain, 0)
            return found or _NOTHING
        at = module.tree if use.is_global else block
        while at is not module.tree:
            if not isinstance(at, ast.ClassDef) and (own := module.bindings(at).get(use.chain[0])) is not None:
                around = module.around[at]
                if own == [None] and isinstance(around, ast.ClassDef) and use.chain[0] == _first_argument(at):
                    return Found(Unit(module, module.around[around], (around,)), 1)  # self, of the method around
                return self._bound(module, at, own, use.chain, 0) or _NOTHING
            at = module.around[at]
        return self._member(module, use.chain, 0) or _NOTHING

    def _member(self, module: Module, chain: Chain, depth: int) -> Found | None:
        """Return what a chain stands for at the top of a module; None if nothing there has its first name."""
        if depth > _DEPTH:
            return None
        own = module.bindings(module.tree)
        if chain[0] in own:
            return self._bound(module, module.tree, own[chain[0]], chain, depth)
        for star in reversed(own.get("*", [])):
            place = self._place(star, module) if isinstance(star, Imported) else None
            behind = self.module(place.path) if place and place.path else None
            if behind is not None and _exports(behind, chain[0]):
                found = self._member(behind, chain, depth + 1)
                if found is not None:
                    return found
        return None

    def _bound(self, module: Module, block: ast.AST, own: list[Any], chain: Chain, depth: int) -> Found | None:
        """Return what a chain stands for whose first name has these bindings."""
        imports = tuple(binding for binding in own if isinstance(binding, Imported))
        nodes = tuple(dict.fromkeys(binding for binding in own if isinstance(binding, ast.AST)))
        if not nodes:
            return (
                self._imported(module, imports[-1], chain[1:], depth)
                if len(imports) == 1
                else self._many(module, block, imports)
            )
        unit = Unit(module, block, nodes, imports)
        return _DECLARED if self._is_declared(unit) else Found(unit, 1)

    def _many(self, module: Module, block: ast.AST, imports: tuple[Imported, ...]) -> Found:
        """Return a name that one of several imports binds, whichever works."""
        return Found(Unit(module, block, (), imports), 1) if imports else _NOTHING

    def _imported(self, module: Module, imported: Imported, rest: Chain, depth: int) -> Found:
        """Return what an imported name with the attributes behind it stands for."""
        place = self._place(imported, module)
        names = (imported.name, *rest) if imported.name else rest
        taken = 0 if imported.name else 1
        while place is not None and names and depth <= _DEPTH:
            behind = self.module(place.path) if place.path else None
            found = self._member(behind, names, depth + 1) if behind else None
            if found is not None:
                return Found(found.target, found.length + taken, found.is_declared)
            inner = place.within(names[0])
            if inner is None:
                break
            place, names, taken = inner, names[1:], taken + 1
        return Found(_dotted(imported), 1)

    def _place(self, imported: Imported, module: Module) -> Place | None:
        key = (imported, module.path if imported.level else "")
        if key not in self._places:
            self._places[key] = place_of(imported, module.path, self._is_own)
        return self._places[key]

    def _declaring(self, unit: Unit) -> list[ast.AST]:
        """Return the decorators that declare a DAG, a task or a group: their arguments are in the record."""
        nodes = (node for node in unit.nodes if isinstance(node, Definition))
        decorators = (decorator for node in nodes for decorator in node.decorator_list)
        return [decorator for decorator in decorators if self._is_declaration(unit.module, unit.block, decorator)]

    def _is_declared(self, unit: Unit) -> bool:
        """Tell whether a name stands for a DAG, a task or a group."""
        if unit not in self._declared:
            self._declared[unit] = False  # what goes round declares nothing
            self._declared[unit] = any(self._declares(unit, node) for node in unit.nodes)
        return self._declared[unit]

    def _declares(self, unit: Unit, node: ast.AST) -> bool:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return bool(self._declaring(Unit(unit.module, unit.block, (node,))))
        value = getattr(node, "context_expr", getattr(node, "value", None))
        return isinstance(value, ast.Call) and self._is_declaration(unit.module, unit.block, value)

    def _is_declaration(self, module: Module, block: ast.AST, expression: Any) -> bool:
        """Tell whether an expression makes a DAG, a task or a group, or decorates a function as one."""
        names: list[str] = []
        while isinstance(expression, ast.Call | ast.Attribute):
            if isinstance(expression, ast.Attribute):
                names.insert(0, expression.attr)
            expression = expression.func if isinstance(expression, ast.Call) else expression.value
        if not isinstance(expression, ast.Name):
            return False
        found = self._find(module, block, Use((expression.id, *names)))
        if isinstance(found.target, Unit):
            made = found.target.nodes
            return any(isinstance(node, ast.ClassDef) and _DECLARING.fullmatch(node.name) for node in made)
        if found.target is None:
            return found.is_declared
        parts = {*found.target.split("."), *names}
        is_library = found.target.startswith(("airflow.", "dagserial."))
        return any(map(_DECLARING.fullmatch, parts)) or (is_library and bool(parts & _DECORATORS))


def _dotted(imported: Imported) -> str:
    """Return the dotted name of what is imported."""
    whole = imported.module if imported.is_bound_whole else imported.module.partition(".")[0]
    return "." * imported.level + ".".join(filter(None, (whole, imported.name)))


def _exports(module: Module, name: str) -> bool:
    """Tell whether `from module import *` takes a name."""
    listed = module.bindings(module.tree).get("__all__", [])
    literals = [node.value for node in listed if isinstance(node, ast.Assign)]
    names = [part.value for literal in literals for part in ast.walk(literal) if isinstance(part, ast.Constant)]
    return name in names if literals else not name.startswith("_")


def _first_argument(node: Any) -> str | None:
    args = getattr(node, "args", None)
    return next((argument.arg for argument in [*args.posonlyargs, *args.args]), None) if args else None


def _is_static(nodes: tuple[ast.AST, ...]) -> bool:
    """Tell whether a function in a class knows nothing of its class."""
    decorators = (decorator for node in nodes for decorator in getattr(node, "decorator_list", []))
    return any(isinstance(decorator, ast.Name) and decorator.id == "staticmethod" for decorator in decorators)
