"""Open the database that a command reads or writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dagserial.errors import SettingsError
from dagserial.store import open_engine, reading
from dagserial.store.engine import in_one_sentence, is_missing
from dagserial.store.url import shown


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
    with _there(url) as engine, Session(reading(engine)) as session:
        yield session


@contextmanager
def writing_session(url: str) -> Iterator[Session]:
    """Open a session whose work is committed at the end, whole or not at all.

    Raises:
        SettingsError: there is no such database, it has no tables, or it cannot be written.
    """
    with _there(url) as engine, Session(engine) as session, session.begin():
        yield session


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Open an engine, and dispose of it at the end."""
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _there(url: str) -> Iterator[Engine]:
    with opened(url) as engine:
        if is_missing(engine):
            raise SettingsError(f"there is no database {shown(engine.url)!r}; `dagserial db upgrade` makes it")
        with in_one_sentence(engine, "use the database"):
            yield engine
