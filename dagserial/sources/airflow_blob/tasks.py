"""Read the tasks of a blob in its newest form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dagserial.errors import BlobError
from dagserial.model import Encoder, Task, Value
from dagserial.model.names import canonical_name
from dagserial.sources.airflow_blob.encoded import Values, duration, moment
from dagserial.sources.airflow_blob.mapping import read_mapping
from dagserial.sources.airflow_blob.said import is_default
from dagserial.sources.airflow_blob.tagged import Tagged, unknown, without_machine
from dagserial.sources.airflow_blob.text import function, source

OWN_OF_CLASS = frozenset(
    {
        *("template_ext", "template_fields", "template_fields_renderers", "ui_color", "ui_fgcolor"),
        *("_can_skip_downstream", "_is_dummy", "_is_empty", "_is_sensor", "deps", "inherits_from_empty_operator"),
        *("_operator_extra_links", "operator_extra_links", "start_from_trigger", "start_trigger_args"),
        *("_log", "_log_config_logger_name"),
    }
)
"""Fields that say what an operator's class is, not what a task declares: they change with the provider."""

_STRUCTURE = frozenset(
    {
        *("task_id", "task_type", "_task_module", "_operator_name", "downstream_task_ids", "upstream_task_ids"),
        *("label", "_needs_expansion", "_is_mapped", "_expand_input_attr", "_disallow_kwargs_override"),
        *("expand_input", "op_kwargs_expand_input", "partial_kwargs", "params", "python_callable_name"),
        *("is_setup", "is_teardown", "on_failure_fail_dagrun"),
    }
)
"""Fields that are read apart, or that others follow from."""

_SKIPPED = OWN_OF_CLASS | _STRUCTURE
_DURATIONS = ("execution_timeout", "max_retry_delay", "retry_delay", "sla")
_DATES = ("end_date", "start_date")
_RENAMED = {
    "_logger_name": "logger_name",
    "_post_execute_hook": "post_execute",
    "_pre_execute_hook": "pre_execute",
    "_task_display_name": "task_display_name",
}
"""Arguments by the attributes in which Airflow keeps them."""

_RULES = ("absolute", "downstream", "upstream")
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

    Attributes:
        subdags: DAGs that stand within tasks (Airflow 2), in the order met.
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
        self._defaults = defaults
        self._raw_defaults = raw_defaults
        self._default_args = default_args
        self._params = {name: _bytes(param) for name, param in _pairs(params)}
        self._fields: dict[str, Callable[[Any], Any]] = {
            **dict.fromkeys(_DURATIONS, lambda value: self._number(value, duration)),
            **dict.fromkeys(_DATES, lambda value: self._number(value, moment)),
            "weight_rule": self._weight_rule,
        }
        self.subdags: list[dict[str, Any]] = []

    def read(self, task: Mapping[str, Any], group: str | None, labels: Mapping[str, str], upstream: list[str]) -> Task:
        """Return a task.

        Raises:
            BlobError: a field holds what it cannot.
        """
        task_id = task["task_id"]
        is_mapped = task.get("_is_mapped") is True
        given = self._partial(task) if is_mapped else self._plain(task)
        if own := self._own_params(task.get("params")):
            given["params"] = own
        path = ("tasks", task_id)
        args = self._encoder.encode_each(given, *path, "args")
        if is_mapped:
            args = {name: value for name, value in args.items() if not self._is_default(name, value)}
        if self._default_args:
            self._unite(args)
        partial = task.get("partial_kwargs") if is_mapped else None
        flags = {**task, **partial} if partial else task
        teardown = flags.get("is_teardown") is True
        if teardown and args.get("trigger_rule") == _TEARDOWN_RULE:
            del args["trigger_rule"]
        return Task(
            args=args,
            group=group,
            labels=dict(labels),
            mapping=read_mapping(_expand_input(task), self._values, self._encoder, path) if is_mapped else None,
            on_failure_fail_dagrun=flags.get("on_failure_fail_dagrun") is True,
            operator=_operator(task),
            setup=flags.get("is_setup") is True,
            teardown=teardown,
            upstream=tuple(sorted(upstream)),
        )

    def read_arguments(self, given: Mapping[str, Any], *path: str) -> dict[str, Value]:
        """Return arguments as a task says them, written."""
        read: dict[str, Any] = {}
        for name, value in given.items():
            self._add(read, name, value)
        return self._encoder.encode_each(read, *path)

    def _plain(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a task that is not mapped, as far as they are said."""
        given: dict[str, Any] = {}
        rendered, raw, fields = task.get("template_fields") or (), self._raw_defaults, self._fields
        for name, value in task.items():
            if name in _SKIPPED or (name in raw and value == raw[name]):
                continue
            if name in rendered:
                given[name] = self._values.texts.read_template(value)
            elif name in fields:
                given[name] = fields[name](value)
            else:
                self._add(given, name, value)
        if "python_callable_name" in task or "op_kwargs" in rendered:
            given["python_callable"] = function(task.get("python_callable_name"))
        return given

    def _partial(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Return what `.partial()` was given: all of it is encoded, and nothing is left out but defaults."""
        partial = task.get("partial_kwargs")
        if not isinstance(partial, dict):
            raise BlobError(f"the mapped task {task['task_id']!r} has no `partial_kwargs`")
        given: dict[str, Any] = {}
        names = (task.get("python_callable_name"), partial.get("python_callable_name"))
        for name, value in partial.items():
            if name not in _STRUCTURE:
                self._add(given, name, value)
        for name, value in task.items():
            if name not in _SKIPPED and name not in given:
                self._add(given, name, value)
        if "python_callable" in partial or any(names) or "op_kwargs" in (task.get("template_fields") or ()):
            given["python_callable"] = function(names[0] or names[1], partial.get("python_callable"))
        return given

    def _add(self, given: dict[str, Any], name: str, value: Any) -> None:
        """Add what one field says."""
        if name.startswith("has_"):
            if name == "has_retry_policy" or name.endswith("_callback"):
                if value is True:
                    given.setdefault(name.removeprefix("has_"), unknown())
                return
        elif name == "reschedule":  # what a sensor says of its mode
            if value is True:
                given["mode"] = "reschedule"
            return
        elif name == "subdag" and isinstance(value, dict):
            given[name] = self._subdag(value)
            return
        name = _RENAMED.get(name, name)
        if name in ("post_execute", "pre_execute"):
            given[name] = source(value)
        elif name in self._fields and not isinstance(value, dict):
            given[name] = self._fields[name](value)
        else:
            given[name] = self._values.argument(name, value)

    def _subdag(self, value: dict[str, Any]) -> Any:
        dag = value["__var"] if isinstance(value.get("__var"), dict) else value
        dag_id = dag.get("_dag_id")
        if not isinstance(dag_id, str):
            return unknown(value=self._values.read(value))
        self.subdags.append(dag)
        return Tagged("dag", dag_id=dag_id)

    def _number(self, value: Any, read: Callable[[Any], Any]) -> Any:
        return read(value) if type(value) in (int, float) else self._values.read(value)

    def _weight_rule(self, value: Any) -> Any:
        """Return the rule by name; of a strategy that a class says, Airflow 3 writes the class alone."""
        if type(value) is str and value not in _RULES and "." in value:
            return unknown(**{"class": canonical_name(without_machine(value))})
        return self._values.read(value)

    def _own_params(self, params: Any) -> dict[str, Any]:
        """Return the params that a task does not have from its DAG, which Airflow repeats in every task."""
        if not params:
            return {}
        return {name: self._values.param(param) for name, param in _pairs(params) if not self._is_of_dag(name, param)}

    def _is_of_dag(self, name: str, param: Any) -> bool:
        if isinstance(param, dict) and param.get("source") in ("dag", "task"):  # Airflow 3.2 and later
            return bool(param["source"] == "dag")
        return self._params.get(name) == _bytes(param)

    def _is_default(self, name: str, value: Value) -> bool:
        return name in self._defaults and is_default(value, self._defaults[name])

    def _unite(self, args: dict[str, Value]) -> None:
        """Add what a task has from the DAG's default_args, as far as that is certain.

        An argument that every task says, or has by default, is known. Any other one may have been passed to the task
        with another value.
        """
        for name, value in self._default_args.items():
            if name in args:
                continue
            if name not in self._defaults or name == "params":
                args[name] = {"$": "unknown"}
            else:
                default = self._defaults[name]
                args[name] = value if is_default(value, default) else default


def _operator(task: Mapping[str, Any]) -> str:
    """Return the import path of the operator's class, or the decorator that made it."""
    name = task.get("_operator_name")
    if isinstance(name, str) and name.startswith("@"):
        return name
    kind, module = task.get("task_type"), task.get("_task_module")
    if not isinstance(kind, str) or not kind:
        raise BlobError(f"the task {task['task_id']!r} has no `task_type`")
    return canonical_name(without_machine(f"{module}.{kind}")) if isinstance(module, str) and module else kind


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
    """Return what tells two params apart: their JSON without where they come from; NaN, which it lacks, by its text."""
    if not isinstance(param, dict):
        return repr(param).encode(), False
    said = {key: item for key, item in param.items() if key != "source"}
    try:
        return msgspec.json.encode(said, order="deterministic"), False
    except (msgspec.MsgspecError, OverflowError, ValueError, TypeError, RecursionError):
        return repr(said).encode(), True
