"""Sessions that put at the same time, in threads and in processes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from store_cases import NOON, record_of

from dagserial.store import RecordStore, open_engine, reading, runs_of
from dagserial.store.tables import dag_record

WORKERS, PUTS = 8, 50


def _put(engine: Engine, operator: str) -> int:
    with Session(engine) as session, session.begin():
        return RecordStore(session).put(record_of(operator=operator), created_at=NOON).number


def test_writer_waits_for_the_number_of_the_one_before(file_engine: Engine) -> None:
    with ThreadPoolExecutor(1) as pool:
        with Session(file_engine) as session, session.begin():
            assert RecordStore(session).put(record_of(operator="x.A"), created_at=NOON).number == 1
            second = pool.submit(_put, file_engine, "x.B")
        assert second.result(timeout=30) == 2


def test_threads_number_densely(file_engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda n: _put(file_engine, f"x.N{n}"), range(60)))
    assert sorted(numbers) == list(range(1, 61))


def test_processes_make_one_database_and_number_densely(file_url: str) -> None:
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("store_putter.py")), file_url]
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
    engine = open_engine(file_url)
    with Session(reading(engine)) as session:
        versions = RecordStore(session).versions("contested")
        assert [version.number for version in versions] == list(range(len(versions), 0, -1))
        assert all(newer.digest != older.digest for newer, older in pairwise(versions))
        own = WORKERS * len(range(0, PUTS, 5))
        assert session.scalar(select(func.count()).select_from(dag_record)) == own + 7 + 1
        assert [version.number for version in RecordStore(session).versions("same")] == [1]
        assert len(runs_of(session, record_of("same").digest)) == PUTS
    engine.dispose()
