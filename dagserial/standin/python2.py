"""Let DAG files run that were written for Python 2.7, which Airflow supported until 1.10.

What still parses is understood: the iterator methods of dicts, and built-ins that Python 3 renamed. What does not
parse, as the print statement, stays a SyntaxError.
"""

from __future__ import annotations

import ast
import builtins
import functools
from importlib.machinery import SourceFileLoader
from typing import Any

_METHODS = {"iteritems": "items", "iterkeys": "keys", "itervalues": "values"}
_BUILTINS = {"basestring": str, "long": int, "reduce": functools.reduce, "unichr": chr, "unicode": str, "xrange": range}


class _Renamed(ast.NodeTransformer):
    """Call the methods of today: only where nothing is passed, as those of dicts were called."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and not node.args and not node.keywords:
            node.func.attr = _METHODS.get(node.func.attr, node.func.attr)
        return node


def compiled(source: bytes, path: str) -> Any:
    """Return the code of a Python file, with the methods of Python 2 by their names in Python 3."""
    code: Any = source
    if any(name.encode() in source for name in _METHODS):
        code = _Renamed().visit(ast.parse(source, path))
    return compile(code, path, "exec", dont_inherit=True)


def add_builtins() -> None:
    """Define the built-ins of Python 2 that Python 3 renamed, in this interpreter."""
    for name, value in _BUILTINS.items():
        setattr(builtins, name, value)


class RepositoryLoader(SourceFileLoader):
    """Load a module of the repository as DAG files are loaded."""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:  # type: ignore[override]
        return compiled(data, path)
