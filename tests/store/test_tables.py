"""What the database itself refuses, whoever asks it."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Constraint, Engine, Index, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session
from store_cases import NOON, digest_with, record_of

from dagserial.digest import Digest
from dagserial.store import RecordStore, stamp
from dagserial.store.tables import dag_record, dag_run, dag_version, metadata

RUN = {"dag_id": "etl", "run_id": "r", "created_at": NOON}


@pytest.mark.parametrize("change", [{"body": b"x"}, {"dag_id": "other"}, {"format": 1}, {"digest": digest_with("1")}])
def test_update_of_a_record_is_refused(session: Session, change: dict[str, object]) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    with pytest.raises(IntegrityError, match="written once"):
        session.execute(update(dag_record).values(change))
    assert RecordStore(session).get(record_of().digest) == record_of()


@pytest.mark.parametrize("is_referenced", [True, False])
def test_replacing_a_body_is_refused(session: Session, is_referenced: bool) -> None:
    record = record_of()
    RecordStore(session).put(record, created_at=NOON)
    if not is_referenced:
        session.execute(delete(dag_version))
    with pytest.raises(IntegrityError, match="written once"):
        session.execute(
            insert(dag_record).prefix_with("OR REPLACE"),
            {"digest": record.digest, "body": b"x", "format": 2, "dag_id": "etl"},
        )
    assert RecordStore(session).get(record.digest) == record


def test_update_through_a_foreign_connection_is_refused(file_engine: Engine, tmp_path: Path) -> None:
    with Session(file_engine) as session, session.begin():
        RecordStore(session).put(record_of(), created_at=NOON)
    connection = sqlite3.connect(tmp_path / "dags.db")
    with pytest.raises(sqlite3.IntegrityError, match="written once"):
        connection.execute("UPDATE dag_record SET body = x'00'")
    connection.close()


def test_delete_of_a_record_with_a_version_is_refused(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        session.execute(delete(dag_record))


def test_delete_of_a_record_with_a_run_is_refused(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    stamp(session, "etl", "r", record_of(), created_at=NOON)
    session.execute(delete(dag_version))
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        session.execute(delete(dag_record))


def test_record_that_nothing_points_at_may_go(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    session.execute(delete(dag_version))
    session.execute(delete(dag_record))
    assert session.execute(select(dag_record)).all() == []


def test_run_with_an_unknown_digest_is_refused(session: Session) -> None:
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        session.execute(insert(dag_run).values(**RUN, digest=digest_with("1")))


def test_run_without_a_digest_is_refused(session: Session) -> None:
    with pytest.raises(IntegrityError, match="NOT NULL"):
        session.execute(insert(dag_run).values(RUN))


def test_version_with_an_unknown_digest_is_refused(session: Session) -> None:
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        session.execute(insert(dag_version).values(dag_id="etl", number=1, digest=digest_with("1"), created_at=NOON))


def test_version_numbers_start_from_1(session: Session) -> None:
    RecordStore(session).put(record_of(), created_at=NOON)
    with pytest.raises(IntegrityError, match="number_from_1"):
        session.execute(insert(dag_version).values(dag_id="etl", number=0, digest=record_of().digest, created_at=NOON))


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
    named = {str(item.name) for item in items}
    assert named == {
        "pk_dag_record",
        "pk_dag_run",
        "pk_dag_version",
        "fk_dag_run_digest_dag_record",
        "fk_dag_version_digest_dag_record",
        "ix_dag_run_digest",
        "ix_dag_version_digest",
        "ck_dag_version_number_from_1",
    }
