"""Say what the database itself refuses to update, in the words of each.

A record is written once; a version keeps its digest, and a run its stamp. An UPDATE that changes nothing is let through
on MySQL and MariaDB, where an insert of what is there already is such an update.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, Table, event

from dagserial.store.types import MYSQL

_KEPT = {
    "dag_record": ("digest", "format", "dag_id", "body"),
    "dag_version": ("dag_id", "number", "digest"),
    "dag_run": ("dag_id", "run_id", "digest"),
}
"""The columns of each table that are written once."""

_REFUSING_FUNCTION = """CREATE OR REPLACE FUNCTION dagserial_refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is written once', ERRCODE = 'integrity_constraint_violation';
END $$"""


def triggers_of(table: str, dialect: str) -> Iterator[str]:
    """Yield the statements that make the triggers of a table; none of a table whose rows may be updated."""
    if not (kept := _KEPT.get(table)):
        return
    head = f"CREATE TRIGGER {table}_is_not_updated BEFORE UPDATE"
    columns = ", ".join(kept)
    if dialect in MYSQL:
        same = " AND ".join(f"NEW.{name} <=> OLD.{name}" for name in kept)
        yield f"""{head} ON {table} FOR EACH ROW
        IF NOT ({same}) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table} is written once'; END IF"""
    elif dialect == "postgresql":
        yield _REFUSING_FUNCTION
        yield f"{head} OF {columns} ON {table} FOR EACH ROW EXECUTE FUNCTION dagserial_refuse_update()"
    elif dialect == "sqlite":
        yield f"{head} OF {columns} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is written once'); END"
        if table == "dag_record":
            # INSERT OR REPLACE deletes and inserts, so it would pass the trigger above.
            yield """CREATE TRIGGER dag_record_is_not_replaced BEFORE INSERT ON dag_record
            WHEN EXISTS (SELECT 1 FROM dag_record WHERE digest = NEW.digest AND body IS NOT NEW.body)
            BEGIN SELECT RAISE(ABORT, 'dag_record is written once'); END"""


def named_triggers(dialect: str) -> set[str]:
    """Return the names of all triggers on a database."""
    statements = [statement for table in _KEPT for statement in triggers_of(table, dialect)]
    return {words[2] for words in map(str.split, statements) if words[:2] == ["CREATE", "TRIGGER"]}


def make_with(table: Table) -> None:
    """Have the triggers of a table made whenever SQLAlchemy makes the table."""
    for dialect in ("sqlite", "postgresql", *MYSQL):
        for statement in triggers_of(table.name, dialect):
            event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]
