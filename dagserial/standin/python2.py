"""Compile the tree's files: those of Python 2.7, which Airflow supported until 1.10, and calls that refuse symbols.

What still parses is understood: the iterator methods of dicts, and built-ins that Python 3 renamed. What does not
parse, as the print statement, stays a SyntaxError. `type(name, bases, namespace)` and `", ".join(items)` accept nothing
but types and strings, so the code calls functions in their place that know symbols.
"""

from __future__ import annotations

import ast
import builtins
import functools
import re
import types
from importlib.machinery import SourceFileLoader
from typing import Any

from dagserial.standin.symbol import Symbol

_METHODS = {"iteritems": "items", "iterkeys": "keys", "itervalues": "values"}
_BUILTINS = {"basestring": str, "long": int, "reduce": functools.reduce, "unichr": chr, "unicode": str, "xrange": range}


_SYMBOLIC = re.compile(rb"""\btype\(\s*[^\s(),]+\s*,|["']\.join\(""")
_TYPE, _JOIN = "__dagserial_type__", "__dagserial_join__"


def _made_type(name: str, bases: tuple[Any, ...], namespace: dict[str, Any]) -> type:
    """Make a class as `type` does, of bases that only a class statement accepts (PEP 560)."""
    return types.new_class(name, bases, {}, lambda body: body.update(namespace))


def _joined(separator: str, items: Any) -> str:
    """Join texts as `str.join` does; a symbol among them is its template."""
    return separator.join(str(item) if isinstance(item, Symbol) else item for item in items)


class _Renamed(ast.NodeTransformer):
    """Call the methods of today, only where nothing is passed, as those of dicts were called; and our own functions."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and not node.args and not node.keywords:
            node.func.attr = _METHODS.get(node.func.attr, node.func.attr)
        if isinstance(node.func, ast.Name) and node.func.id == "type" and len(node.args) == 3:
            node.func.id = _TYPE
        if _joins_constant(node):
            separator = node.func.value  # type: ignore[attr-defined]
            node.func = ast.copy_location(ast.Name(_JOIN, ast.Load()), node.func)
            node.args = [separator, *node.args]
        return node


def _joins_constant(node: ast.Call) -> bool:
    """Tell whether a call is `"…".join(items)`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="join"), args=[_], keywords=[]):
            return True
    return False


def compiled(source: bytes, path: str) -> Any:
    """Return the code of a Python file, with the methods of Python 2 by their names in Python 3."""
    code: Any = source
    if any(name.encode() in source for name in _METHODS) or _SYMBOLIC.search(source):
        code = _Renamed().visit(ast.parse(source, path))
    return compile(code, path, "exec", dont_inherit=True)


def add_builtins() -> None:
    """Define what compiled files call, in this interpreter: built-ins that Python 3 renamed, and our own."""
    for name, value in {**_BUILTINS, _TYPE: _made_type, _JOIN: _joined}.items():
        setattr(builtins, name, value)


class RepositoryLoader(SourceFileLoader):
    """Load a module of the repository as DAG files are loaded."""

    def get_code(self, fullname: str) -> Any:
        """Compile the source: bytecode that lies beside it was compiled as it stands."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:  # type: ignore[override]
        return compiled(data, path)
