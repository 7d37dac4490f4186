"""Read DAG objects by duck typing: those of `authoring`, by attribute names that Airflow shares."""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Mapping
from typing import Any

from dagserial.model import Dag, DagFields, Encoder, Group, Task, Value, ValueWarning
from dagserial.model import Mapping as TaskMapping
from dagserial.model.scalar import dotted_name
from dagserial.model.value import EncodeType
from dagserial.sources.code import function_value

_ENUM_ARGUMENTS = ("trigger_rule", "weight_rule")


def read(
    dag: Any, *, encoders: Mapping[type, EncodeType] | None = None, root: str = ""
) -> tuple[Dag, tuple[ValueWarning, ...]]:
    """Return what a DAG object declares, and what could not be written in full.

    Args:
        encoders: how types that only the caller knows are written.
        root: folder of the tree; texts that name it are written relative to it.

    Raises:
        InvalidDagError: the DAG contradicts itself.
        UnsupportedValueError: an argument holds itself, or is nested too deeply.
    """
    encoder = Encoder({types.FunctionType: function_value, **(encoders or {})}, named=_NAMED, root=root)
    fields = _fields(dag, encoder)
    groups = {group.group_id: _group(group, encoder) for group in _groups(dag.task_group)}
    tasks = {task_id: _task(dag, task, encoder) for task_id, task in dag.task_dict.items()}
    warnings = {*encoder.warnings, *_unmapped(dag)}
    return Dag(fields=fields, groups=groups, tasks=tasks), tuple(sorted(warnings))


def _unmapped(dag: Any) -> list[ValueWarning]:
    """Return a warning for each task that was begun by `partial()` and never mapped, so that the DAG lacks it."""
    left = [partial for partial in getattr(dag, "partials", ()) if not partial.is_expanded]
    message = "was never mapped: call expand() or expand_kwargs() on it"
    return [ValueWarning(f"/tasks/{partial.kwargs['task_id']}", f"{partial!r} {message}") for partial in left]


def _fields(dag: Any, encoder: Encoder) -> DagFields:
    known, extra = {}, {}
    for name, value in dag._dagserial_declared.items():
        if name == "params" and isinstance(value, Mapping):
            pairs = ((key, _param(param)) for key, param in value.items())
            known[name] = tuple((str(key), encoder.encode(param, "dag", name, str(key))) for key, param in pairs)
        elif name in DagFields.__struct_fields__ and name not in ("extra", "params"):
            known[name] = encoder.encode(value, "dag", name)
        else:
            extra[name] = encoder.encode(value, "dag", "extra", name)
    return DagFields(dag_id=dag.dag_id, extra=extra, **known)


def _param(param: Any) -> Any:
    """Return a plain default as the Param that Airflow makes of it; the two mean the same."""
    return param if type(param).__name__ in ("Param", "Symbol") else _PlainParam(param)


class _PlainParam:
    def __init__(self, value: Any) -> None:
        self.value = value


def _groups(group: Any) -> list[Any]:
    """Return every group below one, outer ones first."""
    found = []
    left = [group]
    while left:
        inner = [child for child in left.pop().children.values() if _is(child, "TaskGroup")]
        found += inner
        left += reversed(inner)
    return found


def _group(group: Any, encoder: Encoder) -> Group:
    path = ("groups", group.group_id)
    declared = {name: value for name, value in group._dagserial_declared.items() if name in Group.__struct_fields__}
    fields = {name: encoder.encode(value, *path, name) for name, value in declared.items()}
    partial = getattr(group, "partial_kwargs", None) or {}
    if partial:
        fields["args"] = {name: encoder.encode(value, *path, "args", name) for name, value in partial.items()}
    if (expand_input := getattr(group, "_expand_input", None)) is not None:
        fields["mapping"] = _mapping(expand_input, encoder, path)
    parent = group.parent_group.group_id if group.parent_group else None
    return Group(parent=parent, **fields)


def _task(dag: Any, task: Any, encoder: Encoder) -> Task:
    path = ("tasks", task.task_id)
    is_mapped = _is(task, "MappedOperator")
    args = {name: _argument(name, value, encoder, path) for name, value in task._dagserial_declared.items()}
    mapping = _mapping(getattr(task, task._expand_input_attr), encoder, path) if is_mapped else None
    return Task(
        args=args,
        group=task.task_group.group_id if task.task_group else None,
        labels=_labels(dag, task),
        mapping=mapping,
        on_failure_fail_dagrun=bool(task.on_failure_fail_dagrun),
        operator=operator_name(task.operator_class if is_mapped else type(task)),
        setup=bool(task.is_setup),
        teardown=bool(task.is_teardown),
        upstream=tuple(sorted(task.upstream_task_ids)),
    )


def _labels(dag: Any, task: Any) -> dict[str, str]:
    edges = ((before, dag.edge_info.get(before, {}).get(task.task_id, {})) for before in task.upstream_task_ids)
    return {before: str(info["label"]) for before, info in edges if info.get("label") is not None}


def _is(thing: Any, name: str) -> bool:
    """Tell whether a class of that name is among a thing's bases; modules moved between Airflow versions."""
    return any(base.__name__ == name for base in type(thing).__mro__)


def operator_name(operator: Any) -> str:
    """Return `@task.<kind>` for a decorated function's class, else the class's import path."""
    decorator = getattr(operator, "custom_operator_name", "")
    return decorator if isinstance(decorator, str) and decorator.startswith("@") else dotted_name(operator)


def _argument(name: str, value: Any, encoder: Encoder, path: tuple[str, str]) -> Value:
    if name in _ENUM_ARGUMENTS and isinstance(value, enum.Enum):
        value = value.value
    if name == "params" and isinstance(value, Mapping):
        value = {key: _param(param) for key, param in value.items()}
    return encoder.encode(value, *path, "args", name)


def _mapping(expand_input: Any, encoder: Encoder, path: tuple[str, ...]) -> TaskMapping:
    steps = (*path, "mapping")
    if expand_input.EXPAND_INPUT_TYPE == "list-of-dicts":
        return TaskMapping(expand_kwargs=encoder.encode(expand_input.value, *steps, "expand_kwargs"))
    sources = expand_input.value.items()
    pairs = ((name, _source(source, encoder, (*steps, "expand", name))) for name, source in sources)
    return TaskMapping(expand=tuple(pairs))


def _source(source: Any, encoder: Encoder, steps: tuple[str, ...]) -> Value:
    """Write one source; a dict keeps its order, which decides the map index."""
    if not isinstance(source, dict):
        return encoder.encode(source, *steps)
    pairs = [[encoder.encode(key, *steps), encoder.encode(item, *steps, str(key))] for key, item in source.items()]
    return {"$": "dict", "items": pairs}


def _xcom(value: Any, encode: Callable[[Any], Value]) -> Value:
    key = {} if value.key == "return_value" else {"key": encode(value.key)}
    return {"$": "xcom", "task": value.operator.task_id} | key


def _xcom_map(value: Any, encode: Callable[[Any], Value]) -> Value:
    return {"$": "xcom_map", "callables": encode(list(value.callables)), "of": encode(value.arg)}


def _xcom_filter(value: Any, encode: Callable[[Any], Value]) -> Value:
    return _xcom_map(value, encode) | {"$": "xcom_filter"}


def _xcom_concat(value: Any, encode: Callable[[Any], Value]) -> Value:
    return {"$": "xcom_concat", "args": encode(list(value.args))}


def _xcom_zip(value: Any, encode: Callable[[Any], Value]) -> Value:
    tagged = {"$": "xcom_zip", "args": encode(list(value.args))}
    return tagged | ({"fillvalue": encode(value.fillvalue)} if hasattr(value, "fillvalue") else {})


def _mapped_argument(value: Any, encode: Callable[[Any], Value]) -> Value:
    return {"$": "mapped_argument", "name": value._key}


def _param_value(value: Any, encode: Callable[[Any], Value]) -> Value:
    tagged: dict[str, Value] = {"$": "param"}
    if getattr(value, "has_value", True):
        tagged["default"] = encode(value.value)
    if getattr(value, "description", None) is not None:
        tagged["description"] = encode(value.description)
    if getattr(value, "schema", None):
        tagged["schema"] = encode(dict(value.schema))
    return tagged


def _asset(value: Any, encode: Callable[[Any], Value]) -> Value:
    name = value.name if value.name != value.uri else None
    fields = {"name": name, "uri": value.uri, "group": value.group, "extra": value.extra}
    tagged = {name: encode(field) for name, field in fields.items() if field}
    return {"$": "asset"} | tagged | {name: encode(more) for name, more in getattr(value, "more", {}).items()}


def _asset_name(value: Any, encode: Callable[[Any], Value]) -> Value:
    tag = {"AssetAlias": "asset_alias", "AssetRef": "asset_ref"}[type(value).__name__]
    fields = {name: getattr(value, name, None) for name in ("name", "uri", "group")}
    return {"$": tag} | {name: encode(field) for name, field in fields.items() if field}


def _asset_condition(value: Any, encode: Callable[[Any], Value]) -> Value:
    tag = {"AssetAll": "asset_all", "AssetAny": "asset_any"}[type(value).__name__]
    return {"$": tag, "objects": encode(list(value.objects))}


def _dag_param(value: Any, encode: Callable[[Any], Value]) -> Value:
    return {"$": "dag_param", "name": value._name}


def _dag(value: Any, encode: Callable[[Any], Value]) -> Value:
    return {"$": "dag", "dag_id": encode(value.dag_id)}


def _operator(value: Any, encode: Callable[[Any], Value]) -> Value:
    return {"$": "task", "task": encode(value.task_id)}


def _task_function(value: Any, encode: Callable[[Any], Value]) -> Value:
    return encode(value.function)


_NAMED: dict[str, EncodeType] = {
    "PlainXComArg": _xcom,
    "MapXComArg": _xcom_map,
    "FilterXComArg": _xcom_filter,
    "ZipXComArg": _xcom_zip,
    "ConcatXComArg": _xcom_concat,
    "MappedArgument": _mapped_argument,
    "Param": _param_value,
    "_PlainParam": _param_value,
    "Asset": _asset,
    "AssetAlias": _asset_name,
    "AssetRef": _asset_name,
    "AssetAll": _asset_condition,
    "AssetAny": _asset_condition,
    "DagParam": _dag_param,
    "DAG": _dag,
    "AbstractOperator": _operator,
    "TaskGroup": lambda value, encode: {"$": "task_group", "group": value.group_id},
    "TaskFunction": _task_function,
}
"""How declared objects are written, by the names that their classes have in every Airflow version."""
