"""Opening databases: URLs, pragmas, transactions."""

import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from databases import Databases
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from store_cases import NOON, record_of

from dagserial.errors import SettingsError
from dagserial.store import RecordStore, create, open_engine, reading


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no database URL"),
        ("dags.db", "no database URL"),
        ("sqlite://host:port/dags.db", "no database URL"),
        ("nonsense://localhost/dags", "is of 'nonsense'; records are kept by sqlite, postgresql+psycopg, "),
        ("postgresql+asyncpg://localhost/dags", "is of 'postgresql+asyncpg'"),
        ("postgresql+psycopg2://localhost/dags", "is of 'postgresql+psycopg2'"),
        ("mysql+mysqldb://localhost/dags", "is of 'mysql+mysqldb'"),
        ("sqlite+aiosqlite:///dags.db", "is of 'sqlite+aiosqlite'"),
        ("postgresql://localhost", "names no database"),
        ("mysql://localhost/", "names no database"),
        ("mysql://localhost/dags?charset=latin1", "another character set"),
        ("mariadb://localhost/dags?autocommit=true", "'autocommit', which is not known"),
        ("sqlite://dags.db", "three slashes"),
        ("sqlite:///dags.db?timeout=soon", "wrong argument"),
        ("sqlite:///dags.db?mode=ro", "'mode', which is known only beside 'uri=true'"),
        ("sqlite:///dags.db?mode=ro&uri=false", "'mode', which is known only beside 'uri=true'"),
        ("sqlite:///dags.db?isolation_level=EXCLUSIVE", "'isolation_level'"),
        ("sqlite:///no/such/folder/dags.db", "'no/such/folder', which does not exist"),
    ],
)
def test_wrong_url_is_refused_in_one_sentence(url: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_engine(url)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense://me:s3cret@db/dags",
        "postgresql://me:s3cret@db",
        "mysql://me:s3cret@db/dags?x=y",
        "me:s3cret@db",
        "sqlite://me:s3cret@db/x",
        "sqlite://me:s3cret@db:x/y",
    ],
)
def test_password_is_not_shown(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_engine(url)
    assert "s3cret" not in str(caught.value)


def test_opening_makes_no_file(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/dags.db").dispose()
    assert list(tmp_path.iterdir()) == []


def test_create_twice_keeps_what_is_there(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        RecordStore(session).put(record_of(), created_at=NOON)
    create(engine)
    with Session(engine) as session:
        assert len(RecordStore(session).versions("etl")) == 1


@pytest.mark.parametrize(("kind", "scheme"), [("mariadb", "mariadb"), ("mariadb", "mysql"), ("postgres", "postgresql")])
def test_driver_need_not_be_named(new_url: Callable[[str], str], kind: str, scheme: str) -> None:
    engine = open_engine(scheme + new_url(kind).removeprefix("mysql+pymysql").removeprefix("postgresql+psycopg"))
    create(engine)
    with Session(engine) as session, session.begin():
        assert RecordStore(session).put(record_of(), created_at=NOON).number == 1
    engine.dispose()


def test_driver_that_is_not_installed_is_named_with_its_extra(dagserial_python: Callable[..., str]) -> None:
    code = """
import sys
sys.modules["psycopg"] = sys.modules["pymysql"] = None  # as if not installed
from dagserial.errors import SettingsError
from dagserial.store import open_engine
for url in ("postgresql://me:s3cret@db/dags", "mysql://me:s3cret@db/dags"):
    try:
        open_engine(url)
    except SettingsError as error:
        print(error)
"""
    assert dagserial_python(code).splitlines() == [
        "'postgresql+psycopg://me:***@db/dags' needs the driver 'psycopg', which is not installed: "
        "pip install 'dagserial[postgres]'",
        "'mysql+pymysql://me:***@db/dags' needs the driver 'pymysql', which is not installed: "
        "pip install 'dagserial[mysql]'",
    ]


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_server_that_is_not_there_is_one_sentence_without_the_password(scheme: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        engine = open_engine(f"{scheme}://me:s3cret@127.0.0.1:{closed.getsockname()[1]}/dags")
        with pytest.raises(SettingsError, match=r"(?i)refused|can't connect") as caught:
            create(engine)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    engine.dispose()


def test_server_is_strict_and_speaks_utc_whatever_it_was_told(databases: Databases) -> None:
    with databases.lasting("mariadb").connect() as connection:
        found = connection.exec_driver_sql("SELECT @@sql_mode, @@time_zone, @@tx_isolation").one()
    assert found == ("STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION", "+00:00", "READ-COMMITTED")
    with databases.lasting("postgres").connect() as connection:
        assert connection.exec_driver_sql("SHOW TimeZone").scalar() == "UTC"
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"


def test_create_is_all_or_nothing(file_url: str) -> None:
    engine = open_engine(file_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE x (y)")
        # The name is taken when the trigger is made, after the table.
        connection.exec_driver_sql("CREATE TRIGGER dag_record_is_not_updated BEFORE UPDATE ON x BEGIN SELECT 1; END")
    with pytest.raises(SettingsError, match="already exists"):
        create(engine)
    assert inspect(engine).get_table_names() == ["x"]
    engine.dispose()


def test_folder_or_other_file_is_no_database(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_text("not a database, but long enough to hold what SQLite takes for a header: " + "x" * 200)
    for path, said in ((tmp_path, "unable to open"), (other, "not a database")):
        engine = open_engine(f"sqlite:///{path}")
        with pytest.raises(SettingsError, match=said):
            create(engine)
        engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "memory", "file"),
    [
        ("foreign_keys", 1, 1),
        ("synchronous", 1, 1),
        ("busy_timeout", 30_000, 30_000),
        ("journal_mode", "memory", "wal"),
    ],
)
def test_every_connection_has_the_pragmas(sqlite_engine: Engine, pragma: str, memory: object, file: object) -> None:
    expected = file if sqlite_engine.url.database else memory
    with sqlite_engine.connect() as first:
        assert first.exec_driver_sql(f"PRAGMA {pragma}").scalar() == expected


def test_database_that_cannot_be_switched_to_wal_now_is_used_as_it_is(file_url: str, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "dags.db", isolation_level=None)
    other.execute("CREATE TABLE x (y)")
    other.execute("BEGIN")
    other.execute("SELECT * FROM x").fetchall()
    for expected in ("delete", "wal"):
        engine = open_engine(f"{file_url}?timeout=0")
        with reading(engine).connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == expected
        engine.dispose()
        if other.in_transaction:
            other.execute("COMMIT")
    other.close()


def test_timeout_of_the_url_holds(hasty_engine: Engine) -> None:
    with reading(hasty_engine).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 0


def test_transaction_that_only_reads_so_far_has_the_write_lock(file_engine: Engine, hasty_engine: Engine) -> None:
    with Session(file_engine) as session, Session(hasty_engine) as other:
        assert RecordStore(session).latest("etl") is None
        with pytest.raises(OperationalError, match="locked"):
            RecordStore(other).latest("etl")
        session.rollback()
        other.rollback()
        assert RecordStore(other).latest("etl") is None


def test_reader_neither_waits_nor_sees_what_is_not_committed(own_engine: Engine) -> None:
    with Session(own_engine) as writer, Session(reading(own_engine)) as reader:
        RecordStore(writer).put(record_of(), created_at=NOON)
        assert RecordStore(reader).versions("etl") == []
        writer.commit()
        assert RecordStore(reader).versions("etl") == []
        reader.rollback()
        assert len(RecordStore(reader).versions("etl")) == 1


def test_reader_cannot_write(engine: Engine) -> None:
    with Session(reading(engine)) as session, pytest.raises(DBAPIError, match=r"(?i)read.?only"):
        RecordStore(session).put(record_of(), created_at=NOON)
    with Session(engine) as session:
        assert RecordStore(session).put(record_of(), created_at=NOON).number == 1


def test_savepoint_goes_back_without_its_transaction(session: Session) -> None:
    store = RecordStore(session)
    store.put(record_of(), created_at=NOON)
    savepoint = session.begin_nested()
    store.put(record_of(operator="x.Z"), created_at=NOON)
    savepoint.rollback()
    assert [version.number for version in store.versions("etl")] == [1]


def test_nothing_is_committed_but_by_the_caller(engine: Engine) -> None:
    with Session(engine) as session:
        RecordStore(session).put(record_of(), created_at=NOON)
    with Session(engine) as session:
        assert RecordStore(session).versions("etl") == []
        assert session.scalar(text("SELECT count(*) FROM dag_record")) == 0


def test_read_only_file_is_read(file_url: str, tmp_path: Path) -> None:
    engine = open_engine(file_url)
    create(engine)
    with Session(engine) as session, session.begin():
        RecordStore(session).put(record_of(), created_at=NOON)
    engine.dispose()
    connection = sqlite3.connect(tmp_path / "dags.db")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    engine = open_engine(f"sqlite:///file:{tmp_path}/dags.db?mode=ro&uri=true")
    with Session(reading(engine)) as session:
        assert RecordStore(session).get(record_of().digest) == record_of()
    engine.dispose()
