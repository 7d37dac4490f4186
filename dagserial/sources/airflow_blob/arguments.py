"""Read the arguments of the tasks of a blob in its newest form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dagserial.errors import BlobError
from dagserial.model import Value
from dagserial.model.names import canonical_name
from dagserial.model.scalar import timedelta_
from dagserial.sources.airflow_blob.encoded import FUNCTIONS, Values, duration, moment
from dagserial.sources.airflow_blob.tagged import Tagged, unknown, without_machine
from dagserial.sources.airflow_blob.text import NotPlainError, function, source

_OWN_OF_CLASS = frozenset(
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

_SKIPPED = _OWN_OF_CLASS | _STRUCTURE
_RENAMED = {
    "_logger_name": "logger_name",
    "_post_execute_hook": "post_execute",
    "_pre_execute_hook": "pre_execute",
    "_task_display_name": "task_display_name",
}
"""Arguments by the attributes in which Airflow keeps them."""

_DURATIONS = ("execution_timeout", "max_retry_delay", "retry_delay", "sla")
_RULES = ("absolute", "downstream", "upstream")
_SCALARS = frozenset({str, int, bool})
_TEXT = frozenset({str})
_RENDERED, _PLAIN, _DURATION, _FLAG, _OTHER = range(5)
"""How a field is read: a template; a scalar that stands for itself; seconds; True or of no meaning; by what it is."""

_NOTHING = object()
_SHORT = 200
"""Letters of a function's name up to which what is known of it is kept, to be written again."""

Given = dict[str, Any]
"""Arguments by name that the encoder is yet to write."""

_Plan = tuple[list[str], list[tuple[str, int, Any]], bool]
"""The template fields; the fields that hold arguments, how each is read, its default; whether a function is called."""


class Arguments:
    """Reads the arguments of the tasks of one DAG.

    Most are plain and read as they stand; only the rest goes through the model's encoder.

    Args:
        values: reads the values in them.
        raw_defaults: the value of each argument that an absent one stands for, as a blob says it.

    Attributes:
        subdags: DAGs that stand within tasks (Airflow 2), in the order met.
    """

    def __init__(self, values: Values, raw_defaults: Mapping[str, Any]) -> None:
        self._values = values
        self._raw_defaults = raw_defaults
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._functions: dict[str, Value] = {}
        self._durations: dict[float, Value] = {}
        self._special: dict[str, Callable[[Any], Any]] = {
            **dict.fromkeys(_DURATIONS, self._duration),
            **dict.fromkeys(("end_date", "start_date"), self._moment),
            "weight_rule": self._weight_rule,
        }
        self.subdags: list[dict[str, Any]] = []

    def plain(self, task: Mapping[str, Any], given: Given) -> dict[str, Value]:
        """Return the arguments of a task that is not mapped, as far as they are written as they stand.

        Args:
            given: gets the others.
        """
        written: dict[str, Value] = {}
        plain, usual, durations = self._values.texts.plain, self._values.texts.usual, self._durations
        _, fields, is_of_function = self._plan(task)
        for name, kind, default in fields:
            value = task[name]
            if value == default or (kind == _FLAG and value is not True):
                continue
            if kind <= _PLAIN and type(value) is str and value in usual:
                written[name] = value
                continue
            if kind == _DURATION and type(value) is float:
                written[name] = durations[value] if value in durations else self._written_duration(value)
                continue
            if kind == _RENDERED or (kind == _PLAIN and type(value) in _SCALARS):
                try:
                    written[name] = plain(value)
                    continue
                except NotPlainError:
                    pass
            if kind == _RENDERED:
                given[name] = self._values.texts.read_template(value)
            else:
                self.add(given, name, value)
        if is_of_function:
            written["python_callable"] = self._function(task.get("python_callable_name"))
        return written

    def partial(self, task: Mapping[str, Any], given: Given) -> dict[str, Value]:
        """Return what `.partial()` was given, as `plain` does: nothing is left out of it but defaults."""
        partial = task.get("partial_kwargs")
        if not isinstance(partial, dict):
            raise BlobError(f"the mapped task {task['task_id']!r} has no `partial_kwargs`")
        written: dict[str, Value] = {}
        for name, value in partial.items():
            if name not in _STRUCTURE and not self._is_written(written, name, value):
                self.add(given, name, value)
        for name, value in task.items():
            if name not in _SKIPPED and name not in partial:
                self.add(given, name, value)
        name = task.get("python_callable_name") or partial.get("python_callable_name")
        if name or "python_callable" in partial or "op_kwargs" in (task.get("template_fields") or ()):
            given["python_callable"] = function(name, partial.get("python_callable"))
        return written

    def _is_written(self, written: dict[str, Value], name: str, value: Any) -> bool:
        """Write an encoded argument that is plain, or a duration, as most are; tell whether it is one."""
        if not self._is_plain(name) and name not in _DURATIONS:
            return False
        if type(value) is dict and value.get("__type") == "timedelta" and type(value.get("__var")) is float:
            written[name] = self._written_duration(value["__var"])
            return True
        try:
            written[name] = self._values.plain(value)
        except NotPlainError:
            return False
        return True

    def add(self, given: Given, name: str, value: Any) -> None:
        """Add what one field says."""
        if _is_flag(name):
            if value is True:
                given.setdefault(name.removeprefix("has_"), unknown())
        elif name == "reschedule":  # what a sensor says of its mode
            if value is True:
                given["mode"] = "reschedule"
        elif name == "subdag" and isinstance(value, dict):
            given[name] = self._subdag(value)
        elif name in ("_post_execute_hook", "_pre_execute_hook"):
            given[_RENAMED[name]] = source(value)
        elif name in self._special and not isinstance(value, dict):
            given[name] = self._special[name](value)
        else:
            given[_RENAMED.get(name, name)] = self._values.argument(name, value)

    def _plan(self, task: Mapping[str, Any]) -> _Plan:
        """Return how tasks of this shape are read."""
        rendered = task.get("template_fields", [])
        shape = tuple(task)
        known = self._plans.get(shape)
        if known is not None and known[0] == rendered:
            return known
        if type(rendered) is not list or not _TEXT.issuperset(map(type, rendered)):
            raise BlobError(f"`template_fields` of task {task['task_id']!r} are no names", "/dag/tasks")
        if len(self._plans) > _SHORT:
            self._plans.clear()
        names = [name for name in task if name not in _SKIPPED]
        fields = [(name, self._kind(name, rendered), self._raw_defaults.get(name, _NOTHING)) for name in names]
        found = self._plans[shape] = rendered, fields, "python_callable_name" in task or "op_kwargs" in rendered
        return found

    def _kind(self, name: str, rendered: list[str]) -> int:
        if name in rendered:
            return _RENDERED
        if name in _DURATIONS:
            return _DURATION
        if _is_flag(name):
            return _FLAG
        return _PLAIN if self._is_plain(name) else _OTHER

    def _is_plain(self, name: str) -> bool:
        is_read_apart = (
            name in FUNCTIONS or name in self._special or name in _RENAMED or name in ("reschedule", "subdag")
        )
        return not is_read_apart and not name.startswith("has_")

    def _function(self, name: Any) -> Value:
        """Return what is known of a function by its name; of a usual name, once."""
        if type(name) is not str or not name.isascii() or len(name) > _SHORT:
            return {"$": "unknown"}
        if name not in self._functions:
            self._functions[name] = {"$": "unknown", **function(name).fields}
        return self._functions[name]

    def _subdag(self, value: dict[str, Any]) -> Any:
        dag = value["__var"] if isinstance(value.get("__var"), dict) else value
        dag_id = dag.get("_dag_id")
        if not isinstance(dag_id, str):
            return unknown(value=self._values.read(value))
        self.subdags.append(dag)
        return Tagged("dag", dag_id=dag_id)

    def _written_duration(self, value: float) -> Value:
        """Return a duration of seconds as the record has it; that of the same seconds is worked out once."""
        if value not in self._durations:
            self._durations[value] = timedelta_(duration(value))
        return self._durations[value]

    def _duration(self, value: Any) -> Any:
        return duration(value) if type(value) in (int, float) else self._values.read(value)

    def _moment(self, value: Any) -> Any:
        return moment(value) if type(value) in (int, float) else self._values.read(value)

    def _weight_rule(self, value: Any) -> Any:
        """Return the rule by name; of a strategy that a class says, Airflow 3 writes the class alone."""
        if type(value) is str and value not in _RULES and "." in value:
            return unknown(**{"class": canonical_name(without_machine(value))})
        return self._values.read(value)


def _is_flag(name: str) -> bool:
    """Tell whether a field says of a function or a policy that there is one, and nothing else of it."""
    return name.startswith("has_") and (name.endswith("_callback") or name == "has_retry_policy")
