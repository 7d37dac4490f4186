"""Evaluate a condition that a person wrote over a record: a strict subset of Python's expressions, and no more."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from typing import Any

from dagserial.errors import SettingsError

_MOST_STEPS = 1_000_000
_LONGEST = 10_000

_Names = dict[str, Any]

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "all": all,
    "any": any,
    "int": int,
    "len": len,
    "max": max,
    "min": min,
    "sorted": sorted,
    "str": str,
    "sum": sum,
}
_OF_NONE = {"all": True, "any": False, "len": 0, "sum": 0}
"""What functions give for what is not there; the others give None."""
_PLAIN = ("int", "max", "min", "sorted", "str", "sum")
"""Functions that would look into what they are given to any depth."""
_METHODS: dict[str, Callable[[dict[str, Any]], list[Any]]] = {
    "items": lambda thing: list(map(list, thing.items())),
    "keys": list,
    "values": lambda thing: list(thing.values()),
}
_ORDERS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_SUMS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {ast.Add: operator.add, ast.Sub: operator.sub}
_WHOLE = (ast.Attribute, ast.BinOp, ast.BoolOp, ast.Call, ast.Compare, ast.Constant, ast.GeneratorExp, ast.IfExp)
_KNOWN = (*_WHOLE, ast.List, ast.ListComp, ast.Name, ast.Subscript, ast.Tuple, ast.UnaryOp)


class Expression:
    """A condition over named JSON values.

    `a.b` and `a["b"]` are the value of a key; what is not there is None. Comparisons with `<` and its kin are false
    where the two sides have no order. There are `and`, `or`, `not`, `in`, `is`, `==`, `!=`, `<`, `+` and `-` of
    numbers, comprehensions, len, any, all, min, max, sorted, sum, str, int, and an object's keys(), values(), items().

    Args:
        names: what it may name.

    Raises:
        SettingsError: it is none; the message says at which column.
    """

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        self._text = text
        self._names = names
        if len(text) > _LONGEST:
            raise SettingsError(f"the expression has {len(text)} characters; {_LONGEST} are the most")
        try:
            self._body = ast.parse(text.strip(), mode="eval").body if text.strip() else None
        except SyntaxError as error:
            raise SettingsError(self._at((error.offset or 1), error.msg)) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise SettingsError(f"{text!r} is no expression: {error}") from None
        if self._body is None:
            raise SettingsError("the expression is empty")
        try:
            self._check(self._body, frozenset(names))
        except RecursionError:
            raise self.refused(self._body, "it nests too deep") from None

    def holds(self, values: _Names) -> bool:
        """Tell whether it holds of some values, by name.

        Raises:
            SettingsError: it cannot be evaluated, or takes too long; the message says at which column.
        """
        assert self._body is not None
        try:
            return bool(_Evaluation(self).value(self._body, values))
        except RecursionError:
            raise self.refused(self._body, "it nests too deep") from None

    def refused(self, node: ast.AST, why: str) -> SettingsError:
        """Return the error for a part of the expression."""
        return SettingsError(self._at(_column(self._text.strip(), node), why))

    def _at(self, column: int, why: str) -> str:
        lead = len(self._text) - len(self._text.lstrip())
        return f"the expression {self._text!r} is wrong at column {column + lead}: {why}"

    def _check(self, node: ast.AST, names: frozenset[str]) -> None:
        """Refuse what is no part of the language, before anything is evaluated."""
        if not isinstance(node, _KNOWN):
            raise self.refused(node, f"{type(node).__name__} is not understood here")
        if isinstance(node, ast.Name) and node.id not in names:
            raise self.refused(node, f"{node.id!r} is unknown; there are {', '.join(sorted(names))}")
        if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float | None):
            raise self.refused(node, f"{node.value!r} is no JSON value")
        if isinstance(node, ast.BinOp) and type(node.op) not in _SUMS:
            raise self.refused(node, "of arithmetic there are + and - only")
        if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not | ast.USub):
            raise self.refused(node, "of signs there is - only")
        if isinstance(node, ast.Call):
            self._check_call(node, names)
            return
        if isinstance(node, ast.GeneratorExp | ast.ListComp):
            self._check_comprehension(node, names)
            return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._check(child, names)

    def _check_call(self, node: ast.Call, names: frozenset[str]) -> None:
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise self.refused(node, "calls take plain arguments only")
        if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS and not node.args:
            self._check(node.func.value, names)
        elif not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS or not node.args:
            raise self.refused(node, f"only {', '.join(_FUNCTIONS)} and .keys(), .values(), .items() are called")
        for argument in node.args:
            self._check(argument, names)

    def _check_comprehension(self, node: ast.GeneratorExp | ast.ListComp, names: frozenset[str]) -> None:
        for part in node.generators:
            self._check(part.iter, names)
            targets = part.target.elts if isinstance(part.target, ast.Tuple) else [part.target]
            if part.is_async or not all(isinstance(target, ast.Name) for target in targets):
                raise self.refused(part.target, "an item gets a name, or several")
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
            for condition in part.ifs:
                self._check(condition, names)
        self._check(node.elt, names)


def _column(text: str, node: ast.AST) -> int:
    """Return where a part begins, in characters from 1; Python counts bytes."""
    return len(text.encode()[: getattr(node, "col_offset", 0)].decode(errors="replace")) + 1


class _Evaluation:
    """One evaluation, which ends after a number of steps."""

    def __init__(self, expression: Expression) -> None:
        self._expression = expression
        self._steps = 0

    def value(self, node: ast.expr, names: _Names) -> Any:
        """Return the value of a part."""
        self._spend(node, 1)
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return names[node.id]
            case ast.Attribute():
                return _item(self.value(node.value, names), node.attr)
            case ast.Subscript():
                return _item(self.value(node.value, names), self.value(node.slice, names))
            case ast.BoolOp():
                return self._logic(node, names)
            case ast.UnaryOp():
                return self._sign(node, names)
            case ast.BinOp():
                return self._sum(node, names)
            case ast.Compare():
                return self._comparison(node, names)
            case ast.IfExp():
                return self.value(node.body if self.value(node.test, names) else node.orelse, names)
            case ast.List() | ast.Tuple():
                return [self.value(item, names) for item in node.elts]
            case ast.GeneratorExp() | ast.ListComp():
                return list(self._items(node, 0, names))
        assert isinstance(node, ast.Call)
        return self._call(node, names)

    def _spend(self, node: ast.AST, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise self._expression.refused(node, "it takes too long")

    def _logic(self, node: ast.BoolOp, names: _Names) -> Any:
        found: Any = None
        for part in node.values:
            found = self.value(part, names)
            if bool(found) == isinstance(node.op, ast.Or):
                break
        return found

    def _sign(self, node: ast.UnaryOp, names: _Names) -> Any:
        found = self.value(node.operand, names)
        if isinstance(node.op, ast.Not):
            return not found
        return -found if _is_number(found) else None

    def _sum(self, node: ast.BinOp, names: _Names) -> Any:
        left, right = self.value(node.left, names), self.value(node.right, names)
        return _SUMS[type(node.op)](left, right) if _is_number(left) and _is_number(right) else None

    def _comparison(self, node: ast.Compare, names: _Names) -> bool:
        left = self.value(node.left, names)
        for sign, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part, names)
            if not self._holds(node, sign, left, right):
                return False
            left = right
        return True

    def _holds(self, node: ast.Compare, sign: ast.cmpop, left: Any, right: Any) -> bool:
        match sign:
            case ast.Eq() | ast.Is():
                return self._is_same(node, left, right)
            case ast.NotEq() | ast.IsNot():
                return not self._is_same(node, left, right)
            case ast.In():
                return self._is_in(node, left, right)
            case ast.NotIn():
                return not self._is_in(node, left, right)
        if (_is_number(left) and _is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
            return _ORDERS[type(sign)](left, right)
        return False

    def _is_same(self, node: ast.Compare, left: Any, right: Any) -> bool:
        """Tell whether two JSON values are the same; true is not 1."""
        self._spend(node, 1)
        if isinstance(left, list) and isinstance(right, list):
            pairs = zip(left, right, strict=False)
            return len(left) == len(right) and all(self._is_same(node, *pair) for pair in pairs)
        if isinstance(left, dict) and isinstance(right, dict):
            return left.keys() == right.keys() and all(self._is_same(node, left[key], right[key]) for key in left)
        return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)

    def _is_in(self, node: ast.Compare, item: Any, holder: Any) -> bool:
        if isinstance(holder, str):
            return isinstance(item, str) and item in holder
        return any(self._is_same(node, item, one) for one in _iterable(holder))

    def _items(self, node: ast.GeneratorExp | ast.ListComp, at: int, names: _Names) -> Iterator[Any]:
        if at == len(node.generators):
            yield self.value(node.elt, names)
            return
        part = node.generators[at]
        for item in _iterable(self.value(part.iter, names)):
            inner = names | self._named(part.target, item)
            if all(self.value(condition, inner) for condition in part.ifs):
                yield from self._items(node, at + 1, inner)

    def _named(self, target: ast.expr, item: Any) -> _Names:
        if isinstance(target, ast.Name):
            return {target.id: item}
        assert isinstance(target, ast.Tuple)
        ids = [one.id for one in target.elts if isinstance(one, ast.Name)]
        if not isinstance(item, list) or len(item) != len(ids):
            raise self._expression.refused(target, f"an item has no {len(ids)} parts")
        return dict(zip(ids, item, strict=True))

    def _call(self, node: ast.Call, names: _Names) -> Any:
        if isinstance(node.func, ast.Attribute):
            thing = self.value(node.func.value, names)
            return _METHODS[node.func.attr](thing) if isinstance(thing, dict) else []
        assert isinstance(node.func, ast.Name)
        values = [self.value(argument, names) for argument in node.args]
        if values == [None]:
            return _OF_NONE.get(node.func.id)
        self._spend(node, sum(len(one) for one in values if isinstance(one, str | list | dict)))
        if node.func.id in _PLAIN and any(isinstance(one, list | dict) for one in _looked_into(values)):
            raise self._expression.refused(node, f"{node.func.id} takes numbers and texts only")
        try:
            return _FUNCTIONS[node.func.id](*values)
        except (TypeError, ValueError) as error:
            raise self._expression.refused(node, f"{node.func.id}: {error}") from None


def _looked_into(values: list[Any]) -> list[Any]:
    """Return what a function looks into: the items of a list that is its only argument, else its arguments."""
    return list(values[0]) if len(values) == 1 and isinstance(values[0], list | dict) else values


def _item(holder: Any, key: Any) -> Any:
    """Return what stands at a key or an index; None if nothing does."""
    if isinstance(holder, dict):
        return holder.get(key) if isinstance(key, str) else None
    if isinstance(holder, list | str) and isinstance(key, int) and -len(holder) <= key < len(holder):
        return holder[key]
    return None


def _iterable(value: Any) -> list[Any]:
    return value if isinstance(value, list) else list(value) if isinstance(value, dict | str) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
