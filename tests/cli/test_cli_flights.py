"""`diff --db`: what of the DAGs that changed is under way."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy.orm import Session
from support import ROOT, Repo

from dagserial.digest import Digest
from dagserial.record import Record
from dagserial.store import Instance, RecordStore, create, open_engine, put_instances, stamp

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ETL = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG("etl", schedule="@daily"):
    get = BashOperator(task_id="get", bash_command="get")
    load = BashOperator(task_id="load", bash_command="load", doc="how to load")
    get >> load
"""
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def edited(repo: Repo) -> Repo:
    """Two commits: a task goes, another is documented otherwise."""
    repo.commit({"dags/etl.py": ETL})
    repo.commit(
        {
            "dags/etl.py": ETL.replace("how to", "why we")
            .replace("    get = ", "    # ")
            .replace("    get >> load\n", "")
        }
    )
    return repo


@pytest.fixture
def store(edited: Repo, dagserial: Run) -> str:
    """A store with two runs of the first commit under way, one of them pinned."""
    body = dagserial("cat", "HEAD~1:etl", cwd=edited.folder).stdout.rstrip("\n").encode()
    record = Record(digest=Digest.of(body), format=2, dag_id="etl", body=body)
    url = f"sqlite:///{edited.folder / 'runs.db'}"
    engine = open_engine(url)
    create(engine)
    with Session(engine) as session:
        RecordStore(session).put(record, created_at=NOON)
        for run_id, pin in (("r1", None), ("r2", "c0ffee")):
            stamp(session, "etl", run_id, record, created_at=NOON, state="running", bundle_version=pin)
            put_instances(session, "etl", run_id, [Instance(task_id="get", state="queued"), Instance(task_id="load")])
        session.commit()
    engine.dispose()
    return url


def test_each_change_says_what_it_meets(edited: Repo, store: str, dagserial: Run) -> None:
    done = dagserial("diff", "HEAD~1", "HEAD", "-f", "json", "--db", store, cwd=edited.folder)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads((ROOT / "schema/diff.v1.json").read_text()))
    runs = {"running": 1}
    get, load = ({"runs": runs, "instances": {state: 1}} for state in ("queued", "no_status"))
    assert {one["rule"]: one.get("in_flight") for one in document["changes"]} == {
        "task-removed": {"unpinned": get, "pinned": get},
        "task-upstream-removed": {"unpinned": load, "pinned": load},
        "task-doc-changed": None,
    }


def test_every_format_for_people_says_it(edited: Repo, store: str, dagserial: Run) -> None:
    words = "Meets 1 running run with 1 task instance (1 queued). Spares 1 running pinned run."
    for form in ("text", "markdown", "html", "github", "gitlab", "junit", "sarif"):
        done = dagserial("diff", "HEAD~1", "HEAD", "-f", form, cwd=edited.folder, env={"DAGSERIAL_DB": store})
        assert words in done.stdout, form
        assert words not in dagserial("diff", "HEAD~1", "HEAD", "-f", form, cwd=edited.folder).stdout


def test_the_store_is_only_read(edited: Repo, store: str, dagserial: Run) -> None:
    file = Path(store.removeprefix("sqlite:///"))
    before = file.read_bytes()
    dagserial("diff", "HEAD~1", "HEAD", "--db", store, cwd=edited.folder)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///none.db", "there is no database 'sqlite:///none.db'"),
        ("sqlite:///empty.db", "cannot use the database 'sqlite:///empty.db': no such table: dag_run"),
        ("sqlite:///dags/etl.py", "cannot use the database 'sqlite:///dags/etl.py': file is not a database"),
        ("nonsense", "'nonsense' is no database URL"),
    ],
)
def test_a_database_that_cannot_be_read_is_one_error(edited: Repo, dagserial: Run, url: str, said: str) -> None:
    (edited.folder / "empty.db").touch()
    done = dagserial("diff", "HEAD~1", "HEAD", "--db", url, cwd=edited.folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (edited.folder / "none.db").exists()
