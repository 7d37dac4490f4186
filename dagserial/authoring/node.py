"""Be a task: what plain and mapped tasks share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dagserial.authoring.context import calling_frames
from dagserial.authoring.dependency import DependencyMixin
from dagserial.authoring.key import check_key
from dagserial.authoring.scope import SCOPES, Scope
from dagserial.authoring.xcom import PlainXComArg, Reference

if TYPE_CHECKING:
    from dagserial.authoring.dag import DAG
    from dagserial.authoring.group import TaskGroup

PLACING = ("task_id", "dag", "task_group", "default_args")
"""Arguments that say where a task stands; the record says that by structure."""


class AbstractOperator(DependencyMixin):
    """A task of a DAG, mapped or not."""

    task_id: str
    dag: DAG | None = None
    task_group: TaskGroup | None = None
    is_setup = False
    is_teardown = False
    is_mapped = False
    on_failure_fail_dagrun = False
    upstream_task_ids: set[str]
    downstream_task_ids: set[str]

    def _place(self, task_id: Any, dag: DAG | None, group: TaskGroup | None) -> None:
        """Give the task its id and put it into its DAG and group."""
        full_id = group.child_id(task_id) if group and isinstance(task_id, str) else task_id
        check_key("task_id", full_id)
        fields: dict[str, Any] = {"upstream_task_ids": set(), "downstream_task_ids": set(), "task_id": full_id}
        fields["_dagserial_frames"] = calling_frames(1)
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        if dag is not None:
            dag.add_task(self, group)
        if SCOPES and SCOPES[-1].watches and not self.is_mapped:
            SCOPES[-1].add_task(self)

    @property
    def node_id(self) -> str:
        """The task_id."""
        return self.task_id

    @property
    def dag_id(self) -> str:
        """Id of the DAG."""
        return self.dag.dag_id if self.dag else ""

    @property
    def roots(self) -> Sequence[AbstractOperator]:
        return [self]

    @property
    def leaves(self) -> Sequence[AbstractOperator]:
        return [self]

    @property
    def output(self) -> PlainXComArg:
        """The task's return value."""
        return PlainXComArg(self)

    @property
    def upstream_list(self) -> list[Any]:
        """Tasks directly upstream, by id."""
        return [self.dag.task_dict[task_id] for task_id in sorted(self.upstream_task_ids)] if self.dag else []

    @property
    def downstream_list(self) -> list[Any]:
        """Tasks directly downstream, by id."""
        return [self.dag.task_dict[task_id] for task_id in sorted(self.downstream_task_ids)] if self.dag else []

    def get_direct_relatives(self, upstream: bool = False) -> list[Any]:
        """Return the tasks directly upstream or downstream."""
        return self.upstream_list if upstream else self.downstream_list

    def has_dag(self) -> bool:
        """Tell whether the task is in a DAG."""
        return self.dag is not None

    def as_setup(self) -> AbstractOperator:
        """Mark the task as a setup."""
        object.__setattr__(self, "is_setup", True)
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool | None = None) -> AbstractOperator:
        """Mark the task as a teardown, of `setups` if given."""
        object.__setattr__(self, "is_teardown", True)
        if on_failure_fail_dagrun is not None:
            object.__setattr__(self, "on_failure_fail_dagrun", on_failure_fail_dagrun)
        for setup in [setups] if isinstance(setups, DependencyMixin) else setups or ():
            for task in setup.leaves:
                task.as_setup()
            setup.set_downstream(self)
        return self

    def __enter__(self) -> Scope:
        if not self.is_setup and not self.is_teardown:
            raise RuntimeError("only a setup or a teardown opens a block: `with setup_task:`")
        return SCOPES.open([self])

    def __exit__(self, *_exc: object) -> None:
        SCOPES.close()


def merged_defaults(dag: DAG | None, group: TaskGroup | None, own: dict[str, Any] | None) -> dict[str, Any]:
    """Return default_args of the DAG, overlaid by the groups', overlaid by the task's own `default_args=`."""
    return {
        **((dag.default_args if dag else None) or {}),
        **((group.default_args if group else None) or {}),
        **(own or {}),
    }


def copied(value: Any) -> Any:
    """Copy dicts and lists, however deep: what is changed in them later was not declared.

    Airflow 2.x and 3.x deep-copy default_args.
    """
    if type(value) is dict:
        return {name: copied(item) for name, item in value.items()}
    return [copied(item) for item in value] if type(value) is list else value


def referenced(value: Any) -> Iterator[AbstractOperator]:
    """Iterate over the operators whose XComs a value holds, however deep in lists, tuples, sets and dicts."""
    left, seen = [value], set()
    while left:
        value = left.pop()
        if isinstance(value, Reference):
            yield from (operator for operator, _key in value.iter_references())
        elif isinstance(value, list | tuple | set | frozenset | dict) and id(value) not in seen:
            seen.add(id(value))
            left += reversed(list(value.values() if isinstance(value, dict) else value))
