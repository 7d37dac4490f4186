"""Find what each name of one block stands for: the statements that bind it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from dagserial.sources.names import Comprehension, Function, Imported, arguments, imports_of

Binding = ast.AST | Imported | None
"""A definition, a statement or an import; None for what only running the code could tell, as an argument."""


def bindings(block: ast.AST) -> dict[str, list[Binding]]:
    """Return the names that a module, function, class or comprehension binds, with all that binds each, in order."""
    found: dict[str, list[Binding]] = {}
    hidden: set[str] = set()
    rest: list[Any] = list(reversed(_inside(block)))
    if isinstance(block, Function):
        found.update({name: [None] for name in arguments(block)})
    if isinstance(block, Comprehension):
        found.update({name: [None] for part in block.generators for name in _targets(part.target)})
    while rest:
        node = rest.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            hidden.update(node.names)
        for name, binding in _bound(node):
            found.setdefault(name, []).append(binding)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            rest += reversed(list(ast.iter_child_nodes(node)))
    return {name: kept for name, kept in found.items() if name not in hidden}


def _inside(block: Any) -> list[ast.AST]:
    if isinstance(block, Comprehension):
        return []
    return block.body if isinstance(block.body, list) else [block.body]


def _bound(node: Any) -> Iterator[tuple[str, Binding]]:
    """Iterate over the names that a node itself binds."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name, node
        case ast.Import() | ast.ImportFrom():
            yield from imports_of(node)
        case ast.Assign():
            yield from ((name, node) for target in node.targets for name in _targets(target))
        case ast.AnnAssign(value=ast.expr()) | ast.AugAssign():
            yield from ((name, node) for name in _targets(node.target))
        case ast.NamedExpr():
            yield node.target.id, node
        case ast.For() | ast.AsyncFor():
            yield from ((name, part) for name in _targets(node.target) for part in (node.target, node.iter))
        case ast.withitem(optional_vars=ast.expr() as target):
            yield from ((name, node) for name in _targets(target))
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name, None
        case ast.MatchMapping(rest=str(name)):
            yield name, None


def _targets(target: Any) -> Iterator[str]:
    """Iterate over the names that an assignment gives a value to, `x["key"] = 1` giving one to x."""
    while isinstance(target, ast.Subscript | ast.Starred):
        target = target.value
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _targets(element)
