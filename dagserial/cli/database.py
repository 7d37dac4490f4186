"""Open the database that a command reads or writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from dagserial.errors import SettingsError
from dagserial.store import open_engine, reading
from dagserial.store.engine import sentence


def database_flag(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--db`, which must be given; the command gets it as `url`."""
    return click.option(
        *("--db", "url"),
        metavar="URL",
        required=True,
        envvar="DAGSERIAL_DB",
        show_envvar=True,
        help="The database: sqlite:///dags.db, postgresql://host/dags, mysql://host/dags.",
    )(command)


@contextmanager
def reading_session(url: str) -> Iterator[Session]:
    """Open a session that writes nothing.

    Raises:
        SettingsError: there is no such database, or it cannot be read.
    """
    with _opened(url) as engine, Session(reading(engine)) as session:
        yield session


@contextmanager
def writing_session(url: str) -> Iterator[Session]:
    """Open a session whose work is committed at the end, whole or not at all.

    Raises:
        SettingsError: there is no such database, it has no tables, or it cannot be written.
    """
    with _opened(url) as engine, Session(engine) as session, session.begin():
        yield session


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    shown = engine.url.render_as_string(hide_password=True)
    if _is_missing(engine):
        raise SettingsError(f"there is no database {shown!r}; `dagserial db upgrade` makes it")
    try:
        yield engine
    except DatabaseError as error:
        raise SettingsError(f"cannot use the database {shown!r}: {sentence(error.orig)}") from error
    finally:
        engine.dispose()


def _is_missing(engine: Engine) -> bool:
    """Tell whether a file is not there, which SQLite would make."""
    file = engine.url.database
    is_file = engine.dialect.name == "sqlite" and file and engine.url.query.get("uri") != "true"
    return bool(is_file and not Path(str(file)).exists())
