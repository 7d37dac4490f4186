"""Hide from DAG files what no DAG declares: the moment of the read, the machine, settings that nobody gave."""

from __future__ import annotations

import os
import types
from collections.abc import Callable, Mapping
from typing import Any

from dagserial.model.value import EncodeType
from dagserial.sources.collector import clock
from dagserial.sources.collector.noted import found
from dagserial.standin import NOTES, Symbol, Text, symbol_value, text_value
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
