"""The foreign key in a host's own table of runs, as the page on stamping shows it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Column as SqlColumn
from sqlalchemy import Engine, MetaData, String, Table, delete, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from store_cases import LATER, NOON, digest_with
from support import ROOT

from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record
from dagserial.store import record_key
from dagserial.store.tables import dag_record


def etl(**tasks: tuple[str, ...]) -> Record:
    made = {name: Task(operator="x.A", upstream=upstream) for name, upstream in tasks.items()}
    return Record.of_dag(Dag(fields=DagFields(dag_id="etl"), tasks=made))


@pytest.fixture
def host(own_engine: Engine) -> dict[str, Any]:
    """What the code of the page defines, its table made."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/stamping.md").read_text(), flags=re.DOTALL)
    defined: dict[str, Any] = {"__name__": "host"}
    exec(compile(code, "docs/stamping.md", "exec"), defined)
    defined["Base"].metadata.create_all(own_engine)
    return defined


@pytest.fixture
def session(own_engine: Engine) -> Iterator[Session]:
    """A session on that database."""
    with Session(own_engine) as session:
        yield session


def test_a_run_runs_what_it_was_stamped_with(host: dict[str, Any], session: Session) -> None:
    first = host["start"](session, etl(a=(), b=("a",)), "r1", NOON)
    second = host["start"](session, etl(a=("b",), b=(), c=("a",)), "r2", LATER)
    session.flush()
    session.expire_all()
    done: list[str] = []
    for run in (first, second):
        host["work"](session, run, lambda task_id, _task: done.append(task_id))
    assert done == ["a", "b", "b", "a", "c"]
    assert [run.state for run in session.scalars(select(host["DagRun"]))] == ["success", "success"]


def test_the_record_of_a_run_cannot_go(host: dict[str, Any], session: Session) -> None:
    run = host["start"](session, etl(a=()), "r1", NOON)
    session.flush()
    with pytest.raises(IntegrityError):
        session.execute(delete(dag_record).where(dag_record.c.digest == run.digest))


def test_a_run_names_a_record_that_is_there(host: dict[str, Any], session: Session) -> None:
    session.add(host["DagRun"](run_id="r1", dag_id="etl", digest=digest_with("1")))
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_table_of_other_metadata_takes_the_key(own_engine: Engine) -> None:
    runs = Table(
        "old_run", MetaData(), SqlColumn("id", String(9), primary_key=True), record_key("record", nullable=True)
    )
    runs.create(own_engine)
    (key,) = inspect(own_engine).get_foreign_keys("old_run")
    assert (key["referred_table"], key["constrained_columns"], key["options"].get("ondelete", "RESTRICT")) == (
        "dag_record",
        ["record"],
        "RESTRICT",
    )
    assert [column["name"] for column in inspect(own_engine).get_columns("old_run") if column["nullable"]] == ["record"]
