"""Say what the database itself refuses to update, in the words of each.

A record is written once, and so are its pages; a version keeps its digest, and a run its stamp. An UPDATE that changes
nothing is let through on MySQL and MariaDB, where an insert of what is there already is such an update.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, Table, event

from dagserial.store.types import MYSQL

_KEPT = {
    "dag_record": ("digest", "format", "dag_id", "size", "body", "pages"),
    "record_page": ("address", "frame"),
    "dag_version": ("dag_id", "number", "digest"),
    "dag_run": ("dag_id", "run_id", "digest"),
}
"""The columns of each table that are written once; its key first."""

_NEVER_DELETED = ("record_page",)
"""Tables whose rows stay: no foreign key says which records a page is part of."""

_COMPRESSED = {"dag_record": ("body", "pages"), "record_page": ("frame",)}
"""Columns that PostgreSQL need not try to compress again."""

_REFUSING_FUNCTION = """CREATE OR REPLACE FUNCTION dagserial_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is written once', ERRCODE = 'integrity_constraint_violation';
END $$"""


def triggers_of(table: str, dialect: str) -> Iterator[str]:
    """Yield the statements that make the triggers of a table; none of a table whose rows may be updated."""
    if not (kept := _KEPT.get(table)):
        return
    update, delete = (f"CREATE TRIGGER {table}_is_not_{act}d BEFORE {act.upper()}" for act in ("update", "delete"))
    columns = ", ".join(kept)
    if dialect in MYSQL:
        same = " AND ".join(f"NEW.{name} <=> OLD.{name}" for name in kept)
        signal = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table} is written once'"
        yield f"{update} ON {table} FOR EACH ROW IF NOT ({same}) THEN {signal}; END IF"
        refused = [f"{delete} ON {table} FOR EACH ROW {signal}"]
    elif dialect == "postgresql":
        yield _REFUSING_FUNCTION
        yield f"{update} OF {columns} ON {table} FOR EACH ROW EXECUTE FUNCTION dagserial_refuse()"
        refused = [f"{delete} ON {table} FOR EACH ROW EXECUTE FUNCTION dagserial_refuse()"]
        yield from (f"ALTER TABLE {table} ALTER {name} SET STORAGE EXTERNAL" for name in _COMPRESSED.get(table, ()))
    else:
        abort = f"BEGIN SELECT RAISE(ABORT, '{table} is written once'); END"
        yield f"{update} OF {columns} ON {table} {abort}"
        # INSERT OR REPLACE deletes and inserts, and asks no other trigger.
        if table in _COMPRESSED:
            other = f"SELECT 1 FROM {table} WHERE {kept[0]} = NEW.{kept[0]} AND {kept[-1]} IS NOT NEW.{kept[-1]}"
            if table == "dag_record":
                other += " OR digest = NEW.digest AND body IS NOT NEW.body"
            yield f"CREATE TRIGGER {table}_is_not_replaced BEFORE INSERT ON {table} WHEN EXISTS ({other}) {abort}"
        refused = [f"{delete} ON {table} {abort}"]
    if table in _NEVER_DELETED:
        yield from refused


def named_triggers(dialect: str) -> set[str]:
    """Return the names of all triggers on a database."""
    statements = [statement for table in _KEPT for statement in triggers_of(table, dialect)]
    return {words[2] for words in map(str.split, statements) if words[:2] == ["CREATE", "TRIGGER"]}


def make_with(table: Table) -> None:
    """Have the triggers of a table made whenever SQLAlchemy makes the table."""
    for dialect in ("sqlite", "postgresql", *MYSQL):
        for statement in triggers_of(table.name, dialect):
            event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]
