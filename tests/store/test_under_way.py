"""Counting what of a DAG is under way."""

from sqlalchemy.orm import Session
from store_cases import NOON, record_of

from dagserial.store import Instance, RecordStore, put_instances, stamp, under_way

ETL, OTHER = record_of(operator="x.A"), record_of("other")


def start(session: Session, run_id: str, state: str | None, *instances: Instance, pin: str | None = None) -> None:
    stamp(session, "etl", run_id, ETL, created_at=NOON, state=state, bundle_version=pin)
    put_instances(session, "etl", run_id, instances)


def test_runs_and_their_instances_are_counted_by_state_pinned_apart(session: Session) -> None:
    for record in (ETL, OTHER):
        RecordStore(session).put(record, created_at=NOON)
    mapped = [Instance(task_id="b", map_index=index, state="queued") for index in (0, 1)]
    start(session, "r1", "running", *mapped, Instance(task_id="a", state="success"))
    start(session, "r2", "running", mapped[1], Instance(task_id="a"))
    start(session, "r3", "queued", Instance(task_id="a", state="scheduled"), pin="c0ffee")
    start(session, "r4", "success", *mapped)
    start(session, "r5", None, *mapped)
    stamp(session, "other", "r1", OTHER, created_at=NOON, state="running")
    found = under_way(session, "etl")
    assert found.runs == {(False, "running"): 2, (True, "queued"): 1}
    assert found.instances == {
        (False, "a", -1, "no_status"): 1,
        (False, "b", 0, "queued"): 1,
        (False, "b", 1, "queued"): 2,
        (True, "a", -1, "scheduled"): 1,
    }
    assert under_way(session, "other") == ({(False, "running"): 1}, {})
    assert under_way(session, "unknown") == ({}, {})


def test_instances_that_have_ended_are_not_counted(session: Session) -> None:
    RecordStore(session).put(ETL, created_at=NOON)
    states = ("success", "failed", "skipped", "upstream_failed", "removed", "deferred", "up_for_retry", "running")
    start(session, "r1", "running", *(Instance(task_id=state, state=state) for state in states))
    assert {state for *_, state in under_way(session, "etl").instances} == {"deferred", "up_for_retry", "running"}
