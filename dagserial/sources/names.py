"""Find the names that code uses and the names that it binds, by Python's rules of scope."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Chain = tuple[str, ...]
"""A name and the attributes behind it: `c.f` is `("c", "f")`."""
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Imported:
    """What one name of an import statement stands for.

    Attributes:
        module: dotted name as written; empty for `from . import x`.
        name: what is taken from the module; None if the module itself is.
        level: dots before it, of a relative import.
        is_bound_whole: `import a.b as c` binds `a.b`, `import a.b` binds `a`.
    """

    module: str
    name: str | None = None
    level: int = 0
    is_bound_whole: bool = True


@dataclass(frozen=True, slots=True)
class Use:
    """A name that code uses and does not bind itself.

    Attributes:
        imports: where it comes from, if the code imports it itself.
        is_global: the code declares it so; the functions around it do not matter.
    """

    chain: Chain
    imports: tuple[Imported, ...] = ()
    is_global: bool = False


class _Scope:
    """What one block binds and uses."""

    def __init__(self, kind: str, parent: _Scope | None) -> None:
        self.kind = kind
        self.parent = parent
        self.bound: set[str] = set()
        self.imports: dict[str, list[Imported]] = {}
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.uses: set[Chain] = set()


_Step = tuple[Any, _Scope]


def used(nodes: Iterable[ast.AST], left_out: Collection[ast.AST] = ()) -> list[Use]:
    """Return the names that code uses from around it, each once, sorted. Annotations use nothing.

    Args:
        left_out: decorators that do not count.
    """
    top = _Scope("top", None)
    scopes = [top]
    rest: list[_Step] = [(node, top) for node in nodes]
    while rest:
        node, scope = rest.pop()
        if node in left_out:
            continue
        steps = _visited(node, scope)
        rest += steps
        scopes += {id(inner): inner for _, inner in steps if inner is not scope and inner.parent is scope}.values()
    found = {use for scope in scopes for chain in scope.uses if (use := _free(chain, scope, top)) is not None}
    return sorted(found, key=lambda use: (use.chain, use.is_global, [repr(imported) for imported in use.imports]))


def _free(chain: Chain, scope: _Scope, top: _Scope) -> Use | None:
    """Return a chain if the name it begins with is bound nowhere inside; None if it is a local one."""
    name = chain[0]
    at: _Scope | None = scope
    while at is not None and at is not top:
        if name in at.globals:
            return Use(chain, is_global=True)
        is_seen = at is scope or at.kind != "class"
        if is_seen and name not in at.nonlocals:
            if name in at.imports:
                return Use(chain, tuple(at.imports[name]))
            if name in at.bound:
                return None
        at = at.parent
    return Use(chain)


def _visited(node: Any, scope: _Scope) -> list[_Step]:
    """Note what a node binds and uses, and return what is inside of it, each with its scope."""
    visit = _VISITS.get(type(node))
    if visit is not None:
        return visit(node, scope)
    return [(child, scope) for child in ast.iter_child_nodes(node)]


def _name(node: ast.Name, scope: _Scope) -> list[_Step]:
    if isinstance(node.ctx, ast.Load):
        scope.uses.add((node.id,))
    else:
        scope.bound.add(node.id)
    return []


def _attribute(node: ast.Attribute, scope: _Scope) -> list[_Step]:
    names: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        names.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name):
        return [(inner, scope)]
    scope.uses.add((inner.id, *reversed(names)))
    return []


def _function(node: Any, scope: _Scope) -> list[_Step]:
    inner = _Scope("function", scope)
    inner.bound.update(arguments(node))
    outside = [*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)]
    if isinstance(node, ast.Lambda):
        return [*((part, scope) for part in outside), (node.body, inner)]
    scope.bound.add(node.name)
    inner.bound.update(_type_params(node))
    return [*((part, scope) for part in [*outside, *node.decorator_list]), *((part, inner) for part in node.body)]


def arguments(node: Function) -> set[str]:
    """Return the names of a function's arguments."""
    args = node.args
    plain = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return {argument.arg for argument in [*plain, args.vararg, args.kwarg] if argument is not None}


def _type_params(node: Any) -> set[str]:
    return {param.name for param in getattr(node, "type_params", ())}


def _class(node: ast.ClassDef, scope: _Scope) -> list[_Step]:
    scope.bound.add(node.name)
    inner = _Scope("class", scope)
    inner.bound.update(_type_params(node))
    outside = [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
    return [*((part, scope) for part in outside), *((part, inner) for part in node.body)]


def _comprehension(node: Any, scope: _Scope) -> list[_Step]:
    """The first source of a comprehension belongs to what is around it."""
    inner = _Scope("comprehension", scope)
    first, *others = node.generators
    parts = [getattr(node, field) for field in ("elt", "key", "value") if hasattr(node, field)]
    inside = [*parts, first.target, *first.ifs, *others]
    return [(first.iter, scope), *((part, inner) for part in inside)]


def _named(node: ast.NamedExpr, scope: _Scope) -> list[_Step]:
    """A walrus in a comprehension binds in the function around it (PEP 572)."""
    at = scope
    while at.kind == "comprehension" and at.parent is not None:
        at = at.parent
    at.bound.add(node.target.id)
    return [(node.value, scope)]


def _import(node: ast.Import | ast.ImportFrom, scope: _Scope) -> list[_Step]:
    for name, imported in imports_of(node):
        scope.imports.setdefault(name, []).append(imported)
    return []


def imports_of(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Imported]]:
    """Iterate over the names that an import binds; `*` for all that a module has."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, Imported(node.module or "", alias.name, node.level)
        else:
            whole = alias.asname is not None or "." not in alias.name
            yield alias.asname or alias.name.partition(".")[0], Imported(alias.name, is_bound_whole=whole)


def _global(node: ast.Global, scope: _Scope) -> list[_Step]:
    scope.globals.update(node.names)
    return []


def _nonlocal(node: ast.Nonlocal, scope: _Scope) -> list[_Step]:
    scope.nonlocals.update(node.names)
    return []


def _captured(node: Any, scope: _Scope) -> list[_Step]:
    """`except E as name`, and what a `match` captures."""
    name = getattr(node, "rest" if isinstance(node, ast.MatchMapping) else "name")
    if name is not None:
        scope.bound.add(name)
    return [(child, scope) for child in ast.iter_child_nodes(node)]


def _annotated(node: ast.AnnAssign, scope: _Scope) -> list[_Step]:
    return [(part, scope) for part in (node.target, node.value) if part is not None]


def _augmented(node: ast.AugAssign, scope: _Scope) -> list[_Step]:
    """`x += 1` uses x, too."""
    if isinstance(node.target, ast.Name):
        scope.uses.add((node.target.id,))
    return [(node.target, scope), (node.value, scope)]


def _type_alias(node: Any, scope: _Scope) -> list[_Step]:
    """A type alias (Python 3.12) is an annotation with a name."""
    scope.bound.add(node.name.id)
    return []


_VISITS: dict[type, Callable[[Any, _Scope], list[_Step]]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _function,
    ast.ClassDef: _class,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.NamedExpr: _named,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.ExceptHandler: _captured,
    ast.MatchAs: _captured,
    ast.MatchStar: _captured,
    ast.MatchMapping: _captured,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    **({ast.TypeAlias: _type_alias} if hasattr(ast, "TypeAlias") else {}),
}
