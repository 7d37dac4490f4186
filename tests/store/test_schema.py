"""Migrations: how a database comes to its tables, and what is told of one that is not right."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from databases import Databases
from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.orm import Session
from store_cases import NOON, record_of

from dagserial.errors import NotFoundError, SettingsError
from dagserial.store import RecordStore, create, open_engine
from dagserial.store.schema import VERSION_TABLE, Standing, check, current, upgrade
from dagserial.store.tables import metadata

NEWEST = "0002"

_POSTGRES_DUMP = """
SELECT table_name, column_name, data_type, character_maximum_length, collation_name, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), 0, '', '', '' FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tablename, indexname, indexdef, 0, '', '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), 0, '', '', '' FROM pg_trigger
WHERE NOT tgisinternal
UNION ALL SELECT '', proname, prosrc, 0, '', '', '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT attrelid::regclass::text, attname, attstorage::text, 0, '', '', '' FROM pg_attribute JOIN pg_class
ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0
"""


def _dump(engine: Engine) -> list[str]:
    """Return all that a database says of its tables in its own words, but for the table of migrations, in any order."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            found = connection.scalars(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
            lines = [line for statement in found if VERSION_TABLE not in statement for line in statement.splitlines()]
            return sorted(line.strip(" ,\t") for line in lines)
        if engine.dialect.name == "postgresql":
            rows = [str(tuple(row)) for row in connection.execute(text(_POSTGRES_DUMP))]
            return sorted(row for row in rows if VERSION_TABLE not in row)
        dumped = []
        for table in metadata.tables:
            created: str = connection.execute(text(f"SHOW CREATE TABLE {table}")).one()[1]
            dumped += [f"{table}: {line.strip(' ,')}" for line in created.splitlines()]
        triggers = connection.execute(text("SHOW TRIGGERS")).all()
        return sorted(dumped) + sorted(str(tuple(row)[:5]) for row in triggers)


@pytest.fixture
def bare(url: str) -> Iterator[Engine]:
    """A database without tables, of each kind."""
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def upgraded(bare: Engine) -> Engine:
    """A database that was upgraded, of each kind."""
    upgrade(bare)
    return bare


def _run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_migrated_tables_are_the_declared_ones(upgraded: Engine, databases: Databases, tmp_path: Path) -> None:
    kind = {"postgresql": "postgres", "mysql": "mariadb"}.get(upgraded.dialect.name)
    declared = databases.lasting(kind) if kind else open_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    create(declared)
    assert _dump(upgraded) == _dump(declared)
    if not kind:
        declared.dispose()


def test_upgraded_database_has_nothing_wrong(upgraded: Engine) -> None:
    assert current(upgraded) == Standing(NEWEST, NEWEST)
    assert check(upgraded) == []


def test_upgrade_tells_where_it_came_from(bare: Engine) -> None:
    assert upgrade(bare) == (Standing(None, NEWEST), Standing(NEWEST, NEWEST))
    assert upgrade(bare) == (Standing(NEWEST, NEWEST), Standing(NEWEST, NEWEST))


def test_upgrade_keeps_what_is_there(upgraded: Engine) -> None:
    with Session(upgraded) as session, session.begin():
        version = RecordStore(session).put(record_of(), created_at=NOON)
    upgrade(upgraded)
    with Session(upgraded) as session:
        assert RecordStore(session).versions("etl") == [version]


def test_tables_of_a_host_are_left_alone(bare: Engine) -> None:
    _run(bare, "CREATE TABLE alembic_version (version_num VARCHAR(32))", "CREATE TABLE users (id INTEGER)")
    upgrade(bare)
    assert check(bare) == []
    assert {"alembic_version", "users", "dag_record"} <= set(inspect(bare).get_table_names())


def test_upgrades_at_once_wait_for_each_other(url: str) -> None:
    def run(_: int) -> tuple[Standing, Standing]:
        engine = open_engine(url)
        try:
            return upgrade(engine)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(6) as pool:
        ends = list(pool.map(run, range(6)))
    assert sorted(before.revision or "" for before, _ in ends) == ["", *[NEWEST] * 5]
    assert {after.revision for _, after in ends} == {NEWEST}


def _cut_off(engine: Engine, statements: int) -> bool:
    """Upgrade until a number of changing statements is made; tell whether there were more."""
    made: list[str] = []

    def stop(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith(("CREATE ", "INSERT ", "UPDATE ")):
            if len(made) == statements:
                raise KeyboardInterrupt
            made.append(statement)

    event.listen(engine, "before_cursor_execute", stop)
    try:
        upgrade(engine)
    except KeyboardInterrupt:
        return True
    finally:
        event.remove(engine, "before_cursor_execute", stop)
    return False


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_upgrade_that_was_cut_off_is_completed_by_the_next(kind: str, new_url: Callable[[str], str]) -> None:
    statements = 0
    is_cut_off = True
    while is_cut_off:
        engine = open_engine(new_url(kind))
        is_cut_off = _cut_off(engine, statements)
        if is_cut_off and kind != "mariadb":
            assert inspect(engine).get_table_names() == []
        upgrade(engine)
        assert check(engine) == []
        engine.dispose()
        statements += 1
    assert statements > 20


def test_database_without_tables_is_told_what_to_do(bare: Engine) -> None:
    with bare.connect():
        assert current(bare) == Standing(None, NEWEST)
        assert check(bare) == ["there are no tables of dagserial: run 'dagserial db upgrade'"]


@pytest.mark.parametrize("act", [upgrade, current, check])
def test_revision_of_a_newer_version_is_refused(upgraded: Engine, act: Callable[[Engine], object]) -> None:
    _run(upgraded, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(SettingsError, match=r"revision '9999', which this version .* does not know; a newer one"):
        act(upgraded)


def test_tables_of_something_else_are_left_alone(bare: Engine) -> None:
    _run(bare, "CREATE TABLE dag_run (id INTEGER)", "CREATE TABLE task_map (id INTEGER)")
    with pytest.raises(SettingsError, match="something else made: dag_run, task_map; give dagserial a database of its"):
        upgrade(bare)
    assert sorted(inspect(bare).get_table_names()) == ["dag_run", "task_map"]


def test_filled_tables_without_a_revision_are_left_alone(upgraded: Engine) -> None:
    with Session(upgraded) as session, session.begin():
        RecordStore(session).put(record_of(), created_at=NOON)
    _run(upgraded, f"DELETE FROM {VERSION_TABLE}")
    with pytest.raises(SettingsError, match="something else made"):
        upgrade(upgraded)
    with Session(upgraded) as session:
        assert len(RecordStore(session).versions("etl")) == 1


def test_missing_trigger_is_told(upgraded: Engine) -> None:
    on = " ON dag_run" if upgraded.dialect.name == "postgresql" else ""
    _run(upgraded, f"DROP TRIGGER dag_run_is_not_updated{on}")
    assert check(upgraded) == ["the trigger dag_run_is_not_updated is missing"]


def test_disabled_trigger_is_told(new_url: Callable[[str], str]) -> None:
    engine = open_engine(new_url("postgres"))
    upgrade(engine)
    _run(engine, "ALTER TABLE dag_record DISABLE TRIGGER ALL")
    assert check(engine) == ["the trigger dag_record_is_not_updated is missing"]
    engine.dispose()


def test_missing_index_and_column_and_table_are_told(upgraded: Engine) -> None:
    on = " ON dag_run" if upgraded.dialect.name == "mysql" else ""
    _run(
        upgraded, f"DROP INDEX ix_dag_run_image{on}", "DROP TABLE task_map", "ALTER TABLE dag_version DROP COLUMN note"
    )
    assert sorted(check(upgraded)) == [
        "add column: dag_version note",
        "add index: ix_dag_run_image",
        "add table: task_map",
    ]


def test_column_of_another_type_is_told(new_url: Callable[[str], str]) -> None:
    for kind, change in (
        ("postgres", "ALTER TABLE task_map ALTER length TYPE TEXT"),
        ("mariadb", "ALTER TABLE dag_record MODIFY body BLOB NOT NULL"),
    ):
        engine = open_engine(new_url(kind))
        upgrade(engine)
        _run(
            engine, *(["ALTER TABLE task_map DROP CONSTRAINT ck_task_map_length_from_0"] if kind == "postgres" else [])
        )
        _run(engine, change)
        assert any("modify type" in problem for problem in check(engine))
        engine.dispose()


@pytest.mark.parametrize("act", [current, check])
def test_reading_makes_no_database_file(file_url: str, tmp_path: Path, act: Callable[[Engine], object]) -> None:
    engine = open_engine(file_url)
    with pytest.raises(NotFoundError, match=r"there is no database 'sqlite:///.*'dagserial db upgrade' makes one"):
        act(engine)
    assert list(tmp_path.iterdir()) == []
    engine.dispose()


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
@pytest.mark.parametrize("act", [upgrade, current, check])
def test_no_such_database_is_one_sentence(databases: Databases, kind: str, act: Callable[[Engine], object]) -> None:
    engine = open_engine(
        databases.server(kind).replace("root@", "root:s3cret@" if kind == "postgres" else "root@") + "nowhere"
    )
    with pytest.raises(SettingsError, match=r"(?i)nowhere.*(does not exist|unknown database)") as caught:
        act(engine)
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)
    engine.dispose()


def test_wrong_password_is_one_sentence_without_it(databases: Databases, new_url: Callable[[str], str]) -> None:
    url = new_url("mariadb").replace("root@", "root:s3cret@")
    engine = open_engine(url)
    with pytest.raises(SettingsError, match=r"cannot upgrade '.*root:\*\*\*@.*Access denied") as caught:
        upgrade(engine)
    assert "s3cret" not in str(caught.value)
    engine.dispose()


def test_want_of_permission_is_one_sentence(databases: Databases, new_url: Callable[[str], str]) -> None:
    for kind, said in (("postgres", "permission denied for schema public"), ("mariadb", "CREATE command denied")):
        url = new_url(kind)
        if kind == "postgres":
            databases.execute(kind, "CREATE ROLE reader LOGIN")
        else:
            databases.execute(kind, "CREATE USER reader@'127.0.0.1'")
            databases.execute(kind, f"GRANT SELECT ON {url.rpartition('/')[2]}.* TO reader@'127.0.0.1'")
        engine = open_engine(url.replace("root@", "reader@"))
        with pytest.raises(SettingsError, match=f"cannot upgrade .*{said}") as caught:
            upgrade(engine)
        assert "\n" not in str(caught.value)
        engine.dispose()
        databases.execute(kind, "DROP ROLE reader" if kind == "postgres" else "DROP USER reader@'127.0.0.1'")


def test_read_only_file_is_not_upgraded(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "dags.db").close()
    engine = open_engine(f"sqlite:///file:{tmp_path}/dags.db?mode=ro&uri=true")
    with pytest.raises(SettingsError, match=r"cannot upgrade .*readonly"):
        upgrade(engine)
    engine.dispose()


def test_upgrade_that_waits_too_long_gives_up(new_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagserial.store.schema._PATIENCE", 0)
    engine = open_engine(new_url("mariadb"))
    with engine.connect() as other:
        other.execute(text(f"SELECT GET_LOCK('{0xDA65E81A1:x}', 0)"))
        with pytest.raises(SettingsError, match="another upgrade"):
            upgrade(engine)
    engine.dispose()
