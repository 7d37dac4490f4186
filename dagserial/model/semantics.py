"""Say what each field of a record means: how it compares, and whether it says what is done or how it is shown.

Digests of parts and the diff both read these tables, so that the two cannot disagree.
"""

from typing import Literal

import msgspec

Shape = Literal[
    "arguments",
    "code",
    "defaults",
    "flag",
    "ids",
    "keyed",
    "mapping",
    "names",
    "opaque",
    "ordered",
    "pairs",
    "place",
    "set",
    "template",
    "text",
]
"""How a field compares.

- arguments: constructor arguments by name, each as `ARGUMENTS` says; absent is empty
- code: functions, which carry digests of their source, several in order; or such a digest
- defaults: arguments too, or a value in place of them
- flag: a boolean that is false where it is absent
- ids: sorted ids, each of which is there or not
- keyed: to the element; an object whose keys have no order
- mapping: a `Mapping`, each field as `MAPPING` says
- names: an object by name; absent is empty
- opaque: one value, told apart as it stands
- ordered: to the element; lists in order, objects by key
- pairs: (name, value) pairs by name, whose order counts
- place: the id of what it lies in, or the root
- set: a list whose order says nothing
- template: text that is rendered for each run
- text: prose
"""

Part = Literal["definition", "presentation", "place"]
"""What a field is part of: what is done and when, how it is shown to people, or where it stands among the others."""


class Meaning(msgspec.Struct, frozen=True):
    """What one field means."""

    shape: Shape
    part: Part = "definition"


UNKNOWN = Meaning("ordered")
"""What is held of an argument that no table names: that it counts, to the element."""

DAG: dict[str, Meaning] = {
    "access_control": Meaning("keyed"),
    "allowed_run_types": Meaning("set"),
    "auto_register": Meaning("opaque"),
    "catchup": Meaning("opaque"),
    "dag_display_name": Meaning("text", "presentation"),
    "dag_id": Meaning("opaque", "place"),
    "dagrun_timeout": Meaning("opaque"),
    "deadline": Meaning("ordered"),
    "default_args": Meaning("defaults"),
    "default_view": Meaning("opaque", "presentation"),
    "description": Meaning("text", "presentation"),
    "disable_bundle_versioning": Meaning("opaque"),
    "doc_md": Meaning("text", "presentation"),
    "end_date": Meaning("opaque"),
    "extra": Meaning("names"),
    "fail_fast": Meaning("opaque"),
    "is_paused_upon_creation": Meaning("opaque"),
    "jinja_environment_kwargs": Meaning("keyed"),
    "max_active_runs": Meaning("opaque"),
    "max_active_tasks": Meaning("opaque"),
    "max_consecutive_failed_dag_runs": Meaning("opaque"),
    "on_failure_callback": Meaning("code"),
    "on_success_callback": Meaning("code"),
    "orientation": Meaning("opaque", "presentation"),
    "owner_links": Meaning("keyed", "presentation"),
    "params": Meaning("pairs"),
    "render_template_as_native_obj": Meaning("opaque"),
    "rerun_with_latest_version": Meaning("opaque"),
    "schedule": Meaning("ordered"),
    "sla_miss_callback": Meaning("code"),
    "start_date": Meaning("opaque"),
    "tags": Meaning("set", "presentation"),
    "template_searchpath": Meaning("ordered"),
    "template_undefined": Meaning("opaque"),
    "unsaid": Meaning("opaque", "place"),
    "user_defined_filters": Meaning("keyed"),
    "user_defined_macros": Meaning("keyed"),
}
"""The fields of `DagFields`, each once."""

TASK: dict[str, Meaning] = {
    "args": Meaning("arguments"),
    "code": Meaning("code"),
    "group": Meaning("place", "place"),
    "labels": Meaning("names", "place"),
    "mapping": Meaning("mapping"),
    "on_failure_fail_dagrun": Meaning("flag"),
    "operator": Meaning("opaque"),
    "setup": Meaning("flag"),
    "teardown": Meaning("flag"),
    "upstream": Meaning("ids", "place"),
}
"""The fields of `Task`, each once."""

EDGES = ("labels", "upstream")
"""The fields of a task that are about its edges, by the id of the upstream task."""

GROUP: dict[str, Meaning] = {
    "args": Meaning("names"),
    "default_args": Meaning("defaults"),
    "doc_md": Meaning("text", "presentation"),
    "group_display_name": Meaning("text", "presentation"),
    "mapping": Meaning("mapping"),
    "parent": Meaning("place", "place"),
    "prefix_group_id": Meaning("opaque", "place"),
    "tooltip": Meaning("text", "presentation"),
    "ui_color": Meaning("opaque", "presentation"),
    "ui_fgcolor": Meaning("opaque", "presentation"),
}
"""The fields of `Group`, each once."""

MAPPING: dict[str, Meaning] = {
    "expand": Meaning("pairs"),
    "expand_kwargs": Meaning("ordered"),
}
"""The fields of `Mapping`, each once."""

ARGUMENTS: dict[str, Meaning] = {
    "allow_nested_operators": Meaning("opaque"),
    "depends_on_past": Meaning("opaque"),
    "do_xcom_push": Meaning("opaque"),
    "doc": Meaning("text", "presentation"),
    "doc_json": Meaning("text", "presentation"),
    "doc_md": Meaning("text", "presentation"),
    "doc_rst": Meaning("text", "presentation"),
    "doc_yaml": Meaning("text", "presentation"),
    "email": Meaning("ordered"),
    "email_on_failure": Meaning("opaque"),
    "email_on_retry": Meaning("opaque"),
    "end_date": Meaning("opaque"),
    "execution_timeout": Meaning("opaque"),
    "executor": Meaning("opaque"),
    "executor_config": Meaning("keyed"),
    "ignore_first_depends_on_past": Meaning("opaque"),
    "inlets": Meaning("ordered"),
    "logger_name": Meaning("opaque"),
    "map_index_template": Meaning("template", "presentation"),
    "max_active_tis_per_dag": Meaning("opaque"),
    "max_active_tis_per_dagrun": Meaning("opaque"),
    "max_retry_delay": Meaning("opaque"),
    "multiple_outputs": Meaning("opaque"),
    "on_execute_callback": Meaning("code"),
    "on_failure_callback": Meaning("code"),
    "on_retry_callback": Meaning("code"),
    "on_skipped_callback": Meaning("code"),
    "on_success_callback": Meaning("code"),
    "outlets": Meaning("ordered"),
    "owner": Meaning("opaque", "presentation"),
    "params": Meaning("keyed"),
    "pool": Meaning("opaque"),
    "pool_slots": Meaning("opaque"),
    "post_execute": Meaning("code"),
    "pre_execute": Meaning("code"),
    "priority_weight": Meaning("opaque"),
    "queue": Meaning("opaque"),
    "render_template_as_native_obj": Meaning("opaque"),
    "resources": Meaning("keyed"),
    "retries": Meaning("opaque"),
    "retry_delay": Meaning("opaque"),
    "retry_exponential_backoff": Meaning("opaque"),
    "retry_policy": Meaning("ordered"),
    "run_as_user": Meaning("opaque"),
    "sla": Meaning("opaque"),
    "start_date": Meaning("opaque"),
    "task_concurrency": Meaning("opaque"),
    "task_display_name": Meaning("text", "presentation"),
    "trigger_rule": Meaning("opaque"),
    "ui_color": Meaning("opaque", "presentation"),
    "ui_fgcolor": Meaning("opaque", "presentation"),
    "wait_for_downstream": Meaning("opaque"),
    "wait_for_past_depends_before_skipping": Meaning("opaque"),
    "weight_rule": Meaning("opaque"),
}
"""The arguments that every operator shares, under each name that Airflow 1.10 to 3.3 knows them by.

What an operator takes beyond these is `UNKNOWN`.
"""
