"""Write syntax trees as bytes that only their meaning moves.

What counts is the tree: comments, layout and docstrings do not, and neither does the Python version that parsed it.
Nor do import statements: where a name that is used comes from is told beside the text, wherever it is imported.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from typing import Any

_IGNORED = {"ctx", "type_comment", "kind"}
"""Node fields that say nothing about what the code does."""
_IMPORTS = ast.Import | ast.ImportFrom
_DOCUMENTED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def text_of(nodes: Iterable[ast.AST], left_out: Collection[ast.AST] = ()) -> bytes:
    """Return nodes as text: of each its class and its non-empty fields, sorted, without docstrings and imports.

    What the nodes themselves define has no name here: who uses it says by which. Written without recursion: long chains
    of operators nest deeper than calls may.

    Args:
        left_out: decorators that are not written.
    """
    pieces: list[bytes] = []
    defined = list(nodes)
    rest: list[Any] = [defined]
    while rest:
        item = rest.pop()
        if isinstance(item, bytes):
            pieces.append(item)
        elif isinstance(item, list):
            rest += reversed([b"[", *_separated(item), b"]"])
        else:
            fields = sorted(_fields(item, left_out).items())
            if item in defined and isinstance(item, _DOCUMENTED):
                fields = [field for field in fields if field[0] != "name"]
            parts = [part for name, value in fields for part in (b",", name.encode() + b":", _part(value))][1:]
            rest += reversed([type(item).__name__.encode() + b"(", *parts, b")"])
    return b"".join(pieces)


def _separated(values: list[Any]) -> list[Any]:
    return [part for value in values for part in (b",", _part(value))][1:]


def _fields(node: ast.AST, left_out: Collection[ast.AST]) -> dict[str, Any]:
    """Return the non-empty fields of a node, without docstrings, as every Python version would give them."""
    named = {name: value for name, value in ast.iter_fields(node) if name not in _IGNORED}
    if left_out and "decorator_list" in named:
        named["decorator_list"] = [decorator for decorator in named["decorator_list"] if decorator not in left_out]
    if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        named["body"] = node.body[1:]
    fields = {name: _without_imports(value) for name, value in named.items() if value is not None}
    fields = {name: value for name, value in fields.items() if value != [] or name == "body"}
    if isinstance(node, ast.JoinedStr):
        fields["values"] = _joined(node.values)
    spec = getattr(node, "format_spec", None)
    if isinstance(spec, ast.JoinedStr) and not _joined(spec.values):
        fields.pop("format_spec")
    return fields


def _without_imports(value: Any) -> Any:
    return [part for part in value if not isinstance(part, _IMPORTS)] if isinstance(value, list) else value


def _joined(values: list[Any]) -> list[Any]:
    """Return the parts of an f-string with neighbouring texts as one: how it is cut differs between versions."""
    joined: list[Any] = []
    for value in values:
        is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
        if is_text and joined and isinstance(joined[-1], ast.Constant):
            joined[-1] = ast.Constant(joined[-1].value + value.value)
        elif not is_text or value.value:
            joined.append(value)
    return joined


def _part(value: Any) -> Any:
    """Return a node or a list as it is, and anything else as text that tells its type, too."""
    if isinstance(value, ast.AST | list):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value).encode()  # repr() refuses integers of more than 4300 digits
    return (ascii(value) if isinstance(value, str) else repr(value)).encode()
