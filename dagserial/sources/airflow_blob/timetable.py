"""Say a blob's timetable as the schedule that its author may have passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagserial.errors import BlobError
from dagserial.model.names import canonical_name
from dagserial.sources.airflow_blob.encoded import Values, duration, relative, zone
from dagserial.sources.airflow_blob.tagged import Tagged, without_machine

_PLAIN = {"NullTimetable": None, "OnceTimetable": "@once", "ContinuousTimetable": "@continuous"}
_CRON = {1: "CronDataIntervalTimetable", 2: "CronTriggerTimetable", 3: "CronTriggerTimetable"}
"""What Airflow makes of a cron expression, by `__version`, unless it is configured otherwise."""

_DELTA = {1: "DeltaDataIntervalTimetable", 2: "DeltaTriggerTimetable", 3: "DeltaTriggerTimetable"}
_BY_ASSETS = ("AssetTriggeredTimetable", "DatasetTriggeredTimetable")
_OR_TIME = ("AssetOrTimeSchedule", "DatasetOrTimeSchedule")
_CONDITIONS = ("asset_condition", "dataset_condition")
_POSITIONAL = {"expression": False, "delta": False, "expressions": True}
"""What a timetable's class takes by position, and whether each item is an argument of its own."""


def schedule(dag: Mapping[str, Any], values: Values, version: int) -> Any:
    """Return what stands for the `schedule` argument.

    Where Airflow makes the same timetable of several, it is the plainest: a cron expression, a duration, a list of
    assets. Of a preset (`@daily`) Airflow 3 keeps its expression alone.

    Args:
        version: the `__version` that the blob had: what Airflow makes of a cron expression differs.
    """
    if "schedule_interval" in dag:
        return values.read(dag["schedule_interval"])
    timetable = dag.get("timetable")
    if timetable is None:
        return None
    kind, var = _parts(timetable)
    name = kind.rpartition(".")[2]
    if name in _PLAIN and not var:
        return _PLAIN[name]
    if name == _CRON[version] and _is_of_dag(var, dag) and type(var.get("expression")) is str:
        return var["expression"]
    if name == _DELTA[version] and var.keys() <= {"delta", "interval"} and not var.get("interval"):
        return _delta(var.get("delta"))
    if name in _BY_ASSETS:
        return _assets(var, values)
    return _object(kind, var, values)


def _parts(timetable: Any) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(timetable, dict) or not isinstance(timetable.get("__type"), str):
        raise BlobError("the timetable has no `__type`", "/dag/timetable")
    var = timetable.get("__var")
    return timetable["__type"], var if isinstance(var, dict) else {}


def _is_of_dag(var: Mapping[str, Any], dag: Mapping[str, Any]) -> bool:
    """Tell whether a cron timetable is what a bare expression gives: in the DAG's zone, and no more said."""
    is_bare = var.keys() <= {"expression", "timezone", "interval", "run_immediately"}
    has_rest = bool(var.get("interval")) or var.get("run_immediately") not in (None, False)
    return is_bare and not has_rest and var.get("timezone", "UTC") == dag.get("timezone", "UTC")


def _delta(var: Any) -> Any:
    return relative(var) if isinstance(var, dict) else duration(var)


def _assets(var: Mapping[str, Any], values: Values) -> Any:
    """Return the condition; a plain list of assets is the same as all of them."""
    given = next((var[name] for name in _CONDITIONS if name in var), None)
    found = values.read(given)
    if isinstance(found, Tagged) and found.tag == "asset_all" and found.fields["objects"]:
        return found.fields["objects"]
    return found


def _object(kind: str, var: Mapping[str, Any], values: Values) -> Tagged:
    """Return a timetable as its class and arguments."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for name, value in var.items():
        if name in _POSITIONAL:
            read = _delta(value) if name == "delta" else values.read(value)
            args += read if _POSITIONAL[name] and isinstance(read, list) else [read]
        elif name in _CONDITIONS:
            kwargs[name.replace("_condition", "s")] = _assets(var, values)
        elif not name.startswith("_"):
            kwargs |= _argument(name, value, values)
    fields = {"args": args, "class": canonical_name(without_machine(kind)), "kwargs": kwargs}
    return Tagged("object", **{name: field for name, field in fields.items() if field})


def _argument(name: str, value: Any, values: Values) -> dict[str, Any]:
    """Return an argument of a timetable by its name; none where it is what absence says."""
    match name:
        case "timezone":
            return {name: zone(value)}
        case "interval":
            return {} if not value else {name: _delta(value)}
        case "run_immediately":
            return {} if value is False else {name: _moment(value, values)}
        case "timetable" if isinstance(value, dict) and "__type" in value:
            return {name: _object(*_parts(value), values)}
    return {name: values.read(value)}


def _moment(value: Any, values: Values) -> Any:
    """Return how long after its moment a run is made: a duration in seconds, or a flag."""
    return duration(value) if type(value) is float else values.read(value)
