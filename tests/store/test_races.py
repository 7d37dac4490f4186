"""Sessions that put at the same time, in threads and in processes."""

import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from store_cases import NOON, record_of

from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record
from dagserial.store import Origin, RecordStore, create, open_engine, reading, runs_of
from dagserial.store.tables import dag_record

WORKERS, PUTS = 8, 30


def _put(engine: Engine, operator: str) -> int:
    with Session(engine) as session, session.begin():
        return RecordStore(session).put(record_of(operator=operator), created_at=NOON).number


@pytest.mark.parametrize(("operator", "number"), [("x.B", 2), ("x.A", 1)])
def test_writer_waits_for_the_number_of_the_one_before(own_engine: Engine, operator: str, number: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        with Session(own_engine) as session, session.begin():
            assert RecordStore(session).put(record_of(operator="x.A"), created_at=NOON).number == 1
            second = pool.submit(_put, own_engine, operator)
            # Long enough for the other to have read what was newest before.
            with pytest.raises(TimeoutError):
                second.result(timeout=0.5)
        assert second.result(timeout=30) == number


def test_version_of_a_writer_that_gave_up_is_no_version(own_engine: Engine) -> None:
    with ThreadPoolExecutor(1) as pool:
        with Session(own_engine) as session:
            RecordStore(session).put(record_of(operator="x.A"), created_at=NOON)
            second = pool.submit(_put, own_engine, "x.B")
            session.rollback()
        assert second.result(timeout=30) == 1


def test_version_that_another_session_took_is_seen_under_mysqls_own_isolation(new_url: Callable[[str], str]) -> None:
    engine = open_engine(new_url("mariadb"))
    create(engine)
    with Session(engine.execution_options(isolation_level="REPEATABLE READ")) as session, session.begin():
        store = RecordStore(session)
        assert store.latest("etl") is None
        assert _put(engine, "x.A") == 1
        assert store.latest("etl") is None
        assert store.put(record_of(operator="x.B"), created_at=NOON).number == 2
    engine.dispose()


def test_threads_number_densely(own_engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda n: _put(own_engine, f"x.N{n}"), range(60)))
    assert sorted(numbers) == list(range(1, 61))


def test_many_are_put_at_once_in_any_order(own_engine: Engine) -> None:
    def put(worker: int) -> None:
        chance = random.Random(worker)
        for turn in range(4):
            # Some are the same in all workers, some in none; the large ones share pages across DAGs.
            small = [record_of(f"dag{n}", f"x.A{turn if n % 3 else worker}") for n in range(20)]
            puts = [(record, Origin()) for record in [*small, *(_large(n, turn) for n in range(3))]]
            chance.shuffle(puts)
            with Session(own_engine) as session, session.begin():
                RecordStore(session).put_many(puts, created_at=NOON)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(put, range(WORKERS)))
    with Session(reading(own_engine)) as session:
        store = RecordStore(session)
        for dag_id in [*(f"dag{n}" for n in range(20)), *(f"large{n}" for n in range(3))]:
            versions = store.versions(dag_id)
            assert [version.number for version in versions] == list(range(len(versions), 0, -1))
            assert all(newer.digest != older.digest for newer, older in pairwise(versions))
            assert {store.get(version.digest).dag_id for version in versions} == {dag_id}


def _large(number: int, turn: int) -> Record:
    tasks = {f"t{n}": Task(operator="x.Y" * 20) for n in range(1200)} | {f"t{turn}": Task(operator="x.Z")}
    return Record.of_dag(Dag(fields=DagFields(dag_id=f"large{number}"), tasks=tasks))


def test_processes_number_densely(url: str, own_engine: Engine) -> None:
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("store_putter.py")), url]
    pipe = subprocess.PIPE
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen([*command, str(worker), str(PUTS)], text=True, stdin=pipe, stdout=pipe, stderr=pipe)
            )
            for worker in range(WORKERS)
        ]
        for worker in workers:
            assert worker.stdout is not None
            worker.stdout.readline()
        with ThreadPoolExecutor(WORKERS) as pool:
            ends = list(pool.map(lambda worker: worker.communicate("go\n", timeout=120), workers))
    assert [stderr for _, stderr in ends] == [""] * WORKERS
    assert [worker.returncode for worker in workers] == [0] * WORKERS
    with Session(reading(own_engine)) as session:
        versions = RecordStore(session).versions("contested")
        assert [version.number for version in versions] == list(range(len(versions), 0, -1))
        assert all(newer.digest != older.digest for newer, older in pairwise(versions))
        own = WORKERS * len(range(0, PUTS, 5))
        assert session.scalar(select(func.count()).select_from(dag_record)) == own + 7 + 1
        assert [version.number for version in RecordStore(session).versions("same")] == [1]
        assert len(runs_of(session, record_of("same").digest)) == PUTS
