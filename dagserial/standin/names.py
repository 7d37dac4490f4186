"""Say what stands under each dotted name of Airflow and of absent packages."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

from dagserial import authoring
from dagserial.authoring.mapped import MappedOperator
from dagserial.authoring.scope import ContextWrapper
from dagserial.authoring.xcom import PlainXComArg
from dagserial.standin import enums
from dagserial.standin.asset import asset, with_refs
from dagserial.standin.classes import (
    Operator,
    Sensor,
    StandinMeta,
    SymbolicBase,
    base_class,
    exception_class,
    is_exception,
    is_operator,
    operator_class,
    unknown_group,
)
from dagserial.standin.clock import NOW, clock_symbol
from dagserial.standin.stored import Configuration, Connection, Stored, connection, variable_class
from dagserial.standin.symbol import Symbol

_DECLARING = ("airflow.decorators", "airflow.sdk", "airflow.providers.common.compat.sdk")
_CONFIGURATION = ("get", "getboolean", "getfloat", "getint", "getsection", "has_option")
"""What the module `airflow.configuration` itself answered in Airflow 1.10."""
_HELPERS = ("airflow.models.baseoperator", "airflow.utils.helpers", *_DECLARING)


class Names:
    """What DAG files find when they import: classes of `authoring` under Airflow's names, symbols elsewhere."""

    def __init__(self, airflow_version: str, variables: Any, connections: Any, settings: Any) -> None:
        stored = Stored(variables, connections, settings, self.provide)
        self._version = airflow_version
        self._stored = stored
        self._classes = self._airflow_classes(stored)
        self._functions = self._airflow_functions(stored)

    def provide(self, path: str) -> Any:
        """Return what stands under a dotted path; `path#operator`, `#group`, `#class` ask for that kind."""
        path, _, kind = path.partition("#")
        if kind == "operator":
            return operator_class(path, self.provide)
        if kind == "group":
            return functools.partial(unknown_group, Symbol(("name", path), self.provide))
        if kind == "class":
            return base_class(path, self.provide)
        parent, _, name = path.rpartition(".")
        if path.partition(".")[0] == "airflow":
            if (path in self._functions) or (parent, name) == ("airflow", "__version__"):
                return self._functions.get(path, self._version)
            if name in self._classes:
                return self._classes[name]
        if is_exception(path):
            return exception_class(path, self.provide)
        if is_operator(path):
            return operator_class(path, self.provide)
        return Symbol(("name", path), self.provide)

    def _airflow_classes(self, stored: Stored) -> dict[str, Any]:
        """Return classes that have one meaning wherever in Airflow they are imported from."""
        bases = {
            name: self._base(name, module, base, stands_for)
            for name, module, base, stands_for in (
                ("BaseOperator", "airflow.models.baseoperator", Operator, authoring.BaseOperator),
                ("BaseSensorOperator", "airflow.sensors.base", Sensor, Sensor),
            )
        }
        hook = _renamed(StandinMeta("BaseHook", (SymbolicBase,), self._hook_namespace(stored)), "airflow.hooks.base")
        variable = variable_class(stored)
        assets = {
            "Asset": with_refs(authoring.Asset),
            "Dataset": authoring.Asset,
            "Model": authoring.Asset,
            "AssetAlias": authoring.AssetAlias,
            "DatasetAlias": authoring.AssetAlias,
            "AssetAll": authoring.AssetAll,
            "DatasetAll": authoring.AssetAll,
            "AssetAny": authoring.AssetAny,
            "DatasetAny": authoring.AssetAny,
        }
        return {
            **bases,
            **assets,
            **{kind.__name__: kind for kind in enums.ENUMS},
            "State": enums.State,
            "BaseHook": hook,
            "Connection": self._connection_class(stored),
            "ContextWrapper": ContextWrapper,
            "DAG": authoring.DAG,
            "DagParam": authoring.DagParam,
            "EdgeModifier": authoring.EdgeModifier,
            "Label": authoring.Label,
            "MappedOperator": MappedOperator,
            "Param": authoring.Param,
            "ParamsDict": dict,
            "PlainXComArg": PlainXComArg,
            "TaskGroup": authoring.TaskGroup,
            "Variable": variable,
            "XComArg": authoring.XComArg,
        }

    def _base(self, name: str, module: str, base: type, stands_for: type) -> Any:
        namespace = {"_provide": staticmethod(self.provide), "_stands_for": stands_for}
        return _renamed(StandinMeta(name, (base,), namespace), module)

    def _hook_namespace(self, stored: Stored) -> dict[str, Any]:
        get = staticmethod(lambda conn_id, *_args, **_kwargs: connection(stored, conn_id))
        return {
            "_provide": staticmethod(self.provide),
            "_dagserial_name": "airflow.sdk.BaseHook",
            "get_connection": get,
        }

    def _connection_class(self, stored: Stored) -> Any:
        get = staticmethod(lambda conn_id, *_args, **_kwargs: connection(stored, conn_id))
        made = type("Connection", (Connection,), {"get": get, "get_connection_from_secrets": get})
        return _renamed(made, "airflow.models.connection")

    def _airflow_functions(self, stored: Stored) -> dict[str, Any]:
        """Return what has its meaning only under its full path, as modules share these names."""
        declaring = {
            "dag": authoring.dag,
            "task": authoring.task,
            "task_group": authoring.task_group,
            "setup": authoring.setup,
            "teardown": authoring.teardown,
            "asset": asset,
        }
        edges = {
            "chain": authoring.chain,
            "chain_linear": authoring.chain_linear,
            "cross_downstream": authoring.cross_downstream,
        }
        functions = {f"{module}.{name}": made for module in _DECLARING for name, made in declaring.items()}
        functions |= {f"{module}.{name}": made for module in _HELPERS for name, made in edges.items()}
        configuration = Configuration(stored)
        return functions | {
            "airflow.models.dag.dag": authoring.dag,
            "airflow.decorators.task_group.task_group": authoring.task_group,
            "airflow.decorators.setup_teardown.context_wrapper": ContextWrapper,
            "airflow.sdk.definitions.decorators.setup_teardown.context_wrapper": ContextWrapper,
            "airflow.configuration.conf": configuration,
            "airflow.conf": configuration,
            **{f"airflow.configuration.{name}": getattr(configuration, name) for name in _CONFIGURATION},
            "airflow.settings.DAGS_FOLDER": stored.settings.get(("core", "dags_folder"), ""),
            "airflow.utils.dates.days_ago": self._days_ago,
            "airflow.version.version": self._version,
            "airflow.utils.decorators.apply_defaults": lambda function: function,
            **{f"{module}.timezone.datetime": _aware for module in ("airflow.utils", *_DECLARING[1:])},
            **{f"{module}.timezone.utc": dt.UTC for module in ("airflow.utils", *_DECLARING[1:])},
        }

    def _days_ago(self, n: Any = 0, *args: Any, **kwargs: Any) -> Symbol:
        sample = NOW - dt.timedelta(days=n) if isinstance(n, int) else NOW
        return clock_symbol(self.provide, "airflow.utils.dates.days_ago", (n, *args), kwargs, sample)


def _aware(*args: Any, **kwargs: Any) -> dt.datetime:
    """Make an aware datetime, in UTC unless told otherwise (airflow.utils.timezone.datetime)."""
    return dt.datetime(*args, **({} if len(args) > 7 else {"tzinfo": dt.UTC}) | kwargs)


def _renamed(kind: Any, module: str) -> Any:
    kind.__module__ = module
    return kind
