"""Pick what happened to DAGs and tasks that a person named, also from when they had other ids."""

from __future__ import annotations

from collections.abc import Collection

from dagserial.diff import Change, Diff, Target
from dagserial.record import Record
from dagserial.resolve import Selection


class Followed:
    """What is picked, on the way from the newest change to the oldest.

    Args:
        patterns: as of `Selection`.
    """

    def __init__(self, patterns: Collection[str]) -> None:
        self._selection = Selection(tuple(patterns))
        self._dags: dict[str, str] = {}
        self._tasks: dict[tuple[str, str], str] = {}
        self.may_name_tasks = any("." in pattern for pattern in patterns)

    def has_dag(self, dag_id: str) -> bool:
        """Tell whether a DAG is picked by the id that it has now, as a whole or in part."""
        return self._selection.has_dag(dag_id)

    def has_change(self, change: Change) -> bool:
        """Tell whether a change is one of what is picked."""
        return any(self._has(target) for target in change.targets)

    def has_task_of(self, record: Record) -> bool:
        """Tell whether a DAG as a whole is picked, or one of its tasks."""
        return any(self._has_task(record.dag_id, task_id) for task_id in ("", *record.dag().tasks))

    def go_past(self, diff: Diff) -> None:
        """Take note of what was called otherwise before a change."""
        for change in diff.changes:
            if change.operation == "renamed" and change.object.kind == "task":
                now = self._tasks.get((change.object.dag_id, change.object.id), change.object.id)
                self._tasks[change.was.dag_id, change.was.id] = now
        for new, old in diff.renamed.items():
            self._dags[old] = self._dags.get(new, new)

    def _has(self, target: Target) -> bool:
        return self._has_task(target.dag_id, target.id.rpartition(" -> ")[2])  # of an edge, the task downstream

    def _has_task(self, dag_id: str, task_id: str) -> bool:
        now = self._tasks.get((dag_id, task_id), task_id)
        return self._selection.has_task(dag_id, now) or self._selection.has_task(self._dags.get(dag_id, dag_id), now)
