"""Make DAGs with mapped tasks, and runs of them, for the store's tests."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from store_cases import NOON

from dagserial.model import Dag, DagFields, Group, Mapping, Task, Value
from dagserial.record import Record
from dagserial.store import Instance, RecordStore, instances_of, put_instances, stamp


def xcom(task_id: str, **key: str) -> Any:
    return {"$": "xcom", "task": task_id, **key}


def over(**sources: Value) -> Mapping:
    """What `.expand()` was given."""
    return Mapping(expand=tuple(sources.items()))


def task(*upstream: str, rule: str | None = None, **fields: Any) -> Task:
    return Task(operator="x.Y", upstream=upstream, args={"trigger_rule": rule} if rule else {}, **fields)


def dag_of(groups: dict[str, Group] | None = None, params: Any = (), **tasks: Task) -> Dag:
    return Dag(fields=DagFields(dag_id="etl", params=params), groups=groups or {}, tasks=tasks)


def start(session: Session, dag: Dag, run_id: str = "r1", conf: dict[str, Value] | None = None) -> Session:
    """Keep a DAG's record, and stamp a run with it."""
    record = Record.of_dag(dag)
    RecordStore(session).put(record, created_at=NOON)
    stamp(session, "etl", run_id, record, created_at=NOON, conf=conf)
    return session


def put(session: Session, **states: str | None) -> None:
    """Put instances that are not mapped, by task_id."""
    put_instances(session, "etl", "r1", [Instance(task_id=name, state=state) for name, state in states.items()])


def rows(session: Session, run_id: str = "r1") -> dict[str, dict[int, str | None]]:
    """What instances there are: states by task_id and map_index."""
    found: dict[str, dict[int, str | None]] = {}
    for instance in instances_of(session, "etl", run_id):
        found.setdefault(instance.task_id, {})[instance.map_index] = instance.state
    return found
