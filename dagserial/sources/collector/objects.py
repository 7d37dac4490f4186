"""Note what DAG files pass to classes that they import from packages, so that their objects can be written by it."""

from __future__ import annotations

import builtins
import enum
import functools
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from dagserial.model import Value
from dagserial.model.form import enum_member
from dagserial.model.names import canonical_name
from dagserial.model.object import field_names
from dagserial.model.scalar import dotted_name
from dagserial.model.value import EncodeType
from dagserial.sources.code import is_declaring
from dagserial.sources.collector.noted import Notes

ARGUMENTS = Notes()
"""Positional and keyword arguments of objects."""
CONSTANTS = Notes()
"""Names of objects that classes of Airflow offer."""

_REAL = frozenset({*sys.stdlib_module_names, "dateutil", "dagserial", "jinja2", "pendulum", "pytz", "yaml"})
"""Packages whose objects say themselves what they are."""


_WATCHED = re.compile(r"airflow\..*(asset|timetable|deadline|callback|notif|retry_policy|priority_strategy)")
"""Modules of Airflow whose objects stand in DAGs."""


_KNOWN_ENUMS = ("TriggerRule", "WeightRule", "TaskInstanceState", "DagRunState", "DagRunType", "WeekDay")
"""Enumerations of Airflow whose members are written as their values, as authors write either."""


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
        self.encoders: dict[type, EncodeType] = {enum.Enum: self._member}

    def watch(self, replaced: Mapping[str, Any]) -> None:
        """Note the objects of Airflow's own classes, and of those that a file of the tree imports, from now on.

        Args:
            replaced: modules that files of the tree get in the place of those of the same name.
        """
        for module in list(sys.modules.values()):
            self._note_all(module)
        sys.meta_path.insert(0, _AfterLoading(self._note_all))
        original = builtins.__import__

        def importing(name: str, *args: Any, **kwargs: Any) -> Any:
            module = original(name, *args, **kwargs)
            caller = sys._getframe(1).f_globals.get("__file__") or ""
            if caller.startswith(self._root):
                module = replaced.get(name, module)
                wanted = (args[2] if len(args) > 2 else kwargs.get("fromlist")) or ()
                for one in wanted:
                    self._note(getattr(module, one, None), f"{name}.{one}")
            return module

        builtins.__import__ = importing

    def _note_all(self, module: Any) -> None:
        """Note the objects of the classes that a module defines, if it is one of those that are watched."""
        name = getattr(module, "__name__", "")
        if _WATCHED.match(name):
            for kind in list(vars(module).values()):
                if getattr(kind, "__module__", None) == name:
                    self._note(kind)
                    _note_constants(kind)

    def _note(self, kind: Any, imported: str = "") -> None:
        """Note the objects of a class, which is known by the path that it is imported from first."""
        if not isinstance(kind, type) or kind in self.encoders or not self._is_foreign(kind):
            return
        if issubclass(kind, enum.Enum):
            return
        try:
            _note_new(kind)
            _note_init(kind)
        except (AttributeError, TypeError):  # a class that cannot be changed
            return
        name = canonical_name(imported) if imported else dotted_name(kind)
        self.encoders[kind] = functools.partial(_constructed, kind, name)

    def _member(self, value: Any, encode: Callable[[Any], Value]) -> Value:
        """Write a member of a package's enumeration as a DAG file names it; of Airflow's that all know, the value."""
        kind = type(value)
        if kind.__module__.startswith("airflow.") and kind.__name__ in _KNOWN_ENUMS:
            return encode(value.value)
        if self._is_foreign(kind):
            return {"$": "symbol", "name": f"{dotted_name(kind)}.{value.name}"}
        return enum_member(value, encode)

    def _is_foreign(self, kind: type) -> bool:
        """Tell whether a class is a package's, and has no form of its own."""
        names = {base.__name__ for base in kind.__mro__ if is_declaring(base)}
        if kind.__module__.partition(".")[0] in _REAL or names & self._known or issubclass(kind, BaseException):
            return False
        if any(field_names(base, kind) is not None and hasattr(kind, "openapi_types") for base in kind.__mro__):
            return False
        file = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
        return not file.startswith(self._root)


class _AfterLoading:
    """Finds modules as ever, and has something done once one is loaded."""

    def __init__(self, done: Callable[[Any], None]) -> None:
        self._done = done

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """Return the spec that the other finders have, its loader watched."""
        if not _WATCHED.match(name):
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next((spec for finder in others if (spec := finder.find_spec(name, path, target)) is not None), None)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_tell(module: Any) -> None:
            load(module)
            self._done(module)

        spec.loader.exec_module = load_and_tell  # type: ignore[method-assign]
        return spec


def _note_constants(kind: Any) -> None:
    """Note the objects that a class offers by name, made before anything of them could be noted."""
    for name, value in list(vars(kind).items()) if isinstance(kind, type) else []:
        if name.isupper() and hasattr(value, "__dict__") and not isinstance(value, enum.Enum):
            CONSTANTS.keep(value, f"{dotted_name(kind)}.{name}")


def _note_new(kind: Any) -> None:
    """Note what objects are made with, of subclasses with constructors of their own, too."""
    if kind.__new__ is not object.__new__:
        return

    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        made = object.__new__(cls)
        ARGUMENTS.keep(made, (args, kwargs))
        return made

    kind.__new__ = staticmethod(new)


def _note_init(kind: Any) -> None:
    init: Any = kind.__init__
    if init is object.__init__:
        return

    @functools.wraps(init)
    def noting(self: Any, *args: Any, **kwargs: Any) -> None:
        if self not in ARGUMENTS:
            ARGUMENTS.keep(self, (args, kwargs))
        init(self, *args, **kwargs)

    kind.__init__ = noting


def _constructed(kind: type, name: str, value: Any, encode: Callable[[Any], Value]) -> Value:
    if constant := CONSTANTS.of(value):
        return {"$": "symbol", "name": constant}
    args, kwargs = ARGUMENTS.of(value, ((), {}))
    tagged: dict[str, Value] = {"$": "object", "class": name if type(value) is kind else dotted_name(type(value))}
    tagged |= {"args": encode(list(args))} if args else {}
    return tagged | ({"kwargs": encode(kwargs)} if kwargs else {})
