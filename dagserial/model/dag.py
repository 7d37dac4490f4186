"""Say what a DAG is, and check that it holds together."""

from graphlib import CycleError
from operator import lt

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.errors import InvalidDagError
from dagserial.model.group import Group
from dagserial.model.order import upstream_first
from dagserial.model.task import Task
from dagserial.model.value import Value


class DagFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The DAG's own arguments, as its author passed them; one that was not passed is absent.

    Names are those of the newest Airflow: `schedule_interval` and `timetable` stand as `schedule`, `concurrency` as
    `max_active_tasks`, `fail_stop` as `fail_fast`.

    Attributes:
        extra: arguments that this version has no name for.
        params: (name, param) pairs in declared order, which is the order of the trigger form.
        unsaid: of a DAG that was read from Airflow's serialized form, which leaves out much of what was declared: for
            `dag`, `group` and `task`, the value that an absent field or argument stands for, by name. Of an absent one
            that is not named here, nothing is known. Absent where all that was declared is known.
    """

    access_control: Value | UnsetType = UNSET
    allowed_run_types: Value | UnsetType = UNSET
    auto_register: Value | UnsetType = UNSET
    catchup: Value | UnsetType = UNSET
    dag_display_name: Value | UnsetType = UNSET
    dag_id: str
    dagrun_timeout: Value | UnsetType = UNSET
    deadline: Value | UnsetType = UNSET
    default_args: Value | UnsetType = UNSET
    default_view: Value | UnsetType = UNSET
    description: Value | UnsetType = UNSET
    disable_bundle_versioning: Value | UnsetType = UNSET
    doc_md: Value | UnsetType = UNSET
    end_date: Value | UnsetType = UNSET
    extra: dict[str, Value] = {}
    fail_fast: Value | UnsetType = UNSET
    is_paused_upon_creation: Value | UnsetType = UNSET
    jinja_environment_kwargs: Value | UnsetType = UNSET
    max_active_runs: Value | UnsetType = UNSET
    max_active_tasks: Value | UnsetType = UNSET
    max_consecutive_failed_dag_runs: Value | UnsetType = UNSET
    on_failure_callback: Value | UnsetType = UNSET
    on_success_callback: Value | UnsetType = UNSET
    orientation: Value | UnsetType = UNSET
    owner_links: Value | UnsetType = UNSET
    params: tuple[tuple[str, Value], ...] = ()
    render_template_as_native_obj: Value | UnsetType = UNSET
    rerun_with_latest_version: Value | UnsetType = UNSET
    schedule: Value | UnsetType = UNSET
    sla_miss_callback: Value | UnsetType = UNSET
    start_date: Value | UnsetType = UNSET
    tags: Value | UnsetType = UNSET
    template_searchpath: Value | UnsetType = UNSET
    template_undefined: Value | UnsetType = UNSET
    unsaid: dict[str, dict[str, Value]] | UnsetType = UNSET
    user_defined_filters: Value | UnsetType = UNSET
    user_defined_macros: Value | UnsetType = UNSET


class Dag(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A DAG: its own fields, its tasks by id, its task groups by id.

    Two DAGs are the same when their records' bytes are; `==` holds 1, 1.0 and True equal, which a record does not.

    Raises:
        InvalidDagError: a task or a group names one that is not there, one id is that of a task and of a group, a
            label is that of no edge, tasks run in a circle, or groups lie in each other.
    """

    fields: DagFields
    groups: dict[str, Group] = {}
    tasks: dict[str, Task] = {}

    def __post_init__(self) -> None:
        _check_groups(self)
        _check_upstream(self)

    @property
    def dag_id(self) -> str:
        """The DAG's id."""
        return self.fields.dag_id


def _check_groups(dag: Dag) -> None:
    for task_id, task in dag.tasks.items():
        if task.group is not None and task.group not in dag.groups:
            raise InvalidDagError(f"task {task_id!r} of DAG {dag.dag_id!r} is in group {task.group!r}, which it lacks")
    for group_id, group in dag.groups.items():
        if group.parent is not None and group.parent not in dag.groups:
            raise InvalidDagError(f"group {group_id!r} of {dag.dag_id!r} is in group {group.parent!r}, which it lacks")
    if both := sorted(dag.tasks.keys() & dag.groups.keys()):
        raise InvalidDagError(f"{both[0]!r} is the id of a task and of a group of DAG {dag.dag_id!r}")
    parents: dict[str, tuple[str, ...]] = {
        group_id: () if group.parent is None else (group.parent,) for group_id, group in dag.groups.items()
    }
    if circle := _circle(parents):
        raise InvalidDagError(f"groups of DAG {dag.dag_id!r} lie in each other: {' -> '.join(circle)}")


def _check_upstream(dag: Dag) -> None:
    declared: set[str] = set()
    for task_id, task in dag.tasks.items():
        upstream = task.upstream
        if len(upstream) > 1 and not all(map(lt, upstream, upstream[1:])):
            raise InvalidDagError(f"upstream of task {task_id!r} of DAG {dag.dag_id!r} is not sorted and unique")
        if task.labels and (stray := sorted(task.labels.keys() - set(upstream))):
            raise InvalidDagError(
                f"task {task_id!r} of DAG {dag.dag_id!r} has a label from {stray[0]!r}, which it does not follow"
            )
        if declared.issuperset(upstream):
            declared.add(task_id)
    if len(declared) < len(dag.tasks):  # else each is declared behind those that it follows, so they run in no circle
        _check_order(dag)


def _check_order(dag: Dag) -> None:
    for task_id, task in dag.tasks.items():
        for upstream_id in task.upstream:
            if upstream_id not in dag.tasks:
                raise InvalidDagError(f"task {task_id!r} of DAG {dag.dag_id!r} follows {upstream_id!r}, which it lacks")
    if circle := _circle({task_id: task.upstream for task_id, task in dag.tasks.items()}):
        raise InvalidDagError(f"tasks of DAG {dag.dag_id!r} run in a circle: {' -> '.join(circle)}")


def _circle(before: dict[str, tuple[str, ...]]) -> list[str]:
    """Return a circle in a graph of predecessors, its first id again last; empty if there is none."""
    try:
        upstream_first(before)
    except CycleError as error:
        return list(error.args[1])
    return []
