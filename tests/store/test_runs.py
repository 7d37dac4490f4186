"""Stamps of DagRuns."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session
from store_cases import HOSTILE_IDS, IMAGE, LATER, NOON, record_of

from dagserial.errors import InvalidDagError, NotFoundError, SettingsError, StampError
from dagserial.record import Record
from dagserial.store import (
    Instance,
    Origin,
    RecordStore,
    Run,
    other_records,
    put_instances,
    record_of_run,
    runs_of,
    stamp,
)

A, B = record_of(operator="x.A"), record_of(operator="x.B")


@pytest.fixture
def stocked(session: Session) -> Session:
    """A session on a store that holds A and B."""
    for record in (A, B):
        RecordStore(session).put(record, created_at=NOON)
    return session


def test_stamp_keeps_what_was_run(stocked: Session) -> None:
    moment = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    run = stamp(
        stocked,
        "etl",
        "r1",
        A,
        created_at=NOON,
        logical_date=moment,
        conf={"a": [1, 1.5, None, "\u00e9\U0001f680", 2**70], "b": {}},
        bundle_version="c0ffee",
        image=IMAGE,
    )
    assert run == Run(
        dag_id="etl",
        run_id="r1",
        digest=A.digest,
        logical_date=moment,
        conf={"a": [1, 1.5, None, "\u00e9\U0001f680", 2**70], "b": {}},
        bundle_version="c0ffee",
        image=IMAGE,
        created_at=NOON,
    )
    assert str(run.logical_date) == "2026-01-01 00:00:00+00:00"
    assert runs_of(stocked, A.digest) == [run]


def test_run_points_at_its_record_when_the_dag_has_moved_on(stocked: Session) -> None:
    stamp(stocked, "etl", "r1", A, created_at=NOON)
    assert record_of_run(stocked, "etl", "r1") == A


def test_run_without_conf_or_date_has_none(stocked: Session) -> None:
    run = stamp(stocked, "etl", "r1", A, created_at=NOON)
    assert (run.conf, run.logical_date, run.image, run.bundle_version) == (None, None, None, None)
    assert stocked.connection().exec_driver_sql("SELECT count(*) FROM dag_run WHERE conf IS NULL").scalar() == 1


def test_same_stamp_again_changes_nothing(stocked: Session) -> None:
    first = stamp(stocked, "etl", "r1", A, created_at=NOON, conf={"a": 1})
    assert stamp(stocked, "etl", "r1", A, created_at=LATER, conf={"a": 2}, image=IMAGE) == first
    assert runs_of(stocked, A.digest) == [first]


def test_other_stamp_is_refused(stocked: Session) -> None:
    stamp(stocked, "etl", "r1", A, created_at=NOON)
    with pytest.raises(StampError) as caught:
        stamp(stocked, "etl", "r1", B, created_at=NOON)
    error = caught.value
    assert (error.dag_id, error.run_id, error.stamped, error.offered) == ("etl", "r1", A.digest, B.digest)
    assert [change.path for change in error.diff.changes] == ["/tasks/a/operator"]
    assert record_of_run(stocked, "etl", "r1") == A


def test_runs_are_found_by_record_commit_and_image(stocked: Session) -> None:
    commit = "c0ffee" + "0" * 34
    stamp(stocked, "etl", "r1", A, created_at=NOON, image=IMAGE)
    stamp(stocked, "etl", "r2", B, created_at=NOON, bundle_version=commit)
    put_instances(stocked, "etl", "r2", [Instance(task_id="a", map_index=at, digest=A.digest) for at in (1, 0)])
    for found, expected in (
        (runs_of(stocked), ["r1", "r2"]),
        (runs_of(stocked, A.digest), ["r1", "r2"]),
        (runs_of(stocked, B.digest), ["r2"]),
        (runs_of(stocked, commit=commit[:7]), ["r2"]),
        (runs_of(stocked, commit="c0ffef0"), []),
        (runs_of(stocked, image=IMAGE), ["r1"]),
        (runs_of(stocked, limit=1), ["r1"]),
        (runs_of(stocked, dag_id="other"), []),
    ):
        assert [run.run_id for run in found] == expected
    assert other_records(stocked, "etl", "r2") == {A.digest: [("a", 0), ("a", 1)]}
    assert other_records(stocked, "etl", "r1") == {}


def test_runs_are_found_by_where_the_version_of_their_record_came_from(stocked: Session) -> None:
    commit = "ab" * 20
    other = record_of(operator="x.C")
    RecordStore(stocked).put(other, created_at=NOON, origin=Origin(bundle_version=commit, image=IMAGE))
    stamp(stocked, "etl", "r1", A, created_at=NOON)
    stamp(stocked, "etl", "r2", other, created_at=NOON)
    assert [run.run_id for run in runs_of(stocked, commit=commit)] == ["r2"]
    assert [run.run_id for run in runs_of(stocked, image=IMAGE)] == ["r2"]
    with pytest.raises(SettingsError, match="is no commit"):
        runs_of(stocked, commit="main")


@pytest.mark.parametrize("faster", [A, B])
def test_stamp_of_a_faster_session_stands(engine: Engine, stocked: Session, faster: Record) -> None:
    taken: list[bool] = []

    def take(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO dag_run") and not taken:
            taken.append(True)
            with Session(connection, join_transaction_mode="create_savepoint") as session, session.begin():
                stamp(session, "etl", "r1", faster, created_at=LATER)

    event.listen(engine, "before_cursor_execute", take)
    if faster is A:
        assert stamp(stocked, "etl", "r1", A, created_at=NOON).created_at == LATER
    else:
        with pytest.raises(StampError):
            stamp(stocked, "etl", "r1", A, created_at=NOON)
    event.remove(engine, "before_cursor_execute", take)


def test_record_that_is_called_by_another_dag_is_refused(stocked: Session) -> None:
    lying = msgspec.structs.replace(A, dag_id="other")
    with pytest.raises(InvalidDagError, match=r"run other/r1 .* DAG 'etl'"):
        stamp(stocked, "other", "r1", lying, created_at=NOON)


def test_record_of_another_dag_is_refused(stocked: Session) -> None:
    with pytest.raises(InvalidDagError, match=r"run other/r1 .* DAG 'etl'"):
        stamp(stocked, "other", "r1", A, created_at=NOON)


def test_record_that_was_not_put_is_refused(session: Session) -> None:
    with pytest.raises(NotFoundError, match="put it first"):
        stamp(session, "etl", "r1", A, created_at=NOON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"created_at": datetime(2026, 1, 1)},
        {"logical_date": datetime(2026, 1, 1)},
        {"image": "repo"},
        {"conf": {"a": object()}},
        {"conf": {"a": float("nan")}},
        {"bundle_version": "a\0b"},
    ],
    ids=str,
)
def test_wrong_argument_is_refused(stocked: Session, wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        stamp(stocked, "etl", "r1", A, **{"created_at": NOON, **wrong})  # type: ignore[arg-type]
    assert runs_of(stocked, A.digest) == []


@pytest.mark.parametrize("run_id", ["", "x" * 251, "\ud800"])
def test_run_id_that_no_column_holds_is_refused(stocked: Session, run_id: str) -> None:
    with pytest.raises(SettingsError, match="run_id"):
        stamp(stocked, "etl", run_id, A, created_at=NOON)


@pytest.mark.parametrize("hostile", HOSTILE_IDS)
def test_hostile_id_is_only_an_id(stocked: Session, hostile: str) -> None:
    record = record_of(hostile)
    RecordStore(stocked).put(record, created_at=NOON)
    others = [stamp(stocked, "etl", other, A, created_at=NOON) for other in HOSTILE_IDS if other != hostile]
    with pytest.raises(NotFoundError):
        record_of_run(stocked, "etl", hostile)
    run = stamp(stocked, hostile, hostile, record, created_at=NOON, conf={hostile: hostile})
    assert runs_of(stocked, record.digest) == [run]
    assert record_of_run(stocked, hostile, hostile) == record
    assert runs_of(stocked, A.digest) == sorted(others, key=lambda run: run.run_id)


def test_run_without_a_stamp_is_not_found(stocked: Session) -> None:
    with pytest.raises(NotFoundError, match="run etl/r1 has no stamp"):
        record_of_run(stocked, "etl", "r1")


def test_runs_come_by_dag_and_run(stocked: Session) -> None:
    for run_id in ("b", "a", "c", "B"):
        stamp(stocked, "etl", run_id, A, created_at=NOON)
    stamp(stocked, "etl", "d", B, created_at=NOON)
    assert [run.run_id for run in runs_of(stocked, A.digest)] == ["B", "a", "b", "c"]
