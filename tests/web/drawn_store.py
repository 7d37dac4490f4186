"""Fill a store with DAGs that are worth looking at: one that grows over versions and runs, and very large ones."""

from __future__ import annotations

from datetime import timedelta

from mapped_dags import over
from sqlalchemy.orm import Session
from store_cases import NOON

from dagserial.model import Dag, DagFields, Group, Task
from dagserial.record import Record
from dagserial.store import Instance, Origin, RecordStore, open_engine, put_instances, stamp

BASH = "airflow.providers.standard.operators.bash.BashOperator"
PYTHON = "@task"
DOC = """# Sales
Loads the **sales** of a day, and tells `finance`. See [the guide](https://example.invalid/guide).

- raw files
- one table
"""


def task(*upstream: str, operator: str = BASH, **fields: object) -> Task:
    """Return a task behind some others."""
    return Task(operator=operator, upstream=tuple(sorted(upstream)), **fields)  # type: ignore[arg-type]


def sales(version: int) -> Dag:
    """Return one of the three versions of a DAG."""
    tasks = {
        "cluster_up": task(setup=True),
        "extract.orders": task("cluster_up", group="extract", args={"bash_command": "pull orders"}),
        "extract.customers": task("cluster_up", group="extract", args={"bash_command": "pull customers"}),
        "extract.shops": task("cluster_up", group="extract", mapping=over(shop=["berlin", "lima", "oslo"])),
        "merge": task("extract.orders", "extract.customers", "extract.shops", operator=PYTHON),
        "load.staging.copy": task("merge", group="load.staging", labels={"merge": "new rows"}),
        "load.staging.count": task("load.staging.copy", group="load.staging"),
        "load.publish": task(
            "load.staging.count",
            group="load",
            args={"retries": version, "outlets": [{"$": "asset", "uri": "s3://warehouse/sales"}]},
        ),
        "notify": task("load.publish", "merge", operator=PYTHON),
        "cluster_down": task("notify", "cluster_up", teardown=True),
    }
    if version >= 2:
        tasks["load.staging.check"] = task("load.staging.copy", group="load.staging")
        tasks["load.publish"] = task("load.staging.check", "load.staging.count", group="load", args={"retries": 2})
        del tasks["extract.customers"]
        tasks["merge"] = task("extract.orders", "extract.shops", operator=PYTHON)
    if version >= 3:
        tasks["notify"] = task("load.publish", operator=PYTHON, group="load")
        tasks["audit"] = task("merge", args={"bash_command": "audit --day '{{ ds }}'"})
    fields = DagFields(
        dag_id="sales", schedule="@daily", doc_md=DOC, tags=["finance", "daily"], description="What was sold"
    )
    groups = {"extract": Group(), "load": Group(), "load.staging": Group(parent="load")}
    return Dag(fields=fields, groups=groups, tasks=tasks)


def wide(count: int, *, grouped: bool = False) -> Dag:
    """Return a DAG of layers of 50 tasks; grouped, each two layers are a group."""
    tasks, groups = {}, {}
    for number in range(count):
        layer = number // 50
        group = f"part_{layer // 2:02}" if grouped else None
        if group is not None:
            groups[group] = Group()
        before = {(layer - 1) * 50 + (number * 7 + step) % 50 for step in range(1 + number % 2)} if layer else set()
        names = sorted(_name(one, grouped) for one in before)
        tasks[_name(number, grouped)] = Task(operator=BASH, upstream=tuple(names), group=group)
    return Dag(fields=DagFields(dag_id=f"wide_{count}{'_grouped' * grouped}"), groups=groups, tasks=tasks)


def _name(number: int, grouped: bool) -> str:
    return f"part_{number // 100:02}.t{number:05}" if grouped else f"t{number:05}"


def fill_drawn(url: str) -> None:
    """Fill tables that are there; the same each time."""
    engine = open_engine(url)
    with Session(engine) as session, session.begin():
        records = [Record.of_dag(sales(version)) for version in (1, 2, 3)]
        store = RecordStore(session)
        for number, record in enumerate(records):
            note = ("", "customers come from the shop files now", "notify belongs to load")[number] or None
            origin = Origin(bundle_version=f"{number + 1}c0ffee" * 5, ref="main", file="dags/sales.py", note=note)
            store.put(record, created_at=NOON + timedelta(days=number), origin=origin)
        for number in range(12):
            _run(session, number, records)
        for dag in (wide(1000), wide(5000), wide(5000, grouped=True)):
            store.put(Record.of_dag(dag), created_at=NOON)
    engine.dispose()


def _run(session: Session, number: int, records: list[Record]) -> None:
    record = records[number // 4]
    run_id = f"scheduled__2026-01-{number + 1:02}"
    state = "failed" if number % 5 == 3 else "running" if number == 11 else "success"
    moment = NOON + timedelta(days=number)
    stamp(session, "sales", run_id, record, created_at=moment, state=state, conf={"day": f"2026-01-{number + 1:02}"})
    states: list[Instance] = []
    for at, (task_id, one) in enumerate(sorted(record.dag().tasks.items())):
        reached = "success"
        if state == "failed" and task_id.startswith("load.p"):
            reached = "failed"
        elif state == "failed" and task_id in ("notify", "cluster_down"):
            reached = "upstream_failed"
        elif state == "running" and at > 5:
            reached = ("running", "queued", "scheduled")[at % 3]
        indexes = range(3) if one.mapping else [-1]
        other = records[1].digest if number == 9 and task_id == "merge" else None
        states += [Instance(task_id=task_id, map_index=index, state=reached, digest=other) for index in indexes]
    put_instances(session, "sales", run_id, states)
