"""Read a blob of any form: upgrade it step by step to the newest, and that to the model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dagserial.errors import BlobError
from dagserial.model import MAX_VALUE_BYTES, Dag, Encoder, Task, Value, ValueWarning
from dagserial.sources.airflow_blob import v1, v2, v3
from dagserial.sources.airflow_blob.arguments import Arguments
from dagserial.sources.airflow_blob.encoded import Values
from dagserial.sources.airflow_blob.fields import fields_of, read_fields, read_params, read_rest
from dagserial.sources.airflow_blob.groups import read_groups
from dagserial.sources.airflow_blob.load import Blob, load
from dagserial.sources.airflow_blob.marks import form_of
from dagserial.sources.airflow_blob.said import unsaid
from dagserial.sources.airflow_blob.tagged import ENCODERS
from dagserial.sources.airflow_blob.tasks import TaskReader
from dagserial.sources.airflow_blob.text import Texts
from dagserial.sources.reading import Parsed, Provenance

_TEXT = frozenset({str})
_DELAY = 300.0
"""The `retry_delay` that Airflow 3 writes though it is the default: a duration never equals a number."""


def read(thing: object, *, max_bytes: int = MAX_VALUE_BYTES) -> list[Parsed]:
    """Return the DAG of a blob, and the DAGs within its tasks behind it (Airflow 2 had them).

    Args:
        thing: a path, bytes, a text or a dict; see `load`.
        max_bytes: what one value may take in the record.

    Raises:
        BlobError: the thing is no blob that this version reads.
        InvalidDagError: the DAG contradicts itself.
        UnsupportedValueError: a value has no form in a record.
    """
    blob = load(thing)
    found: list[Parsed] = []
    left = [blob]
    try:
        while left:
            parsed, subdags = _read_one(left.pop(), max_bytes)
            found.append(parsed)
            left += [{**blob, "dag": dag} for dag in reversed(subdags)]
    except RecursionError:
        raise BlobError("the blob is nested too deeply") from None
    return found


def upgrade(blob: Blob) -> Blob:
    """Return a blob of any form as the newest, Airflow 3.3, would hold it; the one that is given stays as it is.

    Fields that no newer release has stay, so that nothing is lost.

    Raises:
        BlobError: the form is unknown.
    """
    return _upgraded(blob, form_of(blob))


def _upgraded(blob: Blob, form: str) -> Blob:
    match form[0]:
        case "1":
            return v3.upgrade(v2.upgrade(v1.upgrade(blob, form)), "3b")
        case "2":
            return v3.upgrade(v2.upgrade(v2.with_bare_callbacks(blob)), "3b")
    return v3.upgrade(blob, form)


def _read_one(blob: Blob, max_bytes: int) -> tuple[Parsed, list[dict[str, Any]]]:
    form = form_of(blob)
    version = int(form[0])
    newest = _upgraded(blob, form)
    dag = newest["dag"]
    dag_id = dag.get("dag_id")
    if not isinstance(dag_id, str) or not dag_id:
        raise BlobError(f"the DAG's id is {str(dag_id)[:80]!r}", "/dag/dag_id")
    texts = Texts(dag_id, max_bytes)
    values = Values(texts)
    encoder = Encoder(ENCODERS, max_bytes=max_bytes)
    said = read_fields(dag, values, encoder, version)
    params = read_params(dag, values, encoder)
    configured = _configured(newest)
    absent = _absent(version, configured, said, values, encoder)
    groups, places = read_groups(dag, values, encoder)
    reader = TaskReader(
        values,
        encoder,
        absent["task"],
        raw_defaults=_raw(absent["task"], configured),
        default_args=_plain_dict(said.get("default_args")),
        params=dag.get("params") or [],
    )
    tasks = _tasks(dag, reader, places)
    fields = fields_of(dag_id, {**said, "params": params}, read_rest(dag, values, encoder), absent)
    warnings = {*encoder.warnings, *_truncated(fields, tasks, texts.truncated)}
    parsed = Parsed(Dag(fields=fields, groups=groups, tasks=tasks), _provenance(dag, form), tuple(sorted(warnings)))
    return parsed, reader.subdags


def _configured(blob: Blob) -> dict[str, Any]:
    """Return the defaults of tasks that the deployment's configuration sets, as the blob says them."""
    defaults = blob.get("client_defaults")
    tasks = defaults.get("tasks") if isinstance(defaults, dict) else None
    return dict(tasks) if isinstance(tasks, dict) else {}


def _absent(
    version: int, configured: Mapping[str, Any], said: Mapping[str, Value], values: Values, encoder: Encoder
) -> dict[str, dict[str, Value]]:
    """Return what absence says in this blob."""
    given: dict[str, Any] = {}
    arguments = Arguments(values, {})
    for name, value in configured.items():
        if value is not None:
            arguments.add(given, name, value)
    return unsaid(
        version,
        encoder.encode_each(given, "dag", "unsaid", "task"),
        {name: said[name] for name in ("start_date", "end_date") if name in said},
    )


def _raw(defaults: Mapping[str, Value], configured: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults that tasks say though they are none, as a blob says them."""
    plain = {name: value for name, value in defaults.items() if not isinstance(value, dict | list)}
    raw = {name: value for name, value in plain.items() if type(value) in (str, bool, int)}
    return {**raw, "op_args": [], "op_kwargs": {}, "inlets": [], "outlets": [], "retry_delay": _DELAY, **configured}


def _plain_dict(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) and "$" not in value else {}


def _tasks(dag: Mapping[str, Any], reader: TaskReader, places: Mapping[str, str]) -> dict[str, Task]:
    given = _given(dag["tasks"])
    upstream: dict[str, list[str]] = {task_id: [] for task_id in given}
    for task_id, task in given.items():
        if (ids := task.get("downstream_task_ids")) is None:
            continue
        for downstream in _checked(ids, task_id):
            if downstream not in upstream:
                raise BlobError(f"task {task_id!r} runs before {downstream!r}, which the blob lacks", "/dag/tasks")
            upstream[downstream].append(task_id)
    labels = _labels(dag.get("edge_info"), upstream)
    return {
        task_id: reader.read(task, places.get(task_id), labels.get(task_id, {}), upstream[task_id])
        for task_id, task in given.items()
    }


def _given(tasks: list[Any]) -> dict[str, dict[str, Any]]:
    """Return the fields of each task by its id; each id is that of one task."""
    found: dict[str, dict[str, Any]] = {}
    for at, wrapped in enumerate(tasks):
        task = wrapped.get("__var") if isinstance(wrapped, dict) and wrapped.get("__type") == "operator" else None
        if not isinstance(task, dict):
            raise BlobError("this is no task", f"/dag/tasks/{at}")
        task_id = task.get("task_id")
        if not isinstance(task_id, str) or not task_id:
            raise BlobError("the task has no `task_id`", f"/dag/tasks/{at}")
        if task_id in found:
            raise BlobError(f"two tasks have the id {task_id!r}", f"/dag/tasks/{at}")
        found[task_id] = task
    return found


def _checked(ids: Any, task_id: str) -> Collection[str]:
    """Return what runs behind a task, each once."""
    if not isinstance(ids, list) or not _TEXT.issuperset(map(type, ids)):
        raise BlobError(f"`downstream_task_ids` of task {task_id!r} are no ids", "/dag/tasks")
    return ids if len(ids) < 2 else set(ids)


def _labels(edges: Any, upstream: Mapping[str, list[str]]) -> dict[str, dict[str, str]]:
    """Return the labels of the edges of each task; those of a group's own joints stand at its tasks, too."""
    found: dict[str, dict[str, str]] = {}
    for before, inner in edges.items() if isinstance(edges, dict) else ():
        for after, about in inner.items() if isinstance(inner, dict) else ():
            label = about.get("label") if isinstance(about, dict) else None
            if isinstance(label, str) and before in upstream.get(after, ()):
                found.setdefault(after, {})[before] = label
    return found


def _truncated(fields: Any, tasks: Mapping[str, Task], count: int) -> Iterator[ValueWarning]:
    """Yield a warning for each argument that Airflow cut."""
    if not count:
        return
    message = "Airflow cut this value ([core] max_templated_field_length); only its beginning is known"
    for task_id, task in tasks.items():
        for name, value in task.args.items():
            if isinstance(value, dict) and value.get("$") == "unknown" and "start" in value:
                yield ValueWarning(f"/tasks/{task_id}/args/{name}", message)


def _provenance(dag: Mapping[str, Any], form: str) -> Provenance:
    """Return where the DAG was declared, from the top of the DAG folder as far as the blob says it."""
    file = dag.get("relative_fileloc") or dag.get("fileloc")
    folder = dag.get("_processor_dags_folder")
    text = file if isinstance(file, str) else ""
    if isinstance(folder, str) and folder:
        text = text.removeprefix(folder.rstrip("/") + "/")
    return Provenance(file=text, line=1, parser=f"Airflow's serialized DAG, form {form}")
