"""Hide from DAG files what no DAG declares: the moment of the read, the machine, settings that nobody gave."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable, Mapping
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

from dagserial.model.value import EncodeType
from dagserial.sources.collector import clock
from dagserial.sources.collector.noted import found
from dagserial.standin import NOTES, DeployedPaths, Symbol, Text, symbol_value, text_value
from dagserial.standin.finder import package_spec
from dagserial.standin.machine import hide_machine

ENCODERS: dict[type, EncodeType] = {Symbol: symbol_value, Text: text_value, clock.Dressed: clock.dressed_value}
"""How what is told instead is written: as the stand-in writes it."""


def hide(root: str) -> Mapping[str, types.ModuleType]:
    """Hide all of it from code of the tree; return modules that such code gets in the place of others."""
    NOTES.start(root)
    hide_machine(clock.symbol_of)
    clock.stop_airflow()
    _hide_settings()
    return clock.modules()


def show(deployed: Mapping[str, str], packages: Mapping[str, str]) -> Callable[[str], str]:
    """Let DAG files find folders of the tree by deployed paths and by names of packages; return how, for the paths.

    Args:
        deployed: folders by deployed path; absolute, as those of `packages`.
    """
    paths = DeployedPaths(deployed)
    paths.install()
    sys.meta_path.insert(0, _Packages(packages))
    return paths.in_tree


class _Packages(MetaPathFinder):
    """Finds packages by the names that they have in a deployment."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self._folders = folders

    def find_spec(self, fullname: str, _path: Any, _target: Any = None) -> ModuleSpec | None:
        return package_spec(fullname, self._folders[fullname]) if fullname in self._folders else None


def _hide_settings() -> None:
    conf: Any = found("airflow.configuration:conf")
    get: Callable[..., Any] = conf.get

    def asked(section: str, key: str, *args: Any, **kwargs: Any) -> Any:
        is_given = f"AIRFLOW__{section.upper()}__{key.upper()}" in os.environ or "fallback" in kwargs
        if is_given or not NOTES.is_asked_by_tree(1):
            return get(section, key, *args, **kwargs)
        call: tuple[Any, ...] = ("call", clock.symbol_of("airflow.configuration.conf.get"), (section, key), {})
        return Text(Symbol(call, clock.symbol_of))

    conf.get = asked
