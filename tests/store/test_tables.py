"""What the database itself refuses, whoever asks it."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from databases import Databases
from sqlalchemy import Constraint, Engine, Index, Table, delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError, StatementError
from sqlalchemy.orm import Session
from store_cases import NOON, digest_with, record_of

from dagserial.digest import Digest
from dagserial.store import RecordStore, stamp
from dagserial.store.tables import dag_record, dag_run, dag_version, metadata, record_page, task_instance, task_map

RUN = {"dag_id": "etl", "run_id": "r", "created_at": NOON}
INSTANCE = {"dag_id": "etl", "run_id": "r", "task_id": "a"}


@pytest.mark.parametrize(
    "change", [{"body": b"x"}, {"dag_id": "other"}, {"format": 1}, {"digest": digest_with("1")}, {"size": 1}]
)
def test_update_of_a_record_is_refused(session: Session, change: dict[str, object]) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    with pytest.raises(DatabaseError, match="dag_record is written once"), session.begin_nested():
        session.execute(update(dag_record).values(change))
    assert RecordStore(session).get(record_of().digest) == record_of()


@pytest.mark.parametrize("is_referenced", [True, False])
def test_replacing_a_body_is_refused(sqlite_engine: Engine, is_referenced: bool) -> None:
    record, session = record_of(), Session(sqlite_engine)
    RecordStore(session).put(record, created_at=NOON)
    if not is_referenced:
        session.execute(delete(dag_version))
    with pytest.raises(IntegrityError, match="written once"):
        session.execute(
            insert(dag_record).prefix_with("OR REPLACE"),
            {"digest": record.digest, "body": b"x", "format": 2, "dag_id": "etl", "size": 1},
        )
    assert RecordStore(session).get(record.digest) == record
    session.close()


def test_replacing_a_record_with_a_version_is_refused_by_mariadb(databases: Databases) -> None:
    record = record_of()
    with Session(databases.lasting("mariadb")) as session:
        RecordStore(session).put(record, created_at=NOON)
        row = {"digest": record.digest, "body": b"x", "format": 2, "dag_id": "etl", "size": 1}
        with pytest.raises(DatabaseError):
            session.execute(text("REPLACE INTO dag_record VALUES (:digest, :format, :dag_id, :size, :body, NULL)"), row)
        assert RecordStore(session).get(record.digest) == record


PAGE = {"address": b"a" * 32, "frame": b"x"}


def test_page_is_written_once_and_stays(session: Session) -> None:
    session.execute(insert(record_page).values(PAGE))
    for statement in (update(record_page).values(frame=b"y"), delete(record_page)):
        with pytest.raises(DatabaseError, match="record_page is written once"), session.begin_nested():
            session.execute(statement)
    assert session.execute(select(record_page)).one() == (b"a" * 32, b"x")


def test_page_is_not_replaced(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        connection.execute(insert(record_page).values(PAGE))
        with pytest.raises(IntegrityError, match="record_page is written once"):
            connection.execute(insert(record_page).prefix_with("OR REPLACE").values({**PAGE, "frame": b"y"}))
        assert connection.scalars(select(record_page.c.frame)).all() == [b"x"]


@pytest.mark.parametrize("wrong", [{}, {"body": b"x", "pages": b"x"}, {"body": b"x", "size": -1}], ids=str)
def test_record_has_a_body_or_pages(session: Session, wrong: dict[str, object]) -> None:
    row = {"digest": digest_with("1"), "format": 2, "dag_id": "etl", "size": 1}
    with pytest.raises(DatabaseError, match="ck_dag_record"):
        session.execute(insert(dag_record).values({**row, **wrong}))


def test_update_through_a_foreign_connection_is_refused(file_engine: Engine, tmp_path: Path) -> None:
    with Session(file_engine) as session, session.begin():
        RecordStore(session).put(record_of(), created_at=NOON)
    connection = sqlite3.connect(tmp_path / "dags.db")
    with pytest.raises(sqlite3.IntegrityError, match="written once"):
        connection.execute("UPDATE dag_record SET body = x'00'")
    connection.close()


def test_delete_of_a_record_with_a_version_is_refused(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        session.execute(delete(dag_record))


def test_delete_of_a_record_with_a_run_is_refused(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    stamp(session, "etl", "r", record_of(), created_at=NOON)
    session.execute(delete(dag_version))
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        session.execute(delete(dag_record))


def test_record_that_nothing_points_at_may_go(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    session.execute(delete(dag_version))
    session.execute(delete(dag_record))
    assert session.execute(select(dag_record)).all() == []


def test_run_with_an_unknown_digest_is_refused(session: Session) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        session.execute(insert(dag_run).values(**RUN, digest=digest_with("1")))


def test_run_without_a_digest_is_refused(session: Session) -> None:
    with pytest.raises(DatabaseError, match=r"(?i)not.null|default value"):
        session.execute(insert(dag_run).values(RUN))


def test_version_with_an_unknown_digest_is_refused(session: Session) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        session.execute(insert(dag_version).values(dag_id="etl", number=1, digest=digest_with("1"), created_at=NOON))


def test_version_numbers_start_from_1(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    with pytest.raises(DatabaseError, match="number_from_1"):
        session.execute(insert(dag_version).values(dag_id="etl", number=0, digest=record_of().digest, created_at=NOON))


@pytest.fixture
def running(session: Session) -> Session:
    """A session with a run that has one task instance, which pushed a list."""
    RecordStore(session).put(record_of(), created_at=NOON)
    stamp(session, "etl", "r", record_of(), created_at=NOON)
    session.execute(insert(task_instance).values(INSTANCE))
    session.execute(insert(task_map).values(**INSTANCE, kind="list", length=2))
    return session


def test_map_index_is_minus_1_unless_it_is_given(running: Session) -> None:
    assert running.scalars(select(task_instance.c.map_index)).all() == [-1]
    assert running.scalars(select(task_map.c.map_index)).all() == [-1]


@pytest.mark.parametrize("wrong", [{"map_index": -2}, {"map_index": 0, "state": ""}], ids=str)
def test_wrong_instance_is_refused(running: Session, wrong: dict[str, object]) -> None:
    with pytest.raises(DatabaseError):
        running.execute(insert(task_instance).values({**INSTANCE, **wrong}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "list", "length": -1},
        {"kind": "list", "length": 1, "keys": ["a"]},
        {"kind": "dict", "length": 1},
        {"kind": "set", "length": 1},
        {"kind": "set", "length": 1, "keys": ["a"]},
    ],
    ids=str,
)
def test_wrong_task_map_is_refused(running: Session, wrong: dict[str, object]) -> None:
    running.execute(delete(task_map))
    with pytest.raises(DatabaseError):
        running.execute(insert(task_map).values({**INSTANCE, **wrong}))


def test_keys_of_a_dict_come_back(running: Session) -> None:
    running.execute(delete(task_map))
    running.execute(insert(task_map).values(**INSTANCE, kind="dict", length=2, keys=["b", "a"]))
    assert running.scalars(select(task_map.c["keys"])).one() == ["b", "a"]


def test_instance_of_a_run_that_is_not_there_is_refused(running: Session) -> None:
    with pytest.raises(IntegrityError):
        running.execute(insert(task_instance).values({**INSTANCE, "run_id": "other"}))


def test_task_map_of_an_instance_that_is_not_there_is_refused(running: Session) -> None:
    with pytest.raises(IntegrityError):
        running.execute(insert(task_map).values(**{**INSTANCE, "task_id": "b"}, kind="list", length=1))


def test_delete_of_a_record_that_an_instance_ran_is_refused(running: Session) -> None:
    other = record_of("other")
    RecordStore(running).put(other, created_at=NOON)
    running.execute(update(task_instance).values(digest=other.digest))
    running.execute(delete(dag_version))
    with pytest.raises(IntegrityError):
        running.execute(delete(dag_record).where(dag_record.c.digest == other.digest))


def test_instances_go_with_their_run(running: Session) -> None:
    running.execute(delete(dag_run))
    assert running.execute(select(task_instance)).all() == []
    assert running.execute(select(task_map)).all() == []


@pytest.mark.parametrize("table", [dag_version, dag_run], ids=str)
def test_update_of_a_digest_is_refused(running: Session, table: Table) -> None:
    other = record_of(operator="x.Z")
    RecordStore(running).put(other, created_at=NOON)
    with pytest.raises(DatabaseError, match=f"{table} is written once"):
        running.execute(update(table).values(digest=other.digest))


@pytest.mark.parametrize("table", [dag_version, dag_run], ids=str)
def test_provenance_may_be_corrected(running: Session, table: Table) -> None:
    running.execute(update(table).values(bundle_version="c0ffee"))
    assert running.scalars(select(table.c.bundle_version)).all() == ["c0ffee"]


def test_naive_time_is_refused(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    row = {**RUN, "digest": record_of().digest, "created_at": datetime(2026, 1, 1)}
    with pytest.raises(StatementError, match="has no time zone"):
        session.execute(insert(dag_run).values(row))


def test_time_comes_back_in_utc(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    moment = datetime(2026, 3, 29, 1, 30, 0, 7, tzinfo=timezone(timedelta(hours=2)))
    session.execute(insert(dag_run).values(**{**RUN, "created_at": moment}, digest=record_of().digest))
    found = session.scalars(select(dag_run.c.created_at)).one()
    assert found.isoformat() == "2026-03-28T23:30:00.000007+00:00"
    assert found.tzinfo is UTC


def test_digest_comes_back_as_a_digest(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    assert type(session.scalars(select(dag_record.c.digest)).one()) is Digest


def test_what_a_migration_must_find_keeps_its_name() -> None:
    items: list[Constraint | Index] = []
    for table in metadata.sorted_tables:
        items += [*table.constraints, *table.indexes]
    assert {str(item.name) for item in items} == {
        "ck_dag_record_body_or_pages",
        "ck_dag_record_size_from_0",
        "ck_dag_run_state_is_named",
        "ck_dag_version_line_from_1",
        "ck_dag_version_number_from_1",
        "ck_dag_version_lock_id_is_1",
        "ck_task_instance_map_index_from_minus_1",
        "ck_task_instance_state_is_named",
        "ck_task_map_keys_belong_to_dict",
        "ck_task_map_length_from_0",
        "fk_dag_run_digest_dag_record",
        "fk_dag_version_digest_dag_record",
        "fk_task_instance_dag_id_run_id_dag_run",
        "fk_task_instance_digest_dag_record",
        "fk_task_map_dag_id_run_id_task_id_map_index_task_instance",
        "ix_dag_run_bundle_version",
        "ix_dag_run_created_at_dag_id_run_id",
        "ix_dag_run_dag_id_created_at_run_id",
        "ix_dag_run_dag_id_state",
        "ix_dag_run_digest",
        "ix_dag_run_image",
        "ix_dag_version_digest",
        "ix_task_instance_digest",
        "ix_task_instance_state",
        "pk_dag_record",
        "pk_record_page",
        "pk_dag_run",
        "pk_dag_version",
        "pk_dag_version_lock",
        "pk_task_instance",
        "pk_task_map",
    }
