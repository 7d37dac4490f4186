"""Serve Airflow 3's `@asset`: a function that is a DAG with one task, whose outlet is the asset."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from dagserial.authoring import DAG, Asset, AssetAll
from dagserial.authoring.asset import AssetRef
from dagserial.authoring.taskflow import TaskFunction, decorated_class

_NO_ASSETS = ("self", "context", "outlet_events")
"""Arguments by which an asset function asks for something else than an asset."""


class AssetDefinition(Asset):
    """An asset made by a decorated function; other functions name it as an argument."""


class asset:
    """Decorate a function: `@asset(schedule="@daily")`, `@asset.multi(schedule=None, outlets=[...])`."""

    def __init__(self, *, schedule: Any = None, uri: str | None = None, name: str | None = None, **kwargs: Any) -> None:
        self._given = {"schedule": schedule} | kwargs
        self._uri, self._name = uri, name

    def __call__(self, function: Callable[..., Any]) -> AssetDefinition:
        """Declare the asset and its DAG."""
        own = {key: self._given.pop(key) for key in ("group", "extra", "watchers") if key in self._given}
        made = AssetDefinition(self._name or function.__name__, self._uri, **own)
        _declare(made.name, function, [made], self._given)
        return made

    @staticmethod
    def multi(*, schedule: Any = None, outlets: list[Any], **kwargs: Any) -> Callable[..., Any]:
        """Decorate a function that makes several assets."""

        def decorate(function: Callable[..., Any]) -> AssetAll:
            _declare(function.__name__, function, outlets, {"schedule": schedule} | kwargs)
            return AssetAll(*outlets)

        return decorate


def _declare(name: Any, function: Callable[..., Any], outlets: list[Any], given: dict[str, Any]) -> None:
    """Declare the DAG of an asset function: one task, whose inlets are the assets that its arguments name.

    Airflow 3.0 to 3.3, `_instantiate_task`: a function that is a task already gets the outlets alone.
    """
    dag_id = given.pop("dag_id", None) or name
    arguments = {name: value for name, value in given.items() if value is not None or name == "schedule"}
    with DAG(dag_id, **arguments):
        if isinstance(function, TaskFunction):
            function.override(outlets=outlets)()
            return
        parameters = inspect.signature(function).parameters.values()
        names = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
        inlets = [AssetRef(name=name) for name in names if name not in _NO_ASSETS]
        more = {"inlets": inlets} if inlets else {}
        decorated_class("asset")(task_id=function.__name__, python_callable=function, outlets=outlets, **more)


def with_refs(kind: type[Asset]) -> type[Asset]:
    """Give the class its `ref` constructor (Airflow 3, `Asset.ref(name=...)`)."""
    kind.ref = staticmethod(lambda **given: AssetRef(**given))  # type: ignore[attr-defined]
    return kind
