"""Open the database that a command reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from dagserial.errors import SettingsError
from dagserial.store import open_engine, reading


@contextmanager
def reading_session(url: str) -> Iterator[Session]:
    """Open a session that writes nothing.

    Raises:
        SettingsError: there is no such database, or it cannot be read.
    """
    engine = open_engine(url)
    shown = engine.url.render_as_string(hide_password=True)
    if _is_missing(engine):
        raise SettingsError(f"there is no database {shown!r}")
    try:
        with Session(reading(engine)) as session:
            yield session
    except DatabaseError as error:
        said = str(error.orig).partition("\n")[0]
        raise SettingsError(f"cannot read the database {shown!r}: {said}") from error
    finally:
        engine.dispose()


def _is_missing(engine: Engine) -> bool:
    """Tell whether a file is not there, which SQLite would make."""
    file = engine.url.database
    is_file = engine.dialect.name == "sqlite" and file and engine.url.query.get("uri") != "true"
    return bool(is_file and not Path(str(file)).exists())
