"""Bring the tables of a database to what this version needs, and tell whether they are.

Imported only where it is needed: Alembic takes longer to import than all else together.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, inspect, literal, select, text

from dagserial.errors import NotFoundError, SettingsError
from dagserial.store.engine import in_one_sentence, is_missing, reading
from dagserial.store.tables import metadata
from dagserial.store.triggers import named_triggers
from dagserial.store.types import MYSQL
from dagserial.store.url import shown

VERSION_TABLE = "dagserial_migration"
"""Where the revision of the tables is kept; not Alembic's own name, which a host may use in the same database."""

_LOCK = 0xDA65E81A1
"""The advisory lock under which the tables change."""
_PATIENCE = 3600
"""Seconds that an upgrade waits for another one."""


class Standing(msgspec.Struct, frozen=True):
    """How far the tables of a database are.

    Attributes:
        revision: the step that was made last; None if there was none.
        newest: the last step that this version knows.
    """

    revision: str | None
    newest: str

    @property
    def is_newest(self) -> bool:
        """Whether there is nothing to upgrade."""
        return self.revision == self.newest


def upgrade(engine: Engine) -> tuple[Standing, Standing]:
    """Make all steps that a database lacks, in a transaction of its own; return how it stood, and how it stands.

    On SQLite and PostgreSQL all steps are made or none. MySQL and MariaDB keep each table that they made: an upgrade
    that was cut off there is completed by the next. Upgrades of one database wait for each other.

    Raises:
        SettingsError: the database cannot be opened or written, holds tables that something else made, or is of a newer
            version of dagserial.
    """
    with in_one_sentence(engine, "upgrade"), engine.connect() as connection, _alone(connection), connection.begin():
        before = _standing(connection)
        if before.revision is None:
            _make_room(connection)
        if not before.is_newest:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return before, _standing(connection)


def current(engine: Engine) -> Standing:
    """Return how far the tables of a database are.

    Raises:
        NotFoundError: there is no such database file.
        SettingsError: the database cannot be read, or is of a newer version of dagserial.
    """
    _find_file(engine)
    with in_one_sentence(engine, "read"), reading(engine).connect() as connection:
        return _standing(connection)


def check(engine: Engine) -> list[str]:
    """Return what is wrong with the tables of a database, a sentence each; none if they are what this version needs.

    Raises:
        NotFoundError: there is no such database file.
        SettingsError: the database cannot be read, or is of a newer version of dagserial.
    """
    _find_file(engine)
    with in_one_sentence(engine, "read"), reading(engine).connect() as connection:
        standing = _standing(connection)
        if standing.revision is None:
            return ["there are no tables of dagserial: run 'dagserial db upgrade'"]
        if not standing.is_newest:
            return [f"at revision {standing.revision}, the newest is {standing.newest}: run 'dagserial db upgrade'"]
        context = MigrationContext.configure(connection, opts=_COMPARISON)
        differences = [_told(found) for found in compare_metadata(context, metadata)]
        missing = sorted(named_triggers(connection.dialect.name) - _triggers(connection))
        return differences + [f"the trigger {name} is missing" for name in missing]


def _include(found: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Tell whether something is ours: a host may keep tables of its own beside."""
    return kind != "table" or name in metadata.tables


_COMPARISON: dict[str, Any] = {"include_object": _include, "version_table": VERSION_TABLE, "target_metadata": metadata}


def _told(difference: Any) -> str:
    """Return a difference that Alembic found as one sentence: an operation and what it is about."""
    if isinstance(difference, list):
        return "; ".join(map(_told, difference))
    operation, *rest = difference
    names = [str(getattr(part, "name", part)) for part in rest if isinstance(part, str) or hasattr(part, "name")]
    return f"{operation.replace('_', ' ')}: {' '.join(names)}"


def _config() -> Config:
    config = Config()
    # A percent sign in a path would be read as the start of a reference.
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config


def _standing(connection: Connection) -> Standing:
    script = ScriptDirectory.from_config(_config())
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    revision = context.get_current_revision() if inspect(connection).has_table(VERSION_TABLE) else None
    known = {step.revision for step in script.walk_revisions()}
    if revision is not None and revision not in known:
        raise SettingsError(
            f"{shown(connection.engine.url)!r} is at revision {revision!r}, which this version of dagserial does not "
            "know; a newer one made it"
        )
    return Standing(revision, str(script.get_current_head()))


def _make_room(connection: Connection) -> None:
    """See to it that the first step finds none of its tables.

    Raises:
        SettingsError: there are some that no upgrade began to make, or that hold something.
    """
    found = inspect(connection).get_table_names()
    ours = [table for table in reversed(metadata.sorted_tables) if table.name in found]
    if not ours:
        return
    # An upgrade that MySQL was left in the middle of has made its own table first.
    is_cut_off = VERSION_TABLE in found
    if not is_cut_off or any(_is_filled(connection, table) for table in ours):
        names = ", ".join(sorted(table.name for table in ours))
        raise SettingsError(
            f"{shown(connection.engine.url)!r} holds tables that something else made: {names}; give dagserial a "
            "database of its own"
        )
    for table in ours:
        connection.execute(text(f"DROP TABLE {table.name}"))


def _is_filled(connection: Connection, table: Table) -> bool:
    return connection.execute(select(literal(1)).select_from(table).limit(1)).first() is not None


def _find_file(engine: Engine) -> None:
    """See to it that reading makes no file."""
    if is_missing(engine):
        raise NotFoundError(f"there is no database {shown(engine.url)!r}; 'dagserial db upgrade' makes one")


def _triggers(connection: Connection) -> set[str]:
    if connection.dialect.name == "sqlite":
        statement = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    elif connection.dialect.name == "postgresql":
        # Those of the tables that are found without a schema, and that fire.
        statement = """SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND tgenabled <> 'D' AND pg_table_is_visible(pg_class.oid)"""
    else:
        statement = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    return set(connection.scalars(text(statement)))


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Hold the lock of upgrades; SQLite holds its write lock from the start of the transaction."""
    if connection.dialect.name in MYSQL:
        lock, unlock = f"SELECT GET_LOCK('{_LOCK:x}', {_PATIENCE})", f"SELECT RELEASE_LOCK('{_LOCK:x}')"
    elif connection.dialect.name == "postgresql":
        lock = f"SELECT 1 FROM (SELECT pg_advisory_lock({_LOCK})) AS taken"
        unlock = f"SELECT pg_advisory_unlock({_LOCK})"
    else:
        yield
        return
    if connection.scalar(text(lock)) != 1:
        raise SettingsError(f"another upgrade of {shown(connection.engine.url)!r} goes on for more than an hour")
    connection.commit()
    try:
        yield
    finally:
        connection.execute(text(unlock))
        connection.commit()
