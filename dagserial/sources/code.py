"""Digest the source of a function without its comments, docstring and layout."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import types
from collections.abc import Callable
from typing import Any

from dagserial.canonical import canonical_bytes
from dagserial.digest import Digest
from dagserial.model import Encoder, Value
from dagserial.model.scalar import callable_

_IGNORED = {"ctx", "type_comment", "kind"}
"""Node fields that say nothing about what the code does."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def function_value(function: types.FunctionType, encode: Callable[[Any], Value]) -> Value:
    """Tag a function by its dotted name, the digest of its source, and what it closes over."""
    plain = inspect.unwrap(function)
    tagged = dict(callable_(plain))
    if digest := source_digest(plain):
        tagged["code"] = str(digest)
    if values := _closed_over(plain):
        tagged["closure"] = encode(values)
    return tagged


def source_digest(function: Any) -> Digest | None:
    """Return the digest of a function's source, or None if its source cannot be found.

    It covers the syntax tree alone, without decorators, comments, docstrings and annotations of lines, so that it is
    the same in every supported Python version.
    """
    code = getattr(function, "__code__", None)
    return None if code is None else _code_digest(_Same(code))


class _Same:
    """A code object as itself: Python holds two equal that differ in file and in what their functions default to."""

    def __init__(self, code: types.CodeType) -> None:
        self.code = code

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.code is other.code

    def __hash__(self) -> int:
        return id(self.code)


@functools.lru_cache(maxsize=1024)
def _code_digest(same: _Same) -> Digest | None:
    node = _node(same.code)
    return None if node is None else Digest.of(canonical_bytes(_tree(node)))


def _closed_over(function: types.FunctionType) -> dict[str, Any]:
    """Return the values that an inner function took along, but for other functions and classes."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    values = {}
    for name, cell in cells:
        try:
            value = cell.cell_contents
        except ValueError:  # the name is bound later
            continue
        if isinstance(value, str | int | float | bool | tuple | list | dict | types.NoneType):
            values[name] = value
    return values


def _node(code: types.CodeType) -> _Function | None:
    """Find the syntax node of a code object: by first line, and for lambdas on one line by column."""
    candidates = _functions(code.co_filename).get(code.co_firstlineno, [])
    named = [node for node in candidates if getattr(node, "name", "<lambda>") == code.co_name]
    if len(named) < 2:
        return named[0] if named else None
    spans = [(line, column) for line, _end, column, _end_column in code.co_positions() if line and column]
    first = min(spans[1:] or spans, default=(0, 0))
    return next((node for node in reversed(named) if _body_start(node) <= first), named[0])


def _body_start(node: _Function) -> tuple[int, int]:
    body = node.body if isinstance(node, ast.Lambda) else node.body[0]
    return body.lineno, body.col_offset


@functools.lru_cache(maxsize=256)
def _functions(filename: str) -> dict[int, list[_Function]]:
    """Return every function of a file by the line its code object starts at: that of the first decorator."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return {}
    found: dict[int, list[_Function]] = {}
    for node in ast.walk(tree):
        if isinstance(node, _Function):
            decorators = getattr(node, "decorator_list", [])
            line = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            found.setdefault(line, []).append(node)
    return found


def _tree(node: Any) -> Any:
    """Return a syntax tree as JSON: class name and non-empty fields, without docstrings and decorators."""
    if isinstance(node, list):
        return [_tree(item) for item in node]
    if not isinstance(node, ast.AST):
        return _constant(node)
    fields = {name: value for name, value in ast.iter_fields(node) if name not in _IGNORED and value not in (None, [])}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        fields.pop("decorator_list", None)
        if ast.get_docstring(node, clean=False) is not None:
            fields["body"] = node.body[1:]
    return [type(node).__name__, {name: _tree(value) for name, value in fields.items()}]


def _constant(value: Any) -> Any:
    return Encoder().encode(value)
