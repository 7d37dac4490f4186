"""Read the DAG's own fields of a blob in its newest form."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from typing import Any

from dagserial.errors import BlobError
from dagserial.model import DagFields, Encoder, Value
from dagserial.model.names import canonical_name
from dagserial.sources.airflow_blob.encoded import Values, duration, in_zone, moment
from dagserial.sources.airflow_blob.said import is_default
from dagserial.sources.airflow_blob.tagged import Tagged, unknown
from dagserial.sources.airflow_blob.timetable import schedule

_PLAIN = frozenset(
    {
        *("access_control", "allowed_run_types", "catchup", "dag_display_name", "default_view", "description"),
        *("disable_bundle_versioning", "doc_md", "fail_fast", "is_paused_upon_creation", "max_active_runs"),
        *("max_active_tasks", "max_consecutive_failed_dag_runs", "orientation", "owner_links"),
        *("render_template_as_native_obj", "rerun_with_latest_version", "tags"),
    }
)
_CALLBACKS = {"has_on_failure_callback": "on_failure_callback", "has_on_success_callback": "on_success_callback"}
_ELSEWHERE = frozenset(
    {
        *("dag_id", "timezone", "timetable", "schedule_interval", "dataset_triggers", "start_date", "end_date"),
        *("default_args", "params", "deadline", "dagrun_timeout", "task_group", "tasks", "edge_info"),
        *("dag_dependencies", "fileloc", "relative_fileloc", "_processor_dags_folder", "is_subdag"),
        *_PLAIN,
        *_CALLBACKS,
    }
)
"""Fields that are read; any other one is one of a release to come."""

_REFERENCES = {
    "DagRunLogicalDateDeadline": "DAGRUN_LOGICAL_DATE",
    "DagRunQueuedAtDeadline": "DAGRUN_QUEUED_AT",
}
"""What a deadline counts from, by the class that Airflow makes of it."""


def read_fields(dag: Mapping[str, Any], values: Values, encoder: Encoder, version: int) -> dict[str, Value]:
    """Return the DAG's fields by name, params and defaults among them.

    Args:
        version: the `__version` that the blob had.
    """
    given: dict[str, Any] = {name: values.read(dag[name]) for name in dag.keys() & _PLAIN}
    given |= {own: unknown() for name, own in _CALLBACKS.items() if dag.get(name) is True}
    given["schedule"] = schedule(dag, values, version)
    zone = zone_of(dag.get("timezone", "UTC"))
    if dag.get("start_date") is not None:  # its zone is the DAG's
        given["start_date"] = in_zone(dag["start_date"], zone)
    if dag.get("end_date") is not None:
        given["end_date"] = moment(dag["end_date"])
    if dag.get("dagrun_timeout") is not None:
        given["dagrun_timeout"] = duration(dag["dagrun_timeout"])
    if dag.get("default_args") is not None:
        given["default_args"] = _default_args(dag, values, zone)
    if dag.get("deadline") is not None:
        given["deadline"] = _deadlines(dag["deadline"], values)
    return encoder.encode_each(given, "dag")


def fields_of(
    dag_id: str, said: Mapping[str, Value], rest: Mapping[str, Value], unsaid: dict[str, dict[str, Value]]
) -> DagFields:
    """Return the fields of a DAG, without those that say what absence says.

    Args:
        said: by name.
        rest: what no name is known for.
        unsaid: what absence says.
    """
    defaults = unsaid["dag"]
    own = {name: value for name, value in said.items() if name not in defaults or not is_default(value, defaults[name])}
    params = own.pop("params", ())
    return DagFields(dag_id=dag_id, extra=dict(rest), params=params, unsaid=unsaid, **own)


def read_params(dag: Mapping[str, Any], values: Values, encoder: Encoder) -> tuple[tuple[str, Value], ...]:
    """Return the DAG's params in their order."""
    params = dag.get("params") or []
    if not isinstance(params, list):
        raise BlobError("`params` are no pairs of name and param", "/dag/params")
    found = []
    for pair in params:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise BlobError("`params` are no pairs of name and param", "/dag/params")
        found.append((pair[0], encoder.encode(values.param(pair[1]), "dag", "params", pair[0])))
    return tuple(found)


def read_rest(dag: Mapping[str, Any], values: Values, encoder: Encoder) -> dict[str, Value]:
    """Return the fields that no release so far has written."""
    rest = {name: values.read(value) for name, value in dag.items() if name not in _ELSEWHERE}
    return encoder.encode_each(rest, "dag", "extra")


def zone_of(name: Any) -> dt.tzinfo:
    """Return the zone of a DAG; UTC, if it is none that this machine knows."""
    if type(name) in (int, float):
        try:
            return dt.timezone(dt.timedelta(seconds=name))
        except (OverflowError, ValueError) as error:
            raise BlobError(f"{name!r} is no time zone", "/dag/timezone") from error
    try:
        return dt.UTC if name in ("UTC", None) else zoneinfo.ZoneInfo(str(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC


def _default_args(dag: Mapping[str, Any], values: Values, zone: dt.tzinfo) -> Any:
    """Return default_args; where they hold the DAG's start date, it is in the DAG's zone, which is that of the date."""
    given = dag["default_args"]
    found = values.arguments(given.get("__var", given)) if isinstance(given, dict) else values.read(given)
    if not isinstance(found, dict):
        return found
    for name in [name for name in found if name.startswith("has_on_") and name.endswith("_callback")]:
        if found.pop(name) is True:
            found[name.removeprefix("has_")] = unknown()
    start = found.get("start_date")
    if dag.get("start_date") is None and isinstance(start, dt.datetime):
        found["start_date"] = start.astimezone(zone)
    return found


def _deadlines(given: Any, values: Values) -> Any:
    """Return deadlines; a single one stands bare."""
    if not isinstance(given, list):
        return values.read(given)
    found = [_deadline(one, values) for one in given]
    return found[0] if len(found) == 1 else found


def _deadline(given: Any, values: Values) -> Any:
    """Return a deadline; in its database, Airflow 3.3 keeps no more of it in the blob than a UUID."""
    if not isinstance(given, dict):
        return unknown()
    kwargs = {
        "callback": _made(given.get("callback"), values),
        "interval": _made(given.get("interval"), values),
        "reference": _reference(given.get("reference"), values),
    }
    if given.get("name") is not None:
        kwargs["name"] = given["name"]
    return Tagged("object", **{"class": "airflow.sdk.DeadlineAlert"}, kwargs=kwargs)


def _made(given: Any, values: Values) -> Any:
    """Return what `airflow.sdk.serde` wrote: `{"__classname__": ..., "__data__": ...}`."""
    if not isinstance(given, dict) or not isinstance(given.get("__classname__"), str):
        return duration(given) if type(given) in (int, float) else values.read(given)
    name, written = given["__classname__"], given.get("__data__")
    if name == "datetime.timedelta":
        return duration(written)
    kwargs = {key: values.read(item) for key, item in written.items()} if isinstance(written, dict) else {}
    path = kwargs.pop("path", None)
    fields = {"class": canonical_name(name), "args": [path] if path is not None else [], "kwargs": kwargs}
    return Tagged("object", **{key: field for key, field in fields.items() if field})


def _reference(given: Any, values: Values) -> Any:
    """Return what a deadline counts from, under the name that authors give it."""
    if not isinstance(given, dict):
        return values.read(given)
    kind = given.get("reference_type")
    if kind in _REFERENCES and len(given) == 1:
        return Tagged("symbol", name=f"airflow.sdk.DeadlineReference.{_REFERENCES[kind]}")
    return unknown(**{"class": str(kind)}, value={key: values.read(item) for key, item in given.items()})
