"""Digest the source of a function without its comments, docstring and layout."""

from __future__ import annotations

import ast
import datetime as dt
import decimal
import enum
import functools
import inspect
import linecache
import os
import pathlib
import types
import uuid
from collections.abc import Callable
from typing import Any

from dagserial.canonical import canonical_bytes
from dagserial.digest import Digest
from dagserial.errors import UnsupportedValueError
from dagserial.model import Encoder, Value
from dagserial.model.scalar import callable_

_IGNORED = {"ctx", "type_comment", "kind"}
"""Node fields that say nothing about what the code does."""

_INSTALLED = (f"{os.path.dirname(os.__file__)}{os.sep}", f"{os.path.dirname(os.path.dirname(__file__))}{os.sep}")
"""Where the standard library and dagserial lie: what is there changes with their versions, not with the DAG."""
_PACKAGES = f"{os.sep}site-packages{os.sep}"
"""Where other people's packages lie, below the standard library."""

_TAKEN = (
    *(str, int, float, bool, complex, bytes, tuple, list, dict, set, frozenset, types.NoneType),
    *(dt.date, dt.time, dt.timedelta, dt.tzinfo, decimal.Decimal, enum.Enum, pathlib.PurePath, uuid.UUID),
)
"""What is kept of what a function closes over."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Place = tuple[int, int]


def function_value(function: types.FunctionType, encode: Callable[[Any], Value]) -> Value:
    """Tag a function by its dotted name, the digest of its source, and what it closes over."""
    inner = inspect.unwrap(function)
    plain = inner if isinstance(inner, types.FunctionType) else function
    tagged = dict(callable_(plain))
    if digest := source_digest(plain):
        tagged["code"] = str(digest)
    if values := _closed_over(plain):
        tagged["closure"] = encode(values)
    return tagged


def source_digest(function: Any) -> Digest | None:
    """Return the digest of a function's source, or None if its source cannot be found, or is not the author's.

    It covers the syntax tree alone, without the function's own decorators, comments, docstrings and layout, so that it
    is the same in every supported Python version. The standard library is nobody's DAG: its functions have none.
    """
    code = getattr(function, "__code__", None)
    if code is None or (code.co_filename.startswith(_INSTALLED) and _PACKAGES not in code.co_filename):
        return None
    node = _node(code)
    return None if node is None else _node_digest(node)


@functools.lru_cache(maxsize=1024)
def _node_digest(node: _Function) -> Digest:
    # Per node, not per code object: Python holds two of these equal that differ in file and in their defaults.
    return Digest.of(_text(node))


def _closed_over(function: types.FunctionType) -> dict[str, Any]:
    """Return the values that an inner function took along, but for other functions, classes and objects."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    values = {}
    for name, cell in cells:
        try:
            value = cell.cell_contents
        except ValueError:  # the name is bound later
            continue
        if isinstance(value, _TAKEN):
            values[name] = value
    return values


def _node(code: types.CodeType) -> _Function | None:
    """Find the syntax node of a code object: by first line, and for lambdas on one line by column."""
    linecache.checkcache(code.co_filename)
    functions = _functions("".join(linecache.getlines(code.co_filename)))
    candidates = functions.get(code.co_firstlineno, [])
    named = [node for node in candidates if getattr(node, "name", "<lambda>") == code.co_name]
    if len(named) < 2:
        return named[0] if named else None
    # What precedes the body, if it has a place at all, is said to be at the start of the line.
    places = [(line, column) for line, _, column, _ in code.co_positions() if line and column is not None]
    first = min((place for place in places if place != (code.co_firstlineno, 0)), default=(0, 0))
    around = [node for node in named if _body(node)[0] <= first <= _body(node)[1]]
    return max(around, key=_body, default=None)


def _body(node: _Function) -> tuple[_Place, _Place]:
    """Return where a function's body starts and ends."""
    first, last = (node.body, node.body) if isinstance(node, ast.Lambda) else (node.body[0], node.body[-1])
    return (first.lineno, first.col_offset), (last.end_lineno or 0, last.end_col_offset or 0)


@functools.lru_cache(maxsize=256)
def _functions(source: str) -> dict[int, list[_Function]]:
    """Return every function of a source by the line its code object starts at: that of the first decorator."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[int, list[_Function]] = {}
    for node in ast.walk(tree):
        if isinstance(node, _Function):
            decorators = getattr(node, "decorator_list", [])
            line = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            found.setdefault(line, []).append(node)
    return found


def _text(function: _Function) -> bytes:
    """Return a function as canonical JSON: of each node its class and its non-empty fields, without its decorators.

    Written without recursion: long chains of operators nest deeper than calls may.
    """
    pieces: list[bytes] = []
    rest: list[Any] = [function]
    while rest:
        item = rest.pop()
        if isinstance(item, bytes):
            pieces.append(item)
            continue
        if isinstance(item, list):
            parts: list[Any] = [part for value in item for part in (b",", _part(value))][1:]
            rest += reversed([b"[", *parts, b"]"])
            continue
        fields = sorted(_fields(item, is_whole=item is function).items())
        parts = [part for name, value in fields for part in (b",", b'"%s":' % name.encode(), _part(value))][1:]
        rest += reversed([b'["%s",{' % type(item).__name__.encode(), *parts, b"}]"])
    return b"".join(pieces)


def _fields(node: ast.AST, *, is_whole: bool) -> dict[str, Any]:
    """Return the non-empty fields of a node, without docstrings, and without decorators if it is the whole function."""
    fields = {name: value for name, value in ast.iter_fields(node) if name not in _IGNORED and value not in (None, [])}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        if is_whole:
            fields.pop("decorator_list", None)
        if ast.get_docstring(node, clean=False) is not None:
            fields["body"] = node.body[1:]
    return fields


def _part(value: Any) -> Any:
    """Return a node or a list as it is, and a constant as its canonical bytes."""
    if isinstance(value, ast.AST | list):
        return value
    try:
        return canonical_bytes(Encoder().encode(value))
    except UnsupportedValueError:  # a text with a lone surrogate: of all constants, only these have no form
        return canonical_bytes([value.encode("utf-16-be", "surrogatepass").hex()])
