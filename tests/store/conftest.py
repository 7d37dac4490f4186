"""Open databases for the store's tests: SQLite in memory and in a file, and servers that are started for them."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from databases import Databases
from servers import SERVERS
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from dagserial.store import create, open_engine
from dagserial.store.tables import metadata


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """All servers of this run of the tests."""
    with ExitStack() as stack:
        yield Databases(stack)


@pytest.fixture
def dagserial_python() -> Callable[..., str]:
    """Run code in an interpreter of its own; return what it prints."""

    def run(code: str) -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    return run


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """A database file that is not there yet."""
    return f"sqlite:///{tmp_path / 'dags.db'}"


@pytest.fixture
def new_url(databases: Databases, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Make a database without tables, of a kind, for this test alone: sqlite, postgres, mariadb."""
    made: list[tuple[str, str]] = []
    files = itertools.count()

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / f'dags{next(files)}.db'}"
        made.append((kind, databases.make(kind)))
        return databases.server(kind) + made[-1][1]

    yield make
    for kind, database in made:
        databases.execute(kind, f"DROP DATABASE {database}" + (" WITH (FORCE)" if kind == "postgres" else ""))


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def url(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> str:
    """A database without tables, of each kind, for this test alone."""
    return new_url(request.param)


@pytest.fixture
def own_engine(url: str) -> Iterator[Engine]:
    """A database with its tables, of each kind, for this test alone."""
    engine = open_engine(url)
    create(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def file_engine(file_url: str) -> Iterator[Engine]:
    """A database file with its tables."""
    engine = open_engine(file_url)
    create(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def hasty_engine(file_url: str, file_engine: Engine) -> Iterator[Engine]:
    """The same file, through an engine that does not wait for a lock."""
    engine = open_engine(f"{file_url}?timeout=0")
    yield engine
    engine.dispose()


@pytest.fixture
def memory_engine() -> Iterator[Engine]:
    """A database in memory with its tables."""
    engine = open_engine("sqlite://")
    create(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["memory", "file"])
def sqlite_engine(request: pytest.FixtureRequest) -> Engine:
    """An SQLite database with its tables, in memory and in a file."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine


@pytest.fixture(params=["memory", "file", "postgres", "mariadb"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database with its tables, of each kind, and empty."""
    if request.param in SERVERS:
        yield from _emptied(request.getfixturevalue("databases").lasting(request.param))
    else:
        yield request.getfixturevalue(f"{request.param}_engine")


def _emptied(engine: Engine) -> Iterator[Engine]:
    """Lend a database, and empty it if anything was committed meanwhile: most tests commit nothing."""
    commits: list[object] = []
    note = commits.append
    event.listen(engine, "commit", note)
    yield engine
    event.remove(engine, "commit", note)
    if not commits:
        return
    tables = [table.name for table in metadata.sorted_tables]
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"TRUNCATE {', '.join(tables)}"))
            return
        connection.execute(text("SET foreign_key_checks = 0"))
        for table in tables:
            connection.execute(text(f"TRUNCATE {table}"))
        connection.execute(text("SET foreign_key_checks = 1"))


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose work is rolled back."""
    with Session(engine) as session:
        yield session
