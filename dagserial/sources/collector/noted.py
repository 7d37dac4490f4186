"""Hold what DAG files passed to Airflow's classes: beside the objects, as some have nothing but their slots."""

from __future__ import annotations

import importlib
import inspect
import sys
import types
import weakref
from collections.abc import Callable
from typing import Any

from dagserial.authoring.context import Frame


class Notes:
    """Facts about live objects, by object; the objects are kept, so that no other gets their identity."""

    def __init__(self) -> None:
        self._by_id: dict[int, tuple[Any, Any]] = {}

    def __contains__(self, thing: Any) -> bool:
        return id(_itself(thing)) in self._by_id

    def keep(self, thing: Any, fact: Any) -> None:
        """Take note of a fact about an object; the last one holds."""
        self._by_id[id(_itself(thing))] = (_itself(thing), fact)

    def of(self, thing: Any, default: Any = None) -> Any:
        """Return what is known about an object."""
        return self._by_id.get(id(_itself(thing)), (None, default))[1]

    def show(self, kind: type, name: str, default: Any = None) -> None:
        """Let the objects of a class have what is known about them as an attribute."""
        setattr(kind, name, property(lambda thing: self.of(thing, default)))


def _itself(thing: Any) -> Any:
    """Return what a weak proxy stands for, which its methods are bound to: in Airflow 2, tasks know groups by these."""
    return thing.__init__.__self__ if type(thing) in weakref.ProxyTypes else thing


def found(*paths: str) -> Any:
    """Return what the first of some `module:name` paths leads to that this Airflow has; None if it has none."""
    for path in paths:
        module, _, name = path.partition(":")
        try:
            thing = getattr(importlib.import_module(module), name, None)
        except ImportError:
            continue
        if thing is not None:
            return thing
    return None


def by_name(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call by name, as far as the function names them; without `self`."""
    if not args:
        return dict(kwargs)
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [name for name, parameter in inspect.signature(function).parameters.items() if parameter.kind in kinds]
    return dict(zip([name for name in names if name != "self"], args, strict=False)) | kwargs


def is_airflow(frame: types.FrameType) -> bool:
    """Tell whether code of Airflow or of dagserial runs in a frame."""
    return str(frame.f_globals.get("__name__")).startswith(("airflow.", "dagserial.", "attr.", "attrs."))


def calling_frames() -> tuple[Frame, ...]:
    """Return where a declaration was called from, innermost first, without Airflow's own frames."""
    frames: list[Frame] = []
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        if not is_airflow(frame):
            frames.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return tuple(frames)
