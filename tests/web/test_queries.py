"""What a page of a list costs the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from filled import mapped_dag
from running import running
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from store_cases import NOON

from dagserial.record import Record
from dagserial.store.listing import newest_versions
from dagserial.store.prefix import candidates
from dagserial.store.readonly import open_readonly
from dagserial.store.referrers import referrer_page
from dagserial.store.run_pages import RunFilter, RunKey, instance_page, newest_runs, tallies
from dagserial.store.version_pages import version_page
from dagserial.web import create_app

RUN = "scheduled__2026-01-01T00:00:00+00:00"
KEY = RunKey(NOON, "etl", RUN)
DIGEST = Record.of_dag(mapped_dag("x.A")).digest

QUERIES: dict[str, Callable[[Session], object]] = {
    "dags": lambda session: newest_versions(session, after="a", limit=10),
    "versions": lambda session: version_page(session, "etl", before=9, limit=10),
    "runs": lambda session: newest_runs(session, RunFilter(), after=KEY, limit=10),
    "runs of a dag": lambda session: newest_runs(session, RunFilter(dag_id="etl"), after=KEY, limit=10),
    "instances": lambda session: instance_page(session, ("etl", RUN), after=("a", 1), limit=10),
    "instances backwards": lambda session: instance_page(
        session, ("etl", RUN), descending=True, after=("a", 1), limit=10
    ),
    "instances by state": lambda session: instance_page(
        session, ("etl", RUN), by_state=True, after=("", "a", 1), limit=10
    ),
    "referrers": lambda session: referrer_page(session, DIGEST, after=(1, ["etl", RUN]), limit=10),
    "tallies": lambda session: tallies(session, "etl", [RUN]),
    "candidates": lambda session: candidates(session, "sha256:00000000", 10),
}


@contextmanager
def statements(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Note the statements that an engine executes."""
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            found.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", QUERIES)
def test_no_list_reads_a_whole_table(store_url: str, name: str) -> None:
    engine = open_readonly(store_url)
    with Session(engine) as session:
        with statements(engine) as found:
            QUERIES[name](session)
        plans = [
            str(row[3])
            for statement, parameters in found
            for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    engine.dispose()
    read = [plan for plan in plans if plan.startswith(("SCAN", "SEARCH"))]
    assert read
    # Through an index, or over the few rows that a page is cut from.
    whole = [plan for plan in read if plan.startswith("SCAN") and "USING" not in plan and "anon" not in plan]
    assert whole == []


@pytest.mark.parametrize("name", ["runs", "runs of a dag", "versions", "instances", "instances backwards"])
def test_no_page_is_sorted(store_url: str, name: str) -> None:
    engine = open_readonly(store_url)
    with Session(engine) as session:
        with statements(engine) as found:
            QUERIES[name](session)
        [(statement, parameters)] = found
        rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plan = [str(row[3]) for row in rows]
    engine.dispose()
    assert not [step for step in plan if "TEMP B-TREE" in step], plan


@pytest.mark.parametrize("path", ["dags", "runs", "dags/etl/versions", "dags/etl/grid", "dags/etl/runs"])
def test_a_longer_page_takes_no_more_queries(store_url: str, path: str) -> None:
    counts = []
    for limit in (2, 20):
        app: Starlette = create_app(store_url)
        with _asking(app) as (engine, ask), statements(engine) as found:
            ask(f"/api/v1/{path}.json?limit={limit}")
            counts.append(len(found))
        app.state.site.database.close()
    assert counts[0] == counts[1] > 0


@contextmanager
def _asking(app: Starlette) -> Iterator[tuple[Engine, Callable[[str], None]]]:
    with running(app) as client:
        assert client.get("/api/v1/healthz").status_code == 200

        def ask(path: str) -> None:
            assert client.get(path).status_code == 200

        yield app.state.site.database.engine(), ask
