"""`put`, `stamp` and `runs`: records into a store, the key of a DagRun, which runs ran what."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session
from support import Repo

from dagserial.cli import main
from dagserial.digest import Digest
from dagserial.store import Instance, RecordStore, Version, open_engine, put_instances

ETL = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG("{dag}", schedule="{schedule}"):
    BashOperator(task_id="get", bash_command="get") >> BashOperator(task_id="load", bash_command="load")
"""
IMAGE = f"registry/etl@sha256:{'1' * 64}"


class Store:
    """A repository of two commits, the command line in it, and its database.

    Commands run in this process: to start one for each takes longer than the tests.
    """

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.url = f"sqlite:///{repo.folder / 'runs.db'}"
        repo.write({".gitignore": "runs.db*\n"})
        other = ETL.format(dag="other", schedule="@once")
        self.first = repo.commit({"dags/etl.py": ETL.format(dag="etl", schedule="@daily"), "dags/other.py": other})
        self.second = repo.commit({"dags/etl.py": ETL.format(dag="etl", schedule="@hourly")})

    def run(self, *arguments: str, code: int = 0) -> str:
        """Return what a command writes, which exits with a code."""
        done = CliRunner().invoke(main, arguments, env={"DAGSERIAL_DB": self.url}, catch_exceptions=False)
        assert done.exit_code == code, done.stderr
        return done.stderr if code else done.stdout

    def rows(self, *arguments: str) -> list[list[str]]:
        return [line.split() for line in self.run(*arguments).splitlines()]

    def versions(self, dag_id: str = "etl") -> list[Version]:
        with self.session() as session:
            return RecordStore(session).versions(dag_id)

    def session(self) -> Session:
        return Session(open_engine(self.url))


@pytest.fixture
def store(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store(repo)
    monkeypatch.chdir(repo.folder)
    made.run("db", "upgrade")
    return made


def test_a_dag_gets_a_version_when_it_means_something_else(store: Store) -> None:
    assert [row[2:] for row in store.rows("put", "HEAD~1")] == [["version", "1", "new"]] * 2
    assert [row[2:] for row in store.rows("put", "HEAD~1")] == [["version", "1", "as", "it", "was"]] * 2
    assert [row[3:] for row in store.rows("put")] == [["2", "new"], ["1", "as", "it", "was"]]
    assert [row[3:] for row in store.rows("put", "HEAD~1", "--", "etl")] == [["3", "new"]]
    newest, *_, oldest = store.versions()
    assert (newest.digest, newest.number, oldest.number) == (oldest.digest, 3, 1)


def test_a_version_says_where_it_came_from(store: Store) -> None:
    flags = ("--bundle", "main", "--image", IMAGE, "--note", "a note", "--label", "team=x", "--label", "a=b=c")
    store.run("put", "HEAD~1", *flags)
    (version,) = store.versions()
    origin = version.origin
    assert (origin.bundle_name, origin.bundle_version, origin.ref, origin.is_dirty) == (
        "main",
        store.first,
        "HEAD~1",
        False,
    )
    assert (origin.file, origin.line) == ("dags/etl.py", 5)
    assert (origin.image, origin.note, origin.labels) == (IMAGE, "a note", {"team": "x", "a": "b=c"})


@pytest.mark.parametrize("edit", [True, False])
def test_a_work_tree_says_its_commit_and_whether_it_holds_more(store: Store, edit: bool) -> None:
    if edit:
        store.repo.write({"dags/new.py": ETL.format(dag="new", schedule="@once")})
    store.run("put", "@worktree")
    origin = store.versions()[0].origin
    assert (origin.bundle_version, origin.ref, origin.is_dirty) == (store.second, "@worktree", edit)


def test_files_that_cannot_be_read_are_named_and_the_others_put(store: Store) -> None:
    store.repo.commit({"dags/bad.py": "from airflow import DAG\n1 / 0\n"})
    assert len(store.rows("put")) == 2
    assert "not put: dags/bad.py:2: ZeroDivisionError" in store.run("put", "--exit-code", code=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("put", "--image", "etl:latest"), "image 'etl:latest' is not pinned"),
        (("put", "--label", "team"), "--label takes NAME=TEXT, not 'team'"),
        (("put", "--db", "sqlite:///none.db"), "`dagserial db upgrade` makes it"),
        (("put", "--db", "sqlite:///none/none.db"), "a folder that does not exist"),
        (("stamp", "etl", "r1"), "Give --at REF or --digest DIGEST, one of them"),
        (("stamp", "etl", "r1", "--at", "HEAD", "--digest", "sha256:12345678"), "one of them"),
        (("stamp", "etl", "r1", "--digest", "sha256:12345678", "--pinned"), "--pinned keeps the commit of --at REF"),
        (("stamp", "etl", "r1", "--digest", "sha256:12345678"), "there is no record sha256:12345678"),
        (("stamp", "etl", "r1", "--digest", "s"), "'s' is no prefix of a digest"),
        (("stamp", "none", "r1", "--at", "HEAD"), "none"),
        (("stamp", "etl", "", "--at", "HEAD"), "run_id '' has 0 characters"),
        (("stamp", "etl", "r1", "--at", "HEAD", "--conf", "[1]"), "--conf takes a JSON object, not '[1]'"),
        (("stamp", "etl", "r1", "--at", "HEAD", "--conf", "{"), "--conf takes a JSON object: "),
        (("stamp", "etl", "r1", "--at", "HEAD", "--logical-date", "noon"), "--logical-date takes ISO 8601"),
        (("stamp", "etl", "r1", "--at", "HEAD", "--logical-date", "2026-01-01"), "has no time zone"),
        (("stamp", "etl", "r1", "--at", "HEAD", "--state", "Running"), "state 'Running' is none"),
        (("runs", "--commit", "main"), "'main' is no commit: 7 to 64"),
        (("runs", "--image", "etl:latest"), "is not pinned"),
    ],
)
def test_what_is_wrong_is_one_error_and_nothing_is_written(store: Store, arguments: tuple[str, ...], said: str) -> None:
    assert said.replace("a folder that does not exist", "which does not exist") in store.run(*arguments, code=2)
    assert store.versions() == []
    assert store.run("runs") == ""


def test_a_run_is_stamped_once(store: Store) -> None:
    flags = ("--state", "running", "--conf", '{"day": 1}', "--logical-date", "2026-01-01T00:00:00+02:00")
    first = store.run("stamp", "etl", "r1", "--at", "HEAD~1", *flags)
    assert first == store.run("stamp", "etl", "r1", "--at", store.first)
    said = store.run("stamp", "etl", "r1", "--at", "HEAD", code=2)
    assert "run etl/r1 is stamped with sha256:" in said.splitlines()[0]
    assert [line.split() for line in said.splitlines()[2:3]] == [
        ["~", "dag", "schedule", '"@daily"', "->", '"@hourly"', "[dag-schedule-changed]"]
    ]
    assert [version.number for version in store.versions()] == [1]
    (run,) = json.loads(store.run("runs", "-f", "json"))["runs"]
    assert (run["state"], run["conf"], run["logical_date"]) == ("running", {"day": 1}, "2025-12-31T22:00:00Z")
    assert (run["bundle_version"], run["others"]) == (None, {})


def test_a_run_of_a_record_of_the_store_is_stamped_by_its_digest(store: Store) -> None:
    digest = store.rows("put")[0][1]
    assert store.rows("stamp", "etl", "r1", "--digest", digest)[0][:2] == ["etl", "r1"]
    assert "cannot be stamped with a record of DAG 'etl'" in store.run(
        "stamp", "other", "r1", "--digest", digest, code=2
    )


def test_runs_are_found_by_what_they_ran(store: Store) -> None:
    store.run("stamp", "etl", "r1", "--at", "HEAD~1", "--image", IMAGE)
    store.run("stamp", "etl", "r2", "--at", "HEAD", "--pinned")
    store.run("stamp", "other", "r3", "--at", "HEAD~1")
    first, second = (version.digest for version in reversed(store.versions()))
    found = {
        name: [row[1] for row in store.rows("runs", *arguments)]
        for name, arguments in {
            "all": (),
            "dag": ("etl",),
            "digest": ("--digest", first[:20]),
            "pinned": ("--commit", store.second[:7]),
            "commit": ("--commit", store.first),
            "image": ("--image", IMAGE),
            "both": ("etl", "--digest", second),
            "none": ("none",),
        }.items()
    }
    assert found == {
        "all": ["r1", "r2", "r3"],
        "dag": ["r1", "r2"],
        "digest": ["r1"],
        "pinned": ["r2"],
        "commit": ["r1", "r3"],
        "image": ["r1"],
        "both": ["r2"],
        "none": [],
    }
    assert json.loads(store.run("runs", "-n", "2", "-f", "json"))["truncated"] is True


def test_a_run_whose_instances_ran_several_records_is_mixed(store: Store) -> None:
    store.run("put")
    store.run("stamp", "etl", "r1", "--at", "HEAD~1")
    other, own = (store.versions()[at].digest for at in (1, 0))
    with store.session() as session:
        spread = [Instance(task_id="load", map_index=at, digest=other) for at in (0, 1, 2, 5)]
        single = [Instance(task_id="get", digest=other), Instance(task_id="same", digest=own), Instance(task_id="own")]
        put_instances(session, "etl", "r1", [*spread, *single])
        session.commit()
    lines = store.run("runs", "etl").splitlines()
    assert lines[0].split() == ["etl", "r1", own.short, "mixed"]
    assert lines[1:] == [f"etl r1: {other.short} ran in get, load[0-2, 5]"]
    assert [row[1] for row in store.rows("runs", "--digest", str(other))][:1] == ["r1"]
    (run,) = json.loads(store.run("runs", "-f", "json"))["runs"]
    assert run["others"][str(other)][0] == {"task_id": "get", "map_index": -1}
    assert Digest(run["digest"]) == own
    assert datetime.fromisoformat(run["created_at"]).tzinfo == UTC
