"""Declare small DAGs, and look at what came of them."""

from __future__ import annotations

from typing import Any

from dagserial.authoring import DAG, BaseOperator
from dagserial.canonical import canonical_bytes
from dagserial.model import Dag, Task
from dagserial.sources import live


class Step(BaseOperator):
    """An operator without a signature of its own."""


def steps(names: str, **kwargs: Any) -> list[Step]:
    """Make one task for each name, in the open DAG and group."""
    return [Step(task_id=name, **kwargs) for name in names.split()]


def edges(dag: DAG) -> list[str]:
    """Return the edges as `upstream>downstream`, sorted."""
    return sorted(f"{before}>{task.task_id}" for task in dag.tasks for before in task.upstream_task_ids)


def model(dag: DAG) -> Dag:
    """Return the model of a DAG."""
    return live.read(dag)[0]


def task_of(dag: DAG, task_id: str) -> Task:
    """Return the model of one task."""
    return model(dag).tasks[task_id]


def labels(dag: DAG) -> dict[str, str]:
    """Return the labels by edge."""
    found = model(dag).tasks.items()
    return {f"{before}>{task_id}": label for task_id, task in found for before, label in task.labels.items()}


def shown(value: Any) -> str:
    """Return a value as canonical JSON, in which 1, 1.0 and True differ."""
    return canonical_bytes(value).decode()
