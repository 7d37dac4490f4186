"""Every database that keeps records: the same answers, and nothing that can be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from databases import Databases
from filled import fill
from running import running
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from dagserial.errors import SettingsError
from dagserial.store.readonly import StoreTimeoutError, open_readonly, refusals
from dagserial.web import create_app

API = "/api/v1"
PATHS = [
    f"{API}/dags.json?count=1",
    f"{API}/dags.json?q=TL",
    f"{API}/dags/etl/versions.json?limit=2",
    f"{API}/dags/etl/history.json?limit=2",
    f"{API}/dags/etl/runs.json?limit=7&count=1",
    f"{API}/runs.json?state=success&limit=9",
    f"{API}/dags/etl/grid.json",
    f"{API}/dags/hostile/versions.json",
    f"{API}/dags/large.json",
]


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A filled database of a server."""
    with ExitStack() as stack:
        databases = Databases(stack)
        url = databases.server(request.param) + databases.make(request.param)
        fill(url)
        yield url


def test_a_server_gives_the_answers_of_a_file(server_url: str, client: httpx.Client) -> None:
    with running(create_app(server_url)) as other:
        for path in PATHS:
            following: str | None = path
            while following:
                expected, got = client.get(following), other.get(following)
                assert got.status_code == 200, got.text
                assert got.json() == expected.json(), following
                following = got.json().get("next_url")


def test_nothing_can_be_written_on_a_server(server_url: str) -> None:
    _check_refusal(server_url)


def test_nothing_can_be_written_to_a_file(store_url: str) -> None:
    _check_refusal(store_url)


def _check_refusal(url: str) -> None:
    engine = open_readonly(url)
    for statement in ("DELETE FROM task_map", "UPDATE dag_run SET state = 'x'", "CREATE TABLE x (y INTEGER)"):
        with engine.connect() as connection, pytest.raises(DatabaseError, match=r"(?i)read.?only"):
            connection.execute(text(statement))
    engine.dispose()


_LONG = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1e9) SELECT COUNT(*) FROM n",
    "postgresql": "SELECT COUNT(*) FROM generate_series(1, 1000000000)",
    "mysql": "SELECT SUM(a.seq * b.seq) FROM seq_1_to_100000 a, seq_1_to_100000 b",
}


def test_no_query_runs_for_ever_on_a_server(server_url: str) -> None:
    _check_limit(server_url)


def test_no_query_runs_for_ever_on_a_file(store_url: str) -> None:
    _check_limit(store_url)


def _check_limit(url: str) -> None:
    engine = open_readonly(url, seconds=0.3)
    with refusals(engine), engine.connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM dag_run")) > 1
    statement = text(_LONG[engine.dialect.name])
    with pytest.raises(StoreTimeoutError, match="longer than it may"), refusals(engine), engine.connect() as connection:
        connection.execute(statement).all()
    engine.dispose()


def test_a_store_that_is_not_there_yet_may_come(tmp_path: Path) -> None:
    file = tmp_path / "dags.db"
    with running(create_app(f"sqlite:///{file}")) as client:
        got = client.get(f"{API}/healthz")
        assert (got.status_code, got.json()["code"], got.headers["retry-after"]) == (503, "store_unavailable", "5")
        assert not file.exists()
        file.write_bytes(b"")
        assert "no table" in client.get(f"{API}/dags.json").json()["detail"]
        fill(f"sqlite:///{file}")
        assert client.get(f"{API}/healthz").json() == {"store": "readable"}


def test_a_file_that_is_no_database_is_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "dags.db"
    file.write_bytes(b"x" * 5000)
    with running(create_app(f"sqlite:///{file}")) as client:
        assert client.get(f"{API}/dags.json").json()["code"] == "store_unavailable"


def test_a_password_is_in_no_answer() -> None:
    app = create_app("postgresql://me:pa55word@127.0.0.1:1/dags")
    with running(app) as client:
        got = client.get(f"{API}/dags.json")
        assert got.status_code == 503
        assert "pa55word" not in got.text


def test_a_wrong_url_is_told_when_it_is_opened() -> None:
    with pytest.raises(SettingsError, match="no database URL"):
        open_readonly("nonsense")
