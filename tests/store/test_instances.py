"""States of DagRuns and of their task instances."""

import pytest
from sqlalchemy.orm import Session
from store_cases import HOSTILE_IDS, NOON, digest_with, record_of

from dagserial.errors import NotFoundError, SettingsError
from dagserial.store import (
    Instance,
    RecordStore,
    instances_of,
    put_instances,
    runs_of,
    set_run_state,
    stamp,
)
from dagserial.store.run_pages import instance_page

A, B = record_of(operator="x.A"), record_of(operator="x.B")


@pytest.fixture
def stamped(session: Session) -> Session:
    """A session on a store with a run of A, and with B."""
    for record in (A, B):
        RecordStore(session).put(record, created_at=NOON)
    stamp(session, "etl", "r1", A, created_at=NOON)
    return session


def test_state_of_a_run_is_unknown_until_it_is_set(stamped: Session) -> None:
    assert [run.state for run in runs_of(stamped, A.digest)] == [None]
    for state in ("queued", "running", "success", None):
        set_run_state(stamped, "etl", "r1", state)
        assert [run.state for run in runs_of(stamped, A.digest)] == [state]


def test_stamp_takes_a_state(stamped: Session) -> None:
    assert stamp(stamped, "etl", "r2", A, created_at=NOON, state="queued").state == "queued"


def test_state_of_another_run_is_left_alone(stamped: Session) -> None:
    stamp(stamped, "etl", "r2", A, created_at=NOON, state="failed")
    set_run_state(stamped, "etl", "r1", "running")
    assert [run.state for run in runs_of(stamped, A.digest)] == ["running", "failed"]


def test_run_without_a_stamp_has_no_state(stamped: Session) -> None:
    with pytest.raises(NotFoundError, match="run etl/r2 has no stamp"):
        set_run_state(stamped, "etl", "r2", "running")


@pytest.mark.parametrize("state", ["", "Running", "up for retry", "x" * 31, "\n"])
def test_state_that_is_no_name_is_refused(stamped: Session, state: str) -> None:
    with pytest.raises(SettingsError, match="state"):
        set_run_state(stamped, "etl", "r1", state)
    with pytest.raises(SettingsError, match="state"):
        put_instances(stamped, "etl", "r1", [Instance(task_id="a", state=state)])


def test_instances_come_by_task_and_map_index(stamped: Session) -> None:
    put = [
        Instance(task_id="b", map_index=10, state="running"),
        Instance(task_id="b", map_index=9),
        Instance(task_id="a", state="success", digest=B.digest),
        Instance(task_id="B", state="up_for_retry"),
    ]
    put_instances(stamped, "etl", "r1", put)
    assert instances_of(stamped, "etl", "r1") == [put[3], put[2], put[1], put[0]]


@pytest.mark.parametrize("by_state", [False, True])
@pytest.mark.parametrize("descending", [False, True])
def test_pages_hold_each_instance_once_in_order(stamped: Session, by_state: bool, descending: bool) -> None:
    states = [None, "running", "failed", "success"]
    put = [
        Instance(task_id=task_id, map_index=at, state=states[(at + len(task_id)) % 4])
        for task_id in ("b", "B", "a_1")
        for at in range(5)
    ]
    put_instances(stamped, "etl", "r1", put)

    def key(one: Instance) -> list[str | int]:
        return [*([one.state or ""] if by_state else []), one.task_id, one.map_index]

    found: list[Instance] = []
    while page := instance_page(
        stamped,
        ("etl", "r1"),
        by_state=by_state,
        descending=descending,
        after=key(found[-1]) if found else None,
        limit=4,
    ):
        found += page
    assert found == sorted(put, key=key, reverse=descending)


def test_instance_put_again_is_as_it_was_put_last(stamped: Session) -> None:
    put_instances(stamped, "etl", "r1", [Instance(task_id="a", state="queued"), Instance(task_id="b", state="queued")])
    last = Instance(task_id="a", state="success", digest=B.digest)
    put_instances(stamped, "etl", "r1", [last, Instance(task_id="c")])
    assert instances_of(stamped, "etl", "r1") == [
        last,
        Instance(task_id="b", state="queued"),
        Instance(task_id="c"),
    ]
    put_instances(stamped, "etl", "r1", [Instance(task_id="a")])
    assert instances_of(stamped, "etl", "r1")[0] == Instance(task_id="a")


def test_instances_of_another_run_are_left_alone(stamped: Session) -> None:
    stamp(stamped, "etl", "r2", A, created_at=NOON)
    for run_id in ("r1", "r2"):
        put_instances(stamped, "etl", run_id, [Instance(task_id="a", state="queued")])
    put_instances(stamped, "etl", "r1", [Instance(task_id="a", state="failed")])
    assert instances_of(stamped, "etl", "r2") == [Instance(task_id="a", state="queued")]


def test_no_instances_are_none(stamped: Session) -> None:
    put_instances(stamped, "etl", "r1", [])
    assert instances_of(stamped, "etl", "r1") == instances_of(stamped, "etl", "r2") == []


def test_instance_of_a_run_without_a_stamp_is_refused(stamped: Session) -> None:
    with pytest.raises(NotFoundError, match="run etl/r2 has no stamp"):
        put_instances(stamped, "etl", "r2", [Instance(task_id="a")])


def test_instance_of_a_record_that_was_not_put_is_refused(stamped: Session) -> None:
    with pytest.raises(NotFoundError, match=f"{digest_with('1')} is not in the store"):
        put_instances(stamped, "etl", "r1", [Instance(task_id="a", digest=digest_with("1"))])
    assert instances_of(stamped, "etl", "r1") == []


@pytest.mark.parametrize(
    ("instances", "said"),
    [
        ([Instance(task_id="a"), Instance(task_id="a", state="failed")], "given twice"),
        ([Instance(task_id="a", map_index=-2)], "map_index -2"),
        ([Instance(task_id="a", map_index=2**31)], "map_index 2147483648"),
        ([Instance(task_id="")], "task_id"),
        ([Instance(task_id="x" * 251)], "task_id"),
    ],
)
def test_wrong_instances_are_refused(stamped: Session, instances: list[Instance], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        put_instances(stamped, "etl", "r1", instances)
    assert instances_of(stamped, "etl", "r1") == []


def test_hostile_task_id_is_only_an_id(stamped: Session) -> None:
    put = [Instance(task_id=task_id, state="queued") for task_id in HOSTILE_IDS]
    put_instances(stamped, "etl", "r1", put)
    for instance in put:
        done = Instance(task_id=instance.task_id, state="success")
        put_instances(stamped, "etl", "r1", [done])
        found = {kept.task_id: kept.state for kept in instances_of(stamped, "etl", "r1")}
        assert found == {task_id: "success" if task_id == done.task_id else "queued" for task_id in HOSTILE_IDS}
        put_instances(stamped, "etl", "r1", [instance])
