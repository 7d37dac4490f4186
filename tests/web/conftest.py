"""A filled store, and the app over it, served for all tests of the web."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from filled import fill
from running import running
from starlette.applications import Starlette

from dagserial.web import create_app


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A filled SQLite file, which no test may change: it is compared byte by byte when all tests are done."""
    file: Path = tmp_path_factory.mktemp("store") / "dags.db"
    fill(f"sqlite:///{file}")
    before = file.read_bytes()
    yield f"sqlite:///{file}"
    assert file.read_bytes() == before


@pytest.fixture(scope="session")
def app(store_url: str) -> Starlette:
    """The app over the filled store."""
    return create_app(store_url)


@pytest.fixture(scope="session")
def client(app: Starlette) -> Iterator[httpx.Client]:
    """A client of the app, which a real server runs."""
    with running(app) as client:
        yield client
