"""Fill a store with DAGs, versions and runs of all kinds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from mapped_dags import dag_of, over, task, xcom
from sqlalchemy.orm import Session
from store_cases import HOSTILE_IDS, IMAGE, LATER, NOON, record_of
from support import ROOT

from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record
from dagserial.store import Instance, Origin, RecordStore, create, open_engine, push_map, put_instances, stamp

SECRET = "hunter2-hunter2"
"""What no view, diff or page may show."""
HOSTILE = "<script>alert(1)</script>"
OLD_RECORD = ROOT / "fixtures" / "records" / "v1"
RUNS = 25


def fill(url: str) -> None:
    """Make tables and fill them; the same each time."""
    engine = open_engine(url)
    create(engine)
    with Session(engine) as session, session.begin():
        _fill_ids(session)
        _fill_texts(session)
        _fill_runs(session)
        _fill_large(session)
    # The last connection to an SQLite file moves what lies in its log to it.
    engine.dispose()


def mapped_dag(operator: str = "x.Y") -> Dag:
    """Return a DAG with a mapped task; another operator is another meaning."""
    mapped = task("give", mapping=over(x=xcom("give")))
    return dag_of(give=Task(operator=operator), square=mapped, end=task("square"))


def hostile_dag(secret: str = SECRET) -> Dag:
    """Return a DAG whose every text is an attack, and which holds a secret."""
    fields = DagFields(
        dag_id="hostile",
        description=HOSTILE,
        doc_md=f"[x](javascript:alert(1)) {HOSTILE}",
        owner_links={"me": "javascript:alert(1)"},
        tags=[HOSTILE, "team"],
        default_args={"password": secret},
    )
    return Dag(fields=fields, tasks={HOSTILE: Task(operator=HOSTILE, args={"api_key": secret, "doc": HOSTILE})})


def large_dag(length: int = 2000) -> Dag:
    """Return a DAG whose record is kept in pages."""
    chain = {f"t{n:05}": Task(operator="x.Y", upstream=(f"t{n - 1:05}",) if n else ()) for n in range(length)}
    return Dag(fields=DagFields(dag_id="large"), tasks=chain)


def old_bodies() -> list[Path]:
    """Return records of format 1."""
    return sorted(OLD_RECORD.glob("*.json"))


def _fill_ids(session: Session) -> None:
    store = RecordStore(session)
    for number, dag_id in enumerate(HOSTILE_IDS):
        record = record_of(dag_id)
        store.put(record, created_at=NOON + timedelta(minutes=number))
        stamp(session, dag_id, dag_id, record, created_at=NOON, state="success")
    for file in old_bodies():
        store.put(Record.of(file.read_bytes()), created_at=NOON)


def _fill_texts(session: Session) -> None:
    origin = Origin(note=f"{HOSTILE} password={SECRET}", labels={"a": HOSTILE}, file="dags/a.py", line=3, image=IMAGE)
    record = Record.of_dag(hostile_dag())
    RecordStore(session).put(record, created_at=NOON, origin=origin)
    conf = {"password": SECRET, "x": HOSTILE}
    stamp(session, "hostile", HOSTILE, record, created_at=NOON, state="running", conf=conf)
    RecordStore(session).put(Record.of_dag(hostile_dag("another-secret-" + SECRET)), created_at=LATER)


def _fill_runs(session: Session) -> None:
    store = RecordStore(session)
    records = [Record.of_dag(mapped_dag(operator)) for operator in ("x.A", "x.B")]
    for number, one in enumerate([records[0], records[1], records[0]]):
        origin = Origin(bundle_version=f"{number}" * 40, ref=("main", "v1/x")[number % 2])
        store.put(one, created_at=NOON + timedelta(days=number), origin=origin)
    for number in range(RUNS):
        run_id, record = f"scheduled__2026-01-{number + 1:02}T00:00:00+00:00", records[number % 2]
        moment = NOON + timedelta(hours=number // 2)
        stamp(session, "etl", run_id, record, created_at=moment, state=("success", "failed")[number % 2])
        states = [Instance(task_id="square", map_index=at, state="success") for at in range(10)]
        # The last run is mixed.
        other = records[1].digest if number == RUNS - 1 else None
        states += [Instance(task_id="give", state="success"), Instance(task_id="end", state="failed", digest=other)]
        put_instances(session, "etl", run_id, states)
        push_map(session, "etl", run_id, "give", list(range(10)))


def _fill_large(session: Session) -> None:
    record = Record.of_dag(large_dag())
    RecordStore(session).put(record, created_at=NOON)
    stamp(session, "large", "r1", record, created_at=NOON)
