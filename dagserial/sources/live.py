"""Read DAG objects by duck typing: those of `authoring`, by attribute names that Airflow shares."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dagserial.authoring.context import Frame
from dagserial.errors import UnsupportedValueError
from dagserial.model import MAX_VALUE_BYTES, Dag, DagFields, Encoder, Group, Task, Value, ValueWarning
from dagserial.model import Mapping as TaskMapping
from dagserial.model.scalar import dotted_name
from dagserial.model.value import EncodeType
from dagserial.sources.code import Code, CodedEncoder
from dagserial.sources.file import FileArgument, Files, file_value
from dagserial.sources.inferred import WARNING, declared, is_inferred

_NO_DEFAULT = ("ArgNotSet", "_NotSet")
"""Classes of what stands for a default, or a fill value, where there is none."""

_ENUM_ARGUMENTS = ("trigger_rule", "weight_rule")
_OF_MANY_SPELLINGS = frozenset({*_ENUM_ARGUMENTS, "params"})


def read(
    dag: Any,
    *,
    encoders: Mapping[type, EncodeType] | None = None,
    root: str = "",
    code: Code | None = None,
    files: Files | None = None,
    strict: bool = False,
    max_bytes: int = MAX_VALUE_BYTES,
) -> tuple[Dag, tuple[ValueWarning, ...]]:
    """Return what a DAG object declares, and what could not be written in full.

    Args:
        encoders: how types that only the caller knows are written.
        root: folder of the tree; texts that name it are written relative to it.
        code: digests the functions and classes of the repository, which is what is not installed if none is given.
        files: finds the files that arguments name; without, they are plain texts.
        strict: refuse what has no deterministic form.
        max_bytes: what one value may take in the record.

    Raises:
        InvalidDagError: the DAG contradicts itself.
        UnsupportedValueError: an argument has no form in a record.
    """
    code = code or Code()
    by_type = {FileArgument: file_value, **(encoders or {})}
    encoder = CodedEncoder(code, by_type, named=NAMED, root=root, strict=strict, max_bytes=max_bytes)
    try:
        fields = _fields(dag, encoder)
        if not encoder.warnings:
            encoder.share(declared(dag).get("default_args"), fields.default_args)
        groups = {group.group_id: _group(group, encoder) for group in _groups(dag.task_group)}
        kinds = _Kinds(code)
        tasks = {task_id: _task(dag, task, encoder, kinds, files) for task_id, task in dag.task_dict.items()}
    except UnsupportedValueError as error:
        file, line = _declared_at(dag, error.pointer)
        raise error.declared(dag.dag_id, file.removeprefix(f"{root}/" if root else ""), line) from None
    inferred = [ValueWarning("", WARNING)] if is_inferred(dag) else []
    warnings = {*encoder.warnings, *inferred, *_unmapped(dag)}
    return Dag(fields=fields, groups=groups, tasks=tasks), tuple(sorted(warnings))


def _declared_at(dag: Any, pointer: str) -> Frame:
    """Return where the task, or else the DAG, is declared that a pointer into the record leads to."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")]
    task = dag.task_dict.get(steps[2]) if steps[1:2] == ["tasks"] else None
    frames = getattr(task, "_dagserial_frames", None) or getattr(dag, "_dagserial_frames", None)
    return frames[0] if frames else (getattr(dag, "fileloc", ""), 0)


def _unmapped(dag: Any) -> list[ValueWarning]:
    """Return a warning for each task that was begun by `partial()` and never mapped, so that the DAG lacks it."""
    left = [partial for partial in getattr(dag, "partials", ()) if not partial.is_expanded]
    message = "was never mapped: call expand() or expand_kwargs() on it"
    return [ValueWarning(f"/tasks/{partial.kwargs['task_id']}", f"{partial!r} {message}") for partial in left]


def _fields(dag: Any, encoder: Encoder) -> DagFields:
    known: dict[str, Any] = {}
    extra: dict[str, Value] = {}
    for name, value in declared(dag).items():
        if name == "params" and isinstance(value, Mapping):
            pairs = ((key, _param(param)) for key, param in value.items())
            known[name] = tuple((str(key), encoder.encode(param, "dag", name, str(key))) for key, param in pairs)
        elif name in DagFields.__struct_fields__ and name not in ("extra", "params", "unsaid"):
            known[name] = encoder.encode(value, "dag", name)
        else:
            extra[name] = encoder.encode(value, "dag", "extra", name)
    return DagFields(dag_id=str.__str__(dag.dag_id), extra=extra, **known)


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
    own = {name: value for name, value in declared(group).items() if name in Group.__struct_fields__}
    fields = encoder.encode_each(own, *path)
    partial = getattr(group, "partial_kwargs", None) or {}
    if partial:
        fields["args"] = encoder.encode_each(partial, *path, "args")
    if (expand_input := getattr(group, "_expand_input", None)) is not None:
        fields["mapping"] = _mapping(_sources(expand_input), encoder, path)
    around = getattr(group, "parent_group", None)
    parent = around.group_id if around else None
    return Group(parent=parent, **fields)


class _Kinds(dict[Any, tuple[str, str | None]]):
    """The name of each operator class, and the digest of its code where that counts as the task's."""

    def __init__(self, code: Code) -> None:
        self._code = code

    def __missing__(self, operator: Any) -> tuple[str, str | None]:
        name = operator_name(operator)
        self[operator] = name, None if name.startswith("@") else self._code.of_operator(operator)
        return self[operator]


def _task(dag: Any, task: Any, encoder: Encoder, kinds: _Kinds, files: Files | None) -> Task:
    is_mapped = _is(task, "MappedOperator")
    operator: Any = task.operator_class if is_mapped else type(task)
    name, code = kinds[operator]
    own = declared(task)
    given = _arguments(files.found_in(own, operator, dag) if files else own)
    sources = _expanded(task) if is_mapped else None
    if files and sources:
        sources = files.found_in_mapping(sources, operator, dag)
    mapping = _mapping(sources, encoder, ("tasks", task.task_id)) if sources else None
    return Task(
        args=encoder.encode_each(given, "tasks", task.task_id, "args"),
        code=code,
        group=task.task_group.group_id if task.task_group else None,
        labels=_labels(dag, task) if dag.edge_info else {},
        mapping=mapping,
        on_failure_fail_dagrun=bool(getattr(task, "on_failure_fail_dagrun", False)),
        operator=name,
        setup=bool(getattr(task, "is_setup", False)),
        teardown=bool(getattr(task, "is_teardown", False)),
        upstream=tuple(sorted(task.upstream_task_ids)),
    )


def _labels(dag: Any, task: Any) -> dict[str, str]:
    edges = ((before, dag.edge_info.get(before, {}).get(task.task_id, {})) for before in task.upstream_task_ids)
    return {before: str(info["label"]) for before, info in edges if info.get("label") is not None}


def _is(thing: Any, name: str) -> bool:
    """Tell whether a class of that name is among a thing's bases; modules moved between Airflow versions."""
    kind: Any = type(thing)
    return name in _line(kind)


@functools.lru_cache(maxsize=1024)
def _line(kind: type) -> frozenset[str]:
    """Return the names of a class and of all its bases."""
    return frozenset(base.__name__ for base in kind.__mro__)


def operator_name(operator: Any) -> str:
    """Return `@task.<kind>` for a decorated function's class, else the class's import path."""
    decorator = getattr(operator, "custom_operator_name", "")
    return decorator if isinstance(decorator, str) and decorator.startswith("@") else dotted_name(operator)


def _arguments(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a task's arguments in the form that every spelling of the same has."""
    if _OF_MANY_SPELLINGS.isdisjoint(declared):
        return declared
    same = {}
    for name in _ENUM_ARGUMENTS:
        if name in declared and isinstance(declared[name], enum.Enum):
            same[name] = declared[name].value
    if "params" in declared and isinstance(params := declared["params"], Mapping):
        same["params"] = {key: _param(param) for key, param in params.items()}
    return {**declared, **same}


class Sources(NamedTuple):
    """What a task or a group is mapped over: sources by parameter, or what `expand_kwargs()` was given."""

    value: Any
    is_by_name: bool


def _expanded(task: Any) -> Sources:
    """Return what a mapped task is mapped over; Airflow 2.3 keeps plain dicts."""
    if hasattr(task, "_expand_input_attr"):
        return _sources(getattr(task, task._expand_input_attr))
    return Sources(getattr(task, "mapped_op_kwargs", None) or task.mapped_kwargs, is_by_name=True)


def _sources(expand_input: Any) -> Sources:
    return Sources(expand_input.value, is_by_name=not _is(expand_input, "ListOfDictsExpandInput"))


def _mapping(sources: Sources, encoder: Encoder, path: tuple[str, ...]) -> TaskMapping:
    steps = (*path, "mapping")
    if not sources.is_by_name:
        return TaskMapping(expand_kwargs=encoder.encode(sources.value, *steps, "expand_kwargs"))
    plain = {name: one for name, one in sources.value.items() if not isinstance(one, dict)}
    written = encoder.encode_each(plain, *steps, "expand")
    for name, one in sources.value.items():
        if name not in plain:
            written[name] = _in_order(one, encoder, (*steps, "expand", name))
    return TaskMapping(expand=tuple((name, written[name]) for name in sources.value))


def _in_order(source: dict[Any, Any], encoder: Encoder, steps: tuple[str, ...]) -> Value:
    """Write a dict that is a source: its order decides the map index."""
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
    # Airflow has one that stands for none.
    has_one = hasattr(value, "fillvalue") and type(value.fillvalue).__name__ not in _NO_DEFAULT
    return tagged | ({"fillvalue": encode(value.fillvalue)} if has_one else {})


def _mapped_argument(value: Any, encode: Callable[[Any], Value]) -> Value:
    return {"$": "mapped_argument", "name": value._key}


def _param_value(value: Any, encode: Callable[[Any], Value]) -> Value:
    tagged: dict[str, Value] = {"$": "param"}
    if type(value.value).__name__ not in _NO_DEFAULT:
        tagged["default"] = encode(value.value)
    if getattr(value, "description", None) is not None:
        tagged["description"] = encode(value.description)
    if getattr(value, "schema", None):
        tagged["schema"] = encode(dict(value.schema))
    return tagged


def _asset(value: Any, encode: Callable[[Any], Value]) -> Value:
    name = getattr(value, "name", None)  # a dataset (Airflow 2) has none
    name = None if name == value.uri else name
    fields = {"name": name, "uri": value.uri, "group": _asset_group(value), "extra": value.extra}
    tagged = {name: encode(field) for name, field in fields.items() if field}
    return {"$": "asset"} | tagged | {name: encode(more) for name, more in _more_of_asset(value).items()}


def _more_of_asset(value: Any) -> dict[str, Any]:
    """Return what else an asset was given: by `authoring`, whatever it is; by Airflow 3, what it takes."""
    if hasattr(value, "more"):
        return dict(value.more)
    more = {name: getattr(value, name, None) for name in ("watchers", "access_control")}
    return {name: given for name, given in more.items() if given and given != type(given)()}


def _asset_group(value: Any) -> str | None:
    """Return the group of an asset, but for the one that Airflow gives those which name none."""
    group = getattr(value, "group", None)
    return None if group == "asset" else group


def _asset_name(value: Any, encode: Callable[[Any], Value]) -> Value:
    tag = "asset_ref" if _is(value, "AssetRef") else "asset_alias"
    fields = {name: getattr(value, name, None) for name in ("name", "uri")} | {"group": _asset_group(value)}
    return {"$": tag} | {name: encode(field) for name, field in fields.items() if field}


def _asset_condition(value: Any, encode: Callable[[Any], Value]) -> Value:
    tag = "asset_all" if _is(value, "AssetAll") or _is(value, "DatasetAll") else "asset_any"
    return {"$": tag, "objects": encode(list(value.objects))}


def _dag_param(value: Any, encode: Callable[[Any], Value]) -> Value:
    return {"$": "dag_param", "name": value._name}


def _dag(value: Any, encode: Callable[[Any], Value]) -> Value:
    return {"$": "dag", "dag_id": str.__str__(value.dag_id)}


def _operator(value: Any, encode: Callable[[Any], Value]) -> Value:
    return {"$": "task", "task": encode(value.task_id)}


def _task_function(value: Any, encode: Callable[[Any], Value]) -> Value:
    return encode(value.function)


NAMED: dict[str, EncodeType] = {
    "PlainXComArg": _xcom,
    "MapXComArg": _xcom_map,
    "FilterXComArg": _xcom_filter,
    "ZipXComArg": _xcom_zip,
    "ConcatXComArg": _xcom_concat,
    "MappedArgument": _mapped_argument,
    "Param": _param_value,
    "_PlainParam": _param_value,
    "Asset": _asset,
    "AssetDefinition": _asset,
    "AssetAlias": _asset_name,
    "Dataset": _asset,
    "DatasetAlias": _asset_name,
    "DatasetAll": _asset_condition,
    "DatasetAny": _asset_condition,
    "_DatasetAliasCondition": _asset_name,
    "AssetNameRef": _asset_name,
    "AssetRef": _asset_name,
    "AssetUriRef": _asset_name,
    "AssetAll": _asset_condition,
    "AssetAny": _asset_condition,
    "DagParam": _dag_param,
    "DAG": _dag,
    "AbstractOperator": _operator,
    "TaskGroup": lambda value, encode: {"$": "task_group", "group": value.group_id},
    "TaskFunction": _task_function,
}
"""How declared objects are written, by the names that their classes have in every Airflow version."""
