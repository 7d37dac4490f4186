"""Declare DAGs: `with DAG(...)`, `@dag`, `dag=`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dagserial.authoring.context import DECLARING, calling_frames
from dagserial.authoring.group import TaskGroup
from dagserial.authoring.key import DuplicateTaskIdFound, Suffixes, check_key
from dagserial.authoring.node import AbstractOperator, copied
from dagserial.authoring.subset import chosen_ids, subset
from dagserial.authoring.taskflow import TaskDecorators
from dagserial.authoring.xcom import Reference

_POSITIONAL = ("description", "schedule", "start_date", "end_date", "full_filepath", "template_searchpath")
"""Order of the arguments behind dag_id, from Airflow 1.10 to 2.x; 3.x takes keywords only."""

RENAMED = {
    "schedule_interval": "schedule",
    "timetable": "schedule",
    "concurrency": "max_active_tasks",
    "fail_stop": "fail_fast",
}
"""Arguments that Airflow renamed, by their old names."""

DAG_ARGUMENTS = frozenset(
    {
        *("access_control", "allowed_run_types", "auto_register", "catchup", "dag_display_name", "dagrun_timeout"),
        *("deadline", "default_args", "default_view", "description", "disable_bundle_versioning", "doc_md"),
        *("end_date", "fail_fast", "is_paused_upon_creation", "jinja_environment_kwargs", "max_active_runs"),
        *("max_active_tasks", "max_consecutive_failed_dag_runs", "on_failure_callback", "on_success_callback"),
        *("orientation", "owner_links", "params", "render_template_as_native_obj", "rerun_with_latest_version"),
        *("schedule", "sla_miss_callback", "start_date", "tags", "template_searchpath", "template_undefined"),
        *("user_defined_filters", "user_defined_macros"),
    }
)
"""Every argument of DAG in Airflow 1.10 to 3.3, by its newest name."""


class DagParam(Reference):
    """Stands for a param of the DagRun: `dag.param("region")`, and the arguments of an `@dag` function."""

    def __init__(self, current_dag: DAG, name: str, default: Any = None) -> None:
        self.current_dag = current_dag
        self._name = name
        self._default = default

    def iter_references(self) -> Iterator[tuple[AbstractOperator, str]]:
        yield from ()

    def __str__(self) -> str:
        return f"{{{{ params.{self._name} }}}}"


class DAG:
    """A DAG under declaration; takes any keyword argument and keeps what was passed."""

    def __init__(self, dag_id: str, *args: Any, **kwargs: Any) -> None:
        """Declare the DAG.

        Raises:
            TypeError: dag_id is no string.
            ValueError: dag_id is too long, or holds characters that ids do not.
        """
        check_key("dag_id", dag_id)
        given = dict(zip(_POSITIONAL, args, strict=False)) | kwargs
        given.pop("full_filepath", None)
        declared = {RENAMED.get(name, name): value for name, value in given.items()}
        if "default_args" in declared:
            declared["default_args"] = copied(declared["default_args"])
        fields: dict[str, Any] = dict.fromkeys(DAG_ARGUMENTS) | declared
        fields |= {"dag_id": dag_id, "_dagserial_declared": declared, "_dagserial_frames": calling_frames()}
        fields["default_args"] = {**(declared.get("default_args") or {})}
        fields["params"] = {**(declared.get("params") or {}), **(fields["default_args"].get("params") or {})}
        fields |= {"task_dict": {}, "task_suffixes": Suffixes(), "edge_info": {}, "partials": []}
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        if isinstance(declared.get("params"), Mapping):
            declared["params"] = self.params
        object.__setattr__(self, "task_group", TaskGroup(None, dag=self))

    dag_id: str
    task_dict: dict[str, Any]
    task_suffixes: Suffixes
    task_group: TaskGroup
    partials: list[Any]
    edge_info: dict[str, dict[str, dict[str, str]]]
    default_args: dict[str, Any]
    params: dict[str, Any]
    doc_md: Any
    _dagserial_declared: dict[str, Any]
    _dagserial_frames: tuple[tuple[str, int], ...]

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep what is set later as if it had been passed: `dag.doc_md = __doc__` declares it."""
        name = RENAMED.get(name, name)
        object.__setattr__(self, name, value)
        if name in DAG_ARGUMENTS:
            self._dagserial_declared[name] = value

    @property
    def schedule_interval(self) -> Any:
        """The schedule, by its name before Airflow 2.4."""
        return self.__dict__["schedule"]

    @property
    def timetable(self) -> Any:
        """The schedule, by the name of Airflow 2.2."""
        return self.__dict__["schedule"]

    @property
    def fileloc(self) -> str:
        """File in which the DAG is made."""
        return self._dagserial_frames[0][0] if self._dagserial_frames else ""

    filepath = full_filepath = fileloc

    @property
    def tasks(self) -> list[Any]:
        """The tasks, in declared order."""
        return list(self.task_dict.values())

    @property
    def task_ids(self) -> list[str]:
        """The ids of the tasks, in declared order."""
        return list(self.task_dict)

    @property
    def roots(self) -> list[Any]:
        """Tasks with nothing upstream."""
        return [task for task in self.tasks if not task.upstream_task_ids]

    @property
    def leaves(self) -> list[Any]:
        """Tasks with nothing downstream."""
        return [task for task in self.tasks if not task.downstream_task_ids]

    def add_task(self, task: AbstractOperator, group: TaskGroup | None = None) -> None:
        """Put a task into the DAG.

        Raises:
            DuplicateTaskIdFound: the DAG has a task or group of that id.
        """
        if self.task_dict.get(task.task_id) is task:
            return
        if task.task_id in self.task_dict or task.task_id in self.task_group.used_ids:
            held = "a task" if task.task_id in self.task_dict else "a task group"
            raise DuplicateTaskIdFound(
                f"task_id {task.task_id!r} has already been added to the DAG {self.dag_id!r}, as {held}"
            )
        object.__setattr__(task, "dag", self)
        self.task_dict[task.task_id] = task
        self.task_suffixes.add(task.task_id)
        object.__setattr__(task, "task_group", group or task.task_group or self.task_group)
        (group or task.task_group or self.task_group).children[task.task_id] = task

    def add_tasks(self, tasks: Sequence[AbstractOperator]) -> None:
        """Put tasks into the DAG."""
        for task in tasks:
            self.add_task(task)

    def has_task(self, task_id: str) -> bool:
        """Tell whether the DAG has a task of that id."""
        return task_id in self.task_dict

    def has_task_group(self, group_id: str) -> bool:
        """Tell whether the DAG has a task group of that id."""
        return group_id in self.task_group.used_ids

    def get_task(self, task_id: str, include_subdags: bool = False) -> Any:
        """Return the task of that id.

        Raises:
            KeyError: the DAG has no such task.
        """
        return self.task_dict[task_id]

    def partial_subset(
        self,
        task_ids_or_regex: Any,
        include_downstream: bool = False,
        include_upstream: bool = True,
        include_direct_upstream: bool = False,
    ) -> DAG:
        """Return a copy of the DAG with the tasks that a regular expression is found in, or that are named.

        What precedes them comes along; what follows them and what directly precedes any of all these, if asked for.
        """
        kept = chosen_ids(
            self,
            task_ids_or_regex,
            downstream=include_downstream,
            upstream=include_upstream,
            direct=include_direct_upstream,
        )
        return subset(self, kept)

    sub_dag = partial_subset

    def set_dependency(self, upstream_task_id: str, downstream_task_id: str) -> None:
        """Draw an edge between two tasks by their ids."""
        self.get_task(upstream_task_id).set_downstream(self.get_task(downstream_task_id))

    def param(self, name: str, default: Any = inspect.Parameter.empty) -> DagParam:
        """Return a stand-in for a param; a default given here declares the param."""
        if default is not inspect.Parameter.empty:
            self.params[name] = default
            self._dagserial_declared["params"] = self.params
        return DagParam(self, name)

    @property
    def task(self) -> TaskDecorators:
        """The `@task` decorator; the DAG's own block must be open."""
        return _InDag(self)

    def __enter__(self) -> DAG:
        DECLARING.dags.append(self)
        return self

    def __exit__(self, *_exc: object) -> None:
        DECLARING.dags.remove(self)
        DECLARING.closed.append(self)

    def __hash__(self) -> int:
        return id(self)


class _InDag(TaskDecorators):
    """`@dag.task`: decorated functions belong to that DAG, whichever block is open."""

    def __init__(self, dag: DAG, kind: str = "") -> None:
        super().__init__(kind)
        self._dag = dag

    def __call__(self, function: Any = None, **kwargs: Any) -> Any:
        return super().__call__(function, **{"dag": self._dag, **kwargs})


def dag(dag_id_or_function: Any = None, **kwargs: Any) -> Any:
    """Decorate a function that declares a DAG; calling it declares the DAG and returns it.

    Its arguments become params, its docstring the documentation, its name the dag_id, unless given
    (Airflow 2.x and 3.x, `dag`).
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., DAG]:
        given = dict(kwargs)
        named = dag_id_or_function if isinstance(dag_id_or_function, str) else function.__name__
        dag_id = given.pop("dag_id", None) or named

        @functools.wraps(function)
        def declare(*args: Any, **arguments: Any) -> DAG:
            bound = inspect.signature(function).bind(*args, **arguments)
            bound.apply_defaults()
            with DAG(dag_id, **given) as declared:
                if function.__doc__ and not declared.doc_md:
                    declared.doc_md = function.__doc__
                function(**{name: declared.param(name, value) for name, value in bound.arguments.items()})
            return declared

        return declare

    return decorate(dag_id_or_function) if callable(dag_id_or_function) else decorate
