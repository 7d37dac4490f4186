"""Say what a blob says of a DAG by saying nothing: the value of each field that Airflow leaves out.

A field or argument that is not named here is one that a blob never has, or has only if the operator's class renders it:
where it is absent, nothing is known of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagserial.model import Value

_MINUTES_5: Value = {"$": "timedelta", "value": "PT300S"}

GROUP: dict[str, Value] = {
    "doc_md": None,
    "group_display_name": "",
    "prefix_group_id": True,
    "tooltip": "",
    "ui_color": "CornflowerBlue",
    "ui_fgcolor": "#000",
}
"""Of task groups; `default_args` and what `.partial()` gave are in no blob."""

_DAG: dict[str, Value] = {
    "access_control": None,
    "allowed_run_types": None,
    "dag_display_name": None,
    "dagrun_timeout": None,
    "deadline": None,
    "default_args": {},
    "description": None,
    "disable_bundle_versioning": False,
    "doc_md": None,
    "end_date": None,
    "is_paused_upon_creation": None,
    "max_active_runs": 16,
    "max_active_tasks": 16,
    "max_consecutive_failed_dag_runs": 0,
    "on_failure_callback": None,
    "on_success_callback": None,
    "owner_links": {},
    "render_template_as_native_obj": False,
    "rerun_with_latest_version": None,
    "start_date": None,
    "tags": [],
}
"""Of DAGs. A release that does not know an argument says by that that it was not passed."""

_DAG_1: dict[str, Value] = {
    "catchup": True,
    "default_view": "grid",
    "orientation": "LR",
    "schedule": {"$": "timedelta", "value": "P1D"},
}
_DAG_2: dict[str, Value] = {"catchup": False, "fail_fast": False, "schedule": None}

_TASK: dict[str, Value] = {
    "allow_nested_operators": True,
    "depends_on_past": False,
    "do_xcom_push": True,
    "doc": None,
    "doc_json": None,
    "doc_md": None,
    "doc_rst": None,
    "doc_yaml": None,
    "email": None,
    "email_on_failure": True,
    "email_on_retry": True,
    "execution_timeout": None,
    "executor": None,
    "executor_config": {},
    "ignore_first_depends_on_past": False,
    "inlets": [],
    "logger_name": None,
    "map_index_template": None,
    "max_active_tis_per_dag": None,
    "max_active_tis_per_dagrun": None,
    "max_retry_delay": None,
    "on_execute_callback": None,
    "on_failure_callback": None,
    "on_retry_callback": None,
    "on_skipped_callback": None,
    "on_success_callback": None,
    "op_args": [],
    "op_kwargs": {},
    "outlets": [],
    "owner": "airflow",
    "params": {},
    "pool": "default_pool",
    "pool_slots": 1,
    "post_execute": None,
    "pre_execute": None,
    "priority_weight": 1,
    "queue": "default",
    "render_template_as_native_obj": None,
    "resources": None,
    "retries": 0,
    "retry_delay": _MINUTES_5,
    "retry_exponential_backoff": False,
    "retry_policy": None,
    "run_as_user": None,
    "task_display_name": None,
    "trigger_rule": "all_success",
    "wait_for_downstream": False,
    "wait_for_past_depends_before_skipping": False,
    "weight_rule": "downstream",
}
"""The arguments that every operator shares, but for `multiple_outputs`, which Airflow infers from annotations."""

_TASK_1: dict[str, Value] = {"ignore_first_depends_on_past": True, "sla": None}

_BY_VERSION: dict[int, tuple[dict[str, Value], dict[str, Value]]] = {
    1: (_DAG | _DAG_1, _TASK | _TASK_1),
    2: (_DAG | _DAG_2, _TASK),
    3: (_DAG | _DAG_2, _TASK),
}


def unsaid(version: int, configured: Mapping[str, Value], dates: Mapping[str, Value]) -> dict[str, dict[str, Value]]:
    """Return what an absent field stands for: by `dag`, `group` and `task`.

    Args:
        version: the `__version` that the blob had.
        configured: defaults of tasks that the deployment's configuration sets (`client_defaults`, Airflow 3.1).
        dates: the DAG's own `start_date` and `end_date`, which tasks have unless told otherwise.
    """
    dag, task = _BY_VERSION[version]
    return {"dag": dag, "group": GROUP, "task": {**task, "end_date": None, "start_date": None, **dates, **configured}}


def is_default(value: Any, default: Value) -> bool:
    """Tell whether a written value is the default: to the type, but that numbers may stand for flags."""
    return bool(value == default) and (type(value) is type(default) or type(value) in (bool, int))
