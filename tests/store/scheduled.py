"""Read what real Airflows decided (fixtures/scheduling), and decide the same from records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mapped_dags import over, rows, start, xcom
from random_dags import outcome
from sqlalchemy.orm import Session

from dagserial.model import Dag, DagFields, Group, Mapping, Task
from dagserial.store import Instance, expand, push_map, put_instances, ready
from dagserial.store.decisions.lengths import Known
from dagserial.store.decisions.states import States
from dagserial.store.decisions.structure import Structure
from dagserial.store.decisions.verdicts import Verdicts


def dag_of(spec: Any) -> Dag:
    """The DAG that `capture.py` declared."""
    tasks = {
        task_id: Task(
            operator="x.Y",
            args={"trigger_rule": task["rule"]} if "rule" in task else {},
            group=task.get("group"),
            mapping=_mapping(task.get("mapping")),
            setup=task.get("setup", False),
            teardown=task.get("teardown", False),
            upstream=tuple(task["upstream"]),
        )
        for task_id, task in spec["tasks"].items()
    }
    groups = {
        group_id: Group(mapping=_mapping(group["mapping"]), parent=group["parent"])
        for group_id, group in spec["groups"].items()
    }
    return Dag(fields=DagFields(dag_id="etl"), groups=groups, tasks=tasks)


def _mapping(source: int | str | None) -> Mapping | None:
    if source is None:
        return None
    return over(x=xcom(source) if isinstance(source, str) else list(range(source)))


def decided(dag: Dag, case: Any) -> list[str]:
    """What becomes of each instance of a case that has no state, as Airflow was asked."""
    known = Known(states=States(map(tuple, case["states"])), lengths=case["lengths"])
    verdicts = Verdicts(Structure(dag), known)
    return [verdicts.of(task_id, map_index) for task_id, map_index in undecided(case)]


def undecided(case: Any) -> list[tuple[str, int]]:
    """The instances of a case that have no state."""
    return [(task_id, map_index) for task_id, map_index, state in case["states"] if state is None]


def ended(session: Session, dag: Dag, seed: int) -> list[list[Any]]:
    """Run a whole run, and return how it ends."""
    run_id = f"r{seed}"
    start(session, dag, run_id=run_id)
    for batch in _batches(session, run_id):
        put_instances(session, "etl", run_id, list(_executed(session, run_id, batch, seed)))
    return [[name, at, state] for name, found in rows(session, run_id).items() for at, state in found.items()]


def _batches(session: Session, run_id: str) -> Iterator[list[Instance]]:
    """Yield what may run, again and again, until nothing is left to do."""
    while batch := _scheduled(session, run_id):
        yield batch


def _scheduled(session: Session, run_id: str) -> list[Instance]:
    batch: list[Instance] = []
    grown = True
    while grown:
        grown = bool(expand(session, "etl", run_id))
        found = ready(session, "etl", run_id)
        scheduled = [
            Instance(task_id=one.task_id, map_index=one.map_index, state="scheduled") for one in found.instances
        ]
        put_instances(session, "etl", run_id, [*found.settled, *scheduled])
        batch += scheduled
        grown = grown or bool(found)
    return batch


def _executed(session: Session, run_id: str, batch: list[Instance], seed: int) -> Iterator[Instance]:
    for one in batch:
        state, length = outcome(seed, one.task_id, one.map_index)
        if state == "success":
            push_map(session, "etl", run_id, one.task_id, range(length), map_index=one.map_index)
        yield Instance(task_id=one.task_id, map_index=one.map_index, state=state)
