"""Give a task_instance table of a host its map_index, and time what each way to do it takes on PostgreSQL.

`python benchmarks/migrate_map_index.py [--rows 1000000] [--url postgresql+psycopg://...]`; without a URL, a server is
started for it, in a folder and on a loopback port of its own, and ended after.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, Engine, Integer, create_engine, text
from sqlalchemy.exc import OperationalError

AIP_42_ROWS_PER_SECOND = 35_000_000 / 67
"""What AIP-42 reports of Airflow's own migration: 35 million rows in 67 seconds."""

LEAST_TIMES_FASTER = 8.0
"""How much faster the upgrade is, at the least, than filling the column by UPDATE."""

MOST_TIMES_BARE_INDEX = 2.5
"""How long it takes, at most, beside the unique index alone, which is what the time goes to."""

Way = Callable[[Operations], None]

INSTANCE, POINTING = "task_instance", "task_reschedule"
KEY = ["task_id", "dag_id", "run_id"]


def upgrade(op: Operations) -> None:
    """Add map_index to the primary key; docs/mapping-in-the-store.md has these lines."""
    key = [*KEY, "map_index"]
    op.drop_constraint("task_reschedule_ti_fkey", POINTING, type_="foreignkey")
    op.drop_constraint("task_instance_pkey", INSTANCE, type_="primary")
    for table in (INSTANCE, POINTING):
        op.add_column(table, Column("map_index", Integer, nullable=False, server_default="-1"))
    op.create_primary_key("task_instance_pkey", INSTANCE, key)
    op.create_foreign_key("task_reschedule_ti_fkey", POINTING, INSTANCE, key, key, ondelete="CASCADE")


def downgrade(op: Operations) -> None:
    """Take map_index out again; instances of mapped tasks are lost."""
    op.execute("DELETE FROM task_instance WHERE map_index >= 0")
    op.drop_constraint("task_reschedule_ti_fkey", POINTING, type_="foreignkey")
    op.drop_constraint("task_instance_pkey", INSTANCE, type_="primary")
    for table in (INSTANCE, POINTING):
        op.drop_column(table, "map_index")
    op.create_primary_key("task_instance_pkey", INSTANCE, KEY)
    op.create_foreign_key("task_reschedule_ti_fkey", POINTING, INSTANCE, KEY, KEY, ondelete="CASCADE")


def by_update(op: Operations) -> None:
    """Do the same with a column that is added empty, and filled row by row."""
    key = [*KEY, "map_index"]
    op.drop_constraint("task_reschedule_ti_fkey", POINTING, type_="foreignkey")
    op.drop_constraint("task_instance_pkey", INSTANCE, type_="primary")
    for table in (INSTANCE, POINTING):
        op.add_column(table, Column("map_index", Integer, nullable=True))
        op.execute(f"UPDATE {table} SET map_index = -1")
        op.alter_column(table, "map_index", nullable=False)
    op.create_primary_key("task_instance_pkey", INSTANCE, key)
    op.create_foreign_key("task_reschedule_ti_fkey", POINTING, INSTANCE, key, key, ondelete="CASCADE")


def bare_index(op: Operations) -> None:
    """Build nothing but a unique index of four columns."""
    op.add_column(INSTANCE, Column("map_index", Integer, nullable=False, server_default="-1"))
    op.create_index("bare", INSTANCE, [*KEY, "map_index"], unique=True)


_TABLES = """
CREATE TABLE task_instance (
    task_id varchar(250), dag_id varchar(250), run_id varchar(250), start_date timestamptz, end_date timestamptz,
    duration float, state varchar(20), try_number int, hostname varchar(1000), unixname varchar(1000), job_id int,
    pool varchar(256), queue varchar(256), priority_weight int, operator varchar(1000),
    CONSTRAINT task_instance_pkey PRIMARY KEY (task_id, dag_id, run_id));
INSERT INTO task_instance
    SELECT 'task_' || i % 50, 'dag_' || i / 50 % 200, 'scheduled__' || i / 10000, now(), now(), 1.5, 'success', 1,
        'worker-' || i % 20, 'airflow', i, 'default_pool', 'default', 1, 'BashOperator'
    FROM generate_series(0, :rows - 1) AS i;
CREATE INDEX ti_dag_state ON task_instance (dag_id, state);
CREATE INDEX ti_dag_run ON task_instance (dag_id, run_id);
CREATE INDEX ti_state ON task_instance (state);
CREATE INDEX ti_state_lkp ON task_instance (dag_id, task_id, run_id, state);
CREATE INDEX ti_job_id ON task_instance (job_id);
CREATE TABLE task_reschedule (
    id serial PRIMARY KEY, task_id varchar(250), dag_id varchar(250), run_id varchar(250),
    CONSTRAINT task_reschedule_ti_fkey FOREIGN KEY (task_id, dag_id, run_id)
        REFERENCES task_instance ON DELETE CASCADE);
INSERT INTO task_reschedule (task_id, dag_id, run_id)
    SELECT task_id, dag_id, run_id FROM task_instance WHERE job_id % 20 = 0;
"""


def fill(engine: Engine, rows: int) -> None:
    """Make the table as Airflow 2.2 had it, with its indexes, a table that points at it, and so many rows."""
    with engine.begin() as connection:
        for statement in filter(str.strip, _TABLES.split(";")):
            connection.execute(text(statement), {"rows": rows} if ":rows" in statement else {})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def seconds(engine: Engine, way: Way, rows: int) -> float:
    """Time one way in a transaction, check what it made, and undo it."""
    with engine.connect() as connection, connection.begin() as transaction:
        op = Operations(MigrationContext.configure(connection))
        if way is downgrade:
            upgrade(op)
            _map_some(connection)
        start = time.perf_counter()
        way(op)
        took = time.perf_counter() - start
        _check(connection, rows, has_index=way is not downgrade)
        transaction.rollback()
    return took


def _map_some(connection: Connection) -> None:
    """Add instances of a mapped task, which only the new key can hold."""
    connection.execute(
        text(
            "INSERT INTO task_instance (task_id, dag_id, run_id, map_index)"
            " SELECT 'task_0', 'dag_0', 'scheduled__0', generate_series(0, 99)"
        )
    )


def _check(connection: Connection, rows: int, *, has_index: bool) -> None:
    column = "map_index" if has_index else "-1"
    found = connection.execute(text(f"SELECT count(*), min({column}), max({column}) FROM task_instance")).one()
    if tuple(found) != (rows, -1, -1):
        raise SystemExit(f"rows were lost: {found}")


@contextmanager
def server() -> Iterator[str]:
    """Run a PostgreSQL of the system's own package; give its URL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise SystemExit("needs PostgreSQL: apt-get install --no-install-recommends postgresql")
    # PostgreSQL refuses root.
    user = {} if os.getuid() else {"user": pwd.getpwnam("nobody").pw_uid, "group": pwd.getpwnam("nobody").pw_gid}
    folder = Path(tempfile.mkdtemp(prefix="dagserial-migrate-"))
    process = None
    try:
        if user:
            os.chown(folder, user["user"], user["group"])
        own: Any = {**user, **({"extra_groups": []} if user else {}), "cwd": folder, "stdout": subprocess.DEVNULL}
        command = [
            found[-1],
            "-D",
            folder / "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]
        subprocess.run(command, check=True, **own)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = ["-c", "listen_addresses=127.0.0.1", "-p", str(port), "-k", str(folder), "-c", "max_wal_size=4GB"]
        program = found[-1].with_name("postgres")
        process = subprocess.Popen([program, "-D", folder / "data", *options], stderr=subprocess.DEVNULL, **own)
        url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        _wait(url, process)
        yield url
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str, process: subprocess.Popen[Any]) -> None:
    engine = create_engine(url)
    for _ in range(600):
        with suppress(OperationalError):
            engine.connect().close()
            engine.dispose()
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit("PostgreSQL does not start")


def measure(url: str, rows: int, repeats: int) -> bool:
    """Print what each way takes, and tell whether the upgrade is as fast as it is to be."""
    engine = create_engine(url)
    fill(engine, rows)
    best: dict[Way, float] = {
        way: min(seconds(engine, way, rows) for _ in range(repeats)) for way in (upgrade, downgrade, bare_index)
    }
    best[by_update] = seconds(engine, by_update, rows)
    engine.dispose()
    for way, took in best.items():
        rate = rows / took
        share = rate / AIP_42_ROWS_PER_SECOND
        print(f"{way.__name__:<12}{took:8.2f} s{rate:12,.0f} rows/s, {share:.2f} of AIP-42's 35 M in 67 s")
    faster, beside = best[by_update] / best[upgrade], best[upgrade] / best[bare_index]
    print(f"{faster:.1f} times faster than by UPDATE (at least {LEAST_TIMES_FASTER:g}); ", end="")
    print(f"{beside:.2f} of the bare index (at most {MOST_TIMES_BARE_INDEX:g})")
    return faster >= LEAST_TIMES_FASTER and beside <= MOST_TIMES_BARE_INDEX


def main() -> None:
    """Measure on the server that is named, or on one of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--url", help="an empty database of a PostgreSQL that runs")
    arguments = parser.parse_args()
    if arguments.url:
        is_fast = measure(arguments.url, arguments.rows, arguments.repeats)
    else:
        with server() as url:
            is_fast = measure(url, arguments.rows, arguments.repeats)
    sys.exit(0 if is_fast else 1)


if __name__ == "__main__":
    main()
