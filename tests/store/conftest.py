"""Open databases for the store's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dagserial.store import create, open_engine


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """A database file that is not there yet."""
    return f"sqlite:///{tmp_path / 'dags.db'}"


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


@pytest.fixture(params=["memory", "file"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database with its tables, in memory and in a file."""
    if request.param == "file":
        yield request.getfixturevalue("file_engine")
        return
    engine = open_engine("sqlite://")
    create(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose work is rolled back."""
    with Session(engine) as session:
        yield session
