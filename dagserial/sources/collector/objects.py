"""Note what DAG files pass to classes that they import from packages, so that their objects can be written by it."""

from __future__ import annotations

import builtins
import functools
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from dagserial.model import Value
from dagserial.model.object import field_names
from dagserial.model.scalar import dotted_name
from dagserial.model.value import EncodeType
from dagserial.sources.collector.noted import Notes

ARGUMENTS = Notes()
"""Positional and keyword arguments of objects."""

_REAL = frozenset({*sys.stdlib_module_names, "dateutil", "dagserial", "jinja2", "pendulum", "pytz", "yaml"})
"""Packages whose objects say themselves what they are."""


class Imports:
    """Watches what files of a tree import, from its start to the end of the process."""

    def __init__(self, root: str, known: Mapping[str, Any]) -> None:
        """Prepare.

        Args:
            root: folder of the tree.
            known: names of classes that have a form of their own.
        """
        self._root = os.path.join(root, "")
        self._known = frozenset(known)
        self.encoders: dict[type, EncodeType] = {}

    def watch(self) -> None:
        """Note the objects of every class that a file of the tree imports by name, from now on."""
        original = builtins.__import__

        def importing(name: str, *args: Any, **kwargs: Any) -> Any:
            module = original(name, *args, **kwargs)
            caller = sys._getframe(1).f_globals.get("__file__") or ""
            if caller.startswith(self._root):
                wanted = (args[2] if len(args) > 2 else kwargs.get("fromlist")) or ()
                for one in wanted:
                    self._note(getattr(module, one, None))
            return module

        builtins.__import__ = importing

    def _note(self, kind: Any) -> None:
        if not isinstance(kind, type) or kind in self.encoders or not self._is_foreign(kind):
            return
        init = kind.__init__
        if not callable(init) or init is object.__init__:
            return

        @functools.wraps(init)
        def noting(self: Any, *args: Any, **kwargs: Any) -> None:
            if self not in ARGUMENTS:
                ARGUMENTS.keep(self, (args, kwargs))
            init(self, *args, **kwargs)

        try:
            kind.__init__ = noting
        except (AttributeError, TypeError):  # a class that cannot be changed
            return
        self.encoders[kind] = _constructed

    def _is_foreign(self, kind: type) -> bool:
        """Tell whether a class is a package's, and has no form of its own."""
        names = {base.__name__ for base in kind.__mro__}
        if kind.__module__.partition(".")[0] in _REAL or names & self._known or issubclass(kind, BaseException):
            return False
        if any(field_names(base, kind) is not None and hasattr(kind, "openapi_types") for base in kind.__mro__):
            return False
        file = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
        return not file.startswith(self._root)


def _constructed(value: Any, encode: Callable[[Any], Value]) -> Value:
    args, kwargs = ARGUMENTS.of(value, ((), {}))
    tagged: dict[str, Value] = {"$": "object", "class": dotted_name(type(value))}
    tagged |= {"args": encode(list(args))} if args else {}
    return tagged | ({"kwargs": encode(kwargs)} if kwargs else {})
