"""Fold what code uses by name into its text: functions, classes and constants of the same repository.

Static, from syntax trees alone. What counts as used, name by name:

- a function, a class, a constant of the repository: its text, and what it uses by name in turn;
- a name imported from outside of the repository, or a module as a whole: its dotted name, of Airflow's the newest;
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
    """

    target: Unit | str | None
    length: int


_NOTHING = Found(None, 1)
_Expression = tuple[Module, ast.AST, ast.AST]
"""An expression, with the module and the block that it stands in."""


class References:
    """The definitions of a repository, by what uses them; each source is read once."""

    def __init__(self, is_own: Callable[[str], bool], newest: Callable[[str], str] = str) -> None:
        """Prepare.

        Args:
            is_own: tells whether a file belongs to the repository.
            newest: gives a dotted name of what is not the repository's as records have it.
        """
        self._is_own = is_own
        self._newest = newest
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
            if found.target is not None and not self._is_declared(found.target):
                yield ".".join(use.chain[: found.length]), self._named(found.target)
        for imported in unit.imports:
            target = self._imported(unit.module, imported, (), 0).target
            if target is not None and not self._is_declared(target):
                yield "import", self._named(target)
        if isinstance(unit.block, ast.ClassDef) and not _is_static(unit.nodes):
            yield "class", Unit(unit.module, unit.module.around[unit.block], (unit.block,))

    def _named(self, target: Unit | str) -> Unit | str:
        return self._newest(target) if isinstance(target, str) else target

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
        return Found(Unit(module, block, nodes, imports), 1)

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
                return Found(found.target, found.length + taken)
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
        definitions = Unit(unit.module, unit.block, tuple(node for node in unit.nodes if isinstance(node, Definition)))
        return [maker[2] for maker in _makers(definitions) if self._declares([maker])]

    def _is_declared(self, target: Unit | str) -> bool:
        """Tell whether a definition is that of a DAG, a task or a group."""
        if isinstance(target, str):
            return False
        if target not in self._declared:
            self._declared[target] = self._declares(_makers(target))
        return self._declared[target]

    def _declares(self, makers: list[_Expression]) -> bool:
        """Tell whether one of these expressions makes a DAG, a task or a group, or decorates a function as one.

        It does if what it calls does, or is made by what does: `task(f)()`. Written without recursion, as such chains
        may be long.
        """
        rest = list(makers)
        seen: set[Unit] = set()
        while rest:
            module, block, expression = rest.pop()
            names = _called(expression)
            target = self._find(module, block, Use(names)).target if names else None
            if isinstance(target, str) and _is_declaring({*target.split("."), *names[1:]}, target):
                return True
            if isinstance(target, Unit) and target not in seen and self._declared.get(target) is not False:
                seen.add(target)
                classes = (node.name for node in target.nodes if isinstance(node, ast.ClassDef))
                if any(map(_DECLARING.fullmatch, classes)):
                    return True
                rest += _makers(target)
        self._declared.update(dict.fromkeys(seen, False))
        return False


def _makers(unit: Unit) -> list[_Expression]:
    """Return what makes a definition what it is: the decorators of a function, the call that gives a name its value."""
    found: list[ast.AST] = []
    for node in unit.nodes:
        value = getattr(node, "context_expr", getattr(node, "value", None))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found += node.decorator_list
        elif isinstance(value, ast.Call):
            found.append(value)
    return [(unit.module, unit.block, node) for node in found]


def _called(expression: Any) -> Chain:
    """Return the names that lead to what an expression calls: of `a.b(1).c(2)`, a, b and c; none if it is no name."""
    names: list[str] = []
    while isinstance(expression, ast.Call | ast.Attribute):
        if isinstance(expression, ast.Attribute):
            names.append(expression.attr)
        expression = expression.func if isinstance(expression, ast.Call) else expression.value
    return (expression.id, *reversed(names)) if isinstance(expression, ast.Name) else ()


def _is_declaring(names: set[str], path: str) -> bool:
    """Tell whether one of these names declares a DAG, a task or a group, given the path that it was imported by."""
    is_library = path.startswith(("airflow.", "dagserial."))
    return any(map(_DECLARING.fullmatch, names)) or (is_library and not names.isdisjoint(_DECORATORS))


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
