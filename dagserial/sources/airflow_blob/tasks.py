"""Read the tasks of a blob in its newest form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from dagserial.errors import BlobError
from dagserial.model import Encoder, Task, Value
from dagserial.model.names import canonical_name
from dagserial.sources.airflow_blob.arguments import Arguments
from dagserial.sources.airflow_blob.encoded import Values
from dagserial.sources.airflow_blob.mapping import read_mapping
from dagserial.sources.airflow_blob.said import is_default
from dagserial.sources.airflow_blob.tagged import without_machine

_TEARDOWN_RULE = "all_done_setup_success"
"""The trigger rule that Airflow gives every teardown."""


class TaskReader:
    """Reads the tasks of one DAG.

    Args:
        values: reads the values in them.
        encoder: writes them.
        defaults: the value of each argument that an absent one stands for.
        raw_defaults: the same as a blob says it, as far as tasks say it that are not mapped.
        default_args: those of the DAG, as the record has them.
        params: those of the DAG, as the blob has them.
    """

    def __init__(
        self,
        values: Values,
        encoder: Encoder,
        defaults: Mapping[str, Value],
        *,
        raw_defaults: Mapping[str, Any],
        default_args: Mapping[str, Value],
        params: Any,
    ) -> None:
        self._values = values
        self._encoder = encoder
        self._arguments = Arguments(values, raw_defaults)
        self._defaults = defaults
        self._united = {name: self._default_of(name, value) for name, value in default_args.items()}
        self._params = {name: _bytes(param) for name, param in _pairs(params)}
        self._operators: dict[Any, str] = {}

    @property
    def subdags(self) -> list[dict[str, Any]]:
        """DAGs that stand within tasks (Airflow 2), in the order met."""
        return self._arguments.subdags

    def read(self, task: Mapping[str, Any], group: str | None, labels: Mapping[str, str], upstream: list[str]) -> Task:
        """Return a task.

        Raises:
            BlobError: a field holds what it cannot.
        """
        path = ("tasks", task["task_id"])
        is_mapped = task.get("_is_mapped") is True
        args = self._args(task, path, is_mapped=is_mapped)
        flags = task["partial_kwargs"] if is_mapped and "is_setup" in task["partial_kwargs"] else task
        teardown = flags.get("is_teardown") is True
        if teardown and args.get("trigger_rule") == _TEARDOWN_RULE:
            del args["trigger_rule"]
        return Task(
            args=args,
            group=group,
            labels=dict(labels) if labels else {},
            mapping=read_mapping(_expand_input(task), self._values, self._encoder, path) if is_mapped else None,
            on_failure_fail_dagrun=flags.get("on_failure_fail_dagrun") is True,
            operator=self._operator(task),
            setup=flags.get("is_setup") is True,
            teardown=teardown,
            upstream=tuple(sorted(upstream)),
        )

    def _args(self, task: Mapping[str, Any], path: tuple[str, ...], *, is_mapped: bool) -> dict[str, Value]:
        """Return the arguments of a task that are said, and those that it surely has from the DAG's default_args."""
        given: dict[str, Any] = {}
        args = self._arguments.partial(task, given) if is_mapped else self._arguments.plain(task, given)
        if (params := task.get("params")) and not _are_of_dag(params) and (own := self._own_params(params)):
            given["params"] = own
        if given:
            args |= self._encoder.encode_each(given, *path, "args")
        if is_mapped:
            args = {name: value for name, value in args.items() if not self._is_default(name, value)}
        return self._united | args if self._united else args

    def _default_of(self, name: str, value: Value) -> Value:
        """Return what a task has that says nothing of an argument which is in the DAG's default_args.

        An argument that every task says, or has by default, is known: then it was passed as the default. Any other one
        may have been passed with any value.
        """
        if name not in self._defaults or name == "params":
            return {"$": "unknown"}
        default = self._defaults[name]
        return value if is_default(value, default) else default

    def _own_params(self, params: Any) -> dict[str, Any]:
        """Return the params that a task does not have from its DAG, which Airflow repeats in every task."""
        pairs = _pairs(params)
        return {name: self._values.param(param) for name, param in pairs if not self._is_of_dag(name, param)}

    def _is_of_dag(self, name: str, param: Any) -> bool:
        if isinstance(param, dict) and param.get("source") in ("dag", "task"):
            return bool(param["source"] == "dag")
        return self._params.get(name) == _bytes(param)

    def _is_default(self, name: str, value: Value) -> bool:
        return name in self._defaults and is_default(value, self._defaults[name])

    def _operator(self, task: Mapping[str, Any]) -> str:
        """Return the operator of a task; the same one is worked out once."""
        said = task.get("_operator_name"), task.get("task_type"), task.get("_task_module")
        try:
            return self._operators[said]
        except KeyError:
            found = self._operators[said] = _operator(task)
            return found
        except TypeError:  # a list or dict stands where a name should
            return _operator(task)


def _operator(task: Mapping[str, Any]) -> str:
    """Return the import path of the operator's class, or the decorator that made it."""
    name = task.get("_operator_name")
    if isinstance(name, str) and name.startswith("@"):
        return name
    kind, module = task.get("task_type"), task.get("_task_module")
    if not isinstance(kind, str) or not kind:
        raise BlobError(f"the task {task['task_id']!r} has no `task_type`")
    return canonical_name(without_machine(f"{module}.{kind}")) if isinstance(module, str) and module else kind


def _are_of_dag(params: Any) -> bool:
    """Tell whether params say that they are those of the DAG, as almost all do (Airflow 3.2 and later)."""
    try:
        for pair in params:
            if len(pair) != 2 or pair[1]["source"] != "dag":
                return False
    except (KeyError, IndexError, TypeError):
        return False
    return type(params) is list


def _expand_input(task: Mapping[str, Any]) -> Any:
    name = task.get("_expand_input_attr")
    return task.get(name) if isinstance(name, str) else task.get("expand_input")


def _pairs(params: Any) -> list[tuple[str, Any]]:
    """Return params in their order; a blob of before 2.10 has them by name."""
    pairs = list(params.items()) if isinstance(params, dict) else params
    if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
        raise BlobError("`params` are no pairs of name and param")
    return [(pair[0], pair[1]) for pair in pairs]


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)


def _bytes(param: Any) -> tuple[bytes, bool]:
    """Return what tells two params apart: their JSON without where they come from, or else their text."""
    said = {key: item for key, item in param.items() if key != "source"} if isinstance(param, dict) else param
    try:
        return msgspec.json.encode(said, order="deterministic"), "NaN" in repr(said)
    except (msgspec.MsgspecError, OverflowError, ValueError, TypeError):
        return repr(said).encode("utf-8", "backslashreplace"), True
