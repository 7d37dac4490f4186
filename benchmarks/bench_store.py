"""The store: what versions of a large DAG take, how fast they are read, and how fast what is unchanged is put again.

python benchmarks/bench_store.py                                   # SQLite, in a temporary folder
python benchmarks/bench_store.py postgresql://user@host/empty      # another database, empty: it is filled
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from measure import dag_of, heading, many_arguments, note, row
from sqlalchemy import Column, Engine, LargeBinary, MetaData, String, Table, func, insert, select, text
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Session, registry

from dagserial.digest import Digest
from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record
from dagserial.store import Origin, RecordStore, open_engine, reading
from dagserial.store.schema import upgrade
from dagserial.store.tables import dag_record, record_page

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VERSIONS, TASKS, PUTS = 100, 1_000, 10_000
_ROUNDS = 5

whole = Table(
    "whole_body",
    MetaData(),
    Column("name", String(80), primary_key=True),
    Column("body", LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"), nullable=False),
)
"""What a body takes without pages: raw, or as one compressed document."""


class Plain:
    """A record as an ORM keeps it: asked for by its digest, then added."""

    digest: str
    body: bytes


plain = Table(
    "plain_record",
    whole.metadata,
    Column("digest", String(71), primary_key=True),
    Column("body", LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"), nullable=False),
)


def versions() -> list[Record]:
    """Return records of a DAG of which each has one to three tasks changed."""
    chance = random.Random(7)
    dag = dag_of(TASKS, arguments)
    tasks, records = dict(dag.tasks), []
    for number in range(VERSIONS):
        records.append(Record.of_dag(Dag(fields=dag.fields, tasks=tasks)))
        for name in chance.sample(sorted(tasks), chance.randint(1, 3)):
            task = tasks[name]
            tasks[name] = msgspec.structs.replace(task, args={**task.args, "doc_md": f"Changed in version {number}."})
    return records


def arguments(number: int) -> dict[str, Any]:
    """Return the arguments of a task of 1 KB of which a part does not compress: a key and a text of its own."""
    chance = random.Random(number)
    words = " ".join("".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(12))
    return {**many_arguments(number), "key": f"{chance.getrandbits(160):x}", "doc_md": words}


def quickest(runs: Mapping[str, Callable[[], object]], clock: Callable[[], float], repeats: int) -> dict[str, float]:
    """Return the least time of each run, taken in turns: what it takes without what else the machine does."""
    return {name: min(taken) for name, taken in timed(runs, clock, repeats).items()}


def typical(runs: Mapping[str, Callable[[], object]], clock: Callable[[], float], repeats: int) -> dict[str, float]:
    """Return the median time of each run, taken in turns."""
    times = timed(runs, clock, repeats)
    return {name: statistics.median(taken) for name, taken in times.items()}


def timed(runs: Mapping[str, Callable[[], object]], clock: Callable[[], float], repeats: int) -> dict[str, list[float]]:
    """Return the times of each run, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = clock()
            run()
            times[name].append(clock() - start)
    return times


def clock_of(engine: Engine) -> Callable[[], float]:
    """Return CPU time where the database is in this process, and the clock on the wall where it is a server."""
    return time.process_time if engine.dialect.name == "sqlite" else time.perf_counter


def measure_versions(engine: Engine, records: list[Record]) -> None:
    """Print what versions take, and how fast each is read."""
    raw = sum(len(record.body) for record in records)
    with Session(engine) as session:
        for record in records:
            RecordStore(session).put(record, created_at=NOW)
            session.commit()
    heading(f"{VERSIONS} versions of a DAG of {TASKS} tasks, 1 to 3 changed in each: {raw:,} bytes raw")
    size = func.length if engine.dialect.name != "postgresql" else func.octet_length
    with Session(reading(engine)) as session:
        pages = session.scalar(select(func.sum(size(dag_record.c.pages)))) or 0
        frames = session.scalar(select(func.sum(size(record_page.c.frame)))) or 0
    row("stored bytes, % of raw", 100 * (pages + frames) / raw, 1.5)
    row("the tables with all that is theirs, % of raw", 100 * _space(engine) / raw, 1.5)
    with engine.begin() as connection:
        rows = [{"name": "raw", "body": records[-1].body}]
        rows.append({"name": "zstd", "body": zstandard.ZstdCompressor(3).compress(records[-1].body)})
        connection.execute(insert(whole), rows)
    with Session(reading(engine)) as session:
        newest = records[-1].digest
        one = {name: partial(_read_whole, session, name, newest) for name in ("raw", "zstd")}
        found = quickest({**one, "paged": partial(RecordStore(session).get, newest)}, clock_of(engine), 40)
        each = {str(record.digest): partial(RecordStore(session).get, record.digest) for record in records}
        worst = max(quickest(each, clock_of(engine), 7).values())
    row("read of the newest version / one compressed document", found["paged"] / found["zstd"], 3)
    row("read of the slowest version / one compressed document", worst / found["zstd"], 3)
    note("read of the newest version / the raw body", found["paged"] / found["raw"])
    note("read of one compressed document / the raw body", found["zstd"] / found["raw"])


def _read_whole(session: Session, name: str, digest: Digest) -> bytes:
    body: bytes = session.scalars(select(whole.c.body).where(whole.c.name == name)).one()
    body = zstandard.ZstdDecompressor().decompress(body) if name == "zstd" else body
    assert Digest.of(body) == digest
    return body


def _space(engine: Engine) -> int:
    """Return the bytes that records and pages take in the database, indexes included."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
            pages, size, free = (
                connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0
                for name in ("page_count", "page_size", "freelist_count")
            )
            return int((pages - free) * size)
        if engine.dialect.name == "postgresql":
            statement = "SELECT pg_total_relation_size('dag_record') + pg_total_relation_size('record_page')"
        else:
            connection.execute(text("ANALYZE TABLE dag_record, record_page"))
            statement = """SELECT SUM(data_length + index_length) FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_name IN ('dag_record', 'record_page')"""
        return int(connection.scalar(text(statement)) or 0)


def measure_puts(engine: Engine) -> None:
    """Print how fast records are put of which one in a hundred is new, against an ORM's get and add."""
    tasks = dag_of(20, many_arguments).tasks
    kept = [Record.of_dag(Dag(fields=DagFields(dag_id=f"dag_{number}"), tasks=tasks)) for number in range(PUTS)]

    def offered(turn: int) -> list[Record]:
        added = {**tasks, f"new{turn}": Task(operator="x.New")}
        return [
            Record.of_dag(Dag(fields=record.dag().fields, tasks=added)) if number % 100 == 0 else record
            for number, record in enumerate(kept)
        ]

    def add(records: list[Record]) -> None:
        with Session(engine) as session:
            for record in records:
                if session.get(Plain, str(record.digest)) is None:
                    added = Plain()
                    added.digest, added.body = str(record.digest), record.body
                    session.add(added)
                session.commit()

    def put(records: list[Record]) -> None:
        with Session(engine) as session, session.begin():
            RecordStore(session).put_many([(record, Origin()) for record in records], created_at=NOW)

    put(kept)
    add(kept)
    if engine.dialect.name == "postgresql":
        # As autovacuum does within a minute; until then PostgreSQL knows nothing of the table and plans badly.
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))
    heading(f"{PUTS} puts of records of {len(kept[0].body):,} bytes, 99 % unchanged")
    rounds = [offered(turn) for turn in range(_ROUNDS)]
    turns = {"many": iter(rounds), "orm": iter(rounds)}
    runs = {"many": lambda: put(next(turns["many"])), "orm": lambda: add(next(turns["orm"]))}
    found = typical(runs, clock_of(engine), _ROUNDS)
    row("put_many / ORM get, then add, a transaction each", found["orm"] / found["many"], 20, at_least=True)
    again = typical({"many": lambda: put(rounds[-1]), "orm": lambda: add(rounds[-1])}, clock_of(engine), _ROUNDS)
    note("the same with nothing new", again["orm"] / again["many"])
    note("put_many, thousand puts a second", PUTS / found["many"] / 1000)
    note("put_many with nothing new, thousand puts a second", PUTS / again["many"] / 1000)


def main(url: str) -> None:
    """Print both."""
    registry().map_imperatively(Plain, plain)
    engine = open_engine(url)
    upgrade(engine)
    with engine.begin() as connection:
        whole.metadata.create_all(connection)
    measure_versions(engine, versions())
    measure_puts(engine)
    engine.dispose()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(f"sqlite:///{Path(folder) / 'bench.db'}")
