"""Know how DAGs hang on each other: by assets, by tasks that start a DAG, by tasks that wait for one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import UNSET

from dagserial.diff.impact import Link
from dagserial.model import Dag, Task
from dagserial.model.asset import AssetKey, assets
from dagserial.record import Record

_MARKS = (b'"external_dag_id"', b'"trigger_dag_id"', b'"asset')
"""What the record of a DAG holds that hangs on another one."""

_WAITED = ("external_task_id", "external_task_ids")


class Linked(NamedTuple):
    """A DAG that hangs on another.

    Attributes:
        name: what links the two: an asset, by its URI or name, or the task that starts or waits.
    """

    dag_id: str
    link: Link
    name: str


class _Waiting(NamedTuple):
    """A task that waits for tasks of another DAG, or, if it names none, for that DAG as a whole."""

    dag_id: str
    task_id: str
    tasks: frozenset[str]


class Links:
    """The links between DAGs. What is only known when a run is (a template as a dag_id) links nothing."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        """Look through DAGs by dag_id: only those are read that can hold a link."""
        self._records = records
        self._dags: dict[str, Dag] = {}
        self._scheduled: dict[AssetKey, list[str]] = {}
        self._waiting: dict[str, list[_Waiting]] = {}
        self._callers: dict[str, list[Linked]] = {}
        for dag_id, record in records.items():
            if any(mark in record.body for mark in _MARKS):
                self._look_through(dag_id, self.dag(dag_id))

    def _look_through(self, dag_id: str, dag: Dag) -> None:
        for key in assets(None if dag.fields.schedule is UNSET else dag.fields.schedule):
            self._scheduled.setdefault(key, []).append(dag_id)
        for task_id, task in dag.tasks.items():
            if isinstance(other := task.args.get("external_dag_id"), str):
                self._waiting.setdefault(other, []).append(_Waiting(dag_id, task_id, frozenset(_waited(task))))
            if isinstance(other := task.args.get("trigger_dag_id"), str):
                self._callers.setdefault(other, []).append(Linked(dag_id, "caller", task_id))

    def dag(self, dag_id: str) -> Dag:
        """Return a DAG that is linked."""
        if dag_id not in self._dags:
            self._dags[dag_id] = self._records[dag_id].dag()
        return self._dags[dag_id]

    def started(self, tasks: Mapping[str, Task]) -> Iterator[Linked]:
        """Yield the DAGs that tasks, by id, start: by an asset that they update, or themselves."""
        for task_id, task in tasks.items():
            for key in assets(task.args.get("outlets")):
                yield from (Linked(dag_id, "asset", key[1]) for dag_id in self._scheduled.get(key, ()))
            other = task.args.get("trigger_dag_id")
            if isinstance(other, str) and other in self._records:
                yield Linked(other, "trigger", task_id)

    def waiting(self, dag_ids: Iterable[str], tasks: Iterable[str]) -> Iterator[Linked]:
        """Yield the DAGs whose tasks wait for some tasks of a DAG, or for all of it; none if there are no tasks."""
        awaited = set(tasks)
        for dag_id in dag_ids:
            for one in self._waiting.get(dag_id, ()):
                if awaited and (not one.tasks or one.tasks & awaited):
                    yield Linked(one.dag_id, "sensor", one.task_id)

    def callers(self, dag_ids: Iterable[str]) -> Iterator[Linked]:
        """Yield the DAGs whose tasks start a DAG."""
        for dag_id in dag_ids:
            yield from self._callers.get(dag_id, ())


def _waited(task: Task) -> Iterator[str]:
    """Yield the ids of the tasks for which a task waits."""
    for name in _WAITED:
        given = task.args.get(name)
        for one in given if isinstance(given, list) else [given]:
            if isinstance(one, str):
                yield one
