"""`put --history` and `watch`: the past of a branch in a store, and what the branch brings."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session
from support import Repo

from dagserial.cli import main
from dagserial.store import RecordStore, Version, open_engine

ETL = "from airflow import DAG\ndag = DAG({dag!r}, description={text!r})\n"


def etl(text: str, dag: str = "etl") -> dict[str, str]:
    return {f"dags/{dag}.py": ETL.format(dag=dag, text=text)}


class Past:
    """A repository whose DAG `etl` was a, b and a again, with a commit between that changed nothing; and a store."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        self.repo = repo
        self.url = f"sqlite:///{folder / 'store.db'}"
        self.commits = [
            repo.commit({**etl("a"), **etl("x", "other")}, "first"),
            repo.commit(etl("b"), "second"),
            repo.commit({"README.md": "more"}, "words"),
            repo.commit(etl("a"), "back"),
        ]
        self.run("db", "upgrade")

    def run(self, *arguments: str, code: int = 0) -> str:
        """Return what a command writes, which exits with a code."""
        done = CliRunner().invoke(main, arguments, env={"DAGSERIAL_DB": self.url}, catch_exceptions=False)
        assert done.exit_code == code, done.stderr
        return done.stderr if code else done.stdout

    def versions(self, dag_id: str = "etl") -> list[Version]:
        """Return the versions, the first one first."""
        engine = open_engine(self.url)
        try:
            with Session(engine) as session:
                return RecordStore(session).versions(dag_id)[::-1]
        finally:
            engine.dispose()

    def told(self, dag_id: str = "etl") -> list[tuple[int, str | None]]:
        return [(version.number, version.origin.bundle_version) for version in self.versions(dag_id)]

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run a command in a process of its own, which is interrupted in the end."""
        process = subprocess.Popen(
            [sys.executable, "-m", "dagserial", *arguments],
            env={**os.environ, "DAGSERIAL_DB": self.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


@pytest.fixture
def past(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    monkeypatch.chdir(repo.folder)
    return Past(repo, tmp_path)


def until(seconds: float, wanted: object, look: Callable[[], object]) -> None:
    """Wait until `look()` gives what is wanted."""
    end = time.monotonic() + seconds
    while (found := look()) != wanted:
        assert time.monotonic() < end, found
        time.sleep(0.1)


def test_each_change_becomes_a_version_of_its_commit(past: Past) -> None:
    first, second, _, back = past.commits
    rows = [line.split() for line in past.run("put", "--history", "main").splitlines()]
    assert past.told() == [(1, first), (2, second), (3, back)]
    assert past.told("other") == [(1, first)]
    one, two, three = past.versions()
    assert one.digest == three.digest != two.digest
    assert rows[-1] == ["etl", "version", "3", one.digest.short, back[:10], f"{three.created_at:%Y-%m-%d}"]
    assert one.origin.labels is not None
    assert one.origin.labels["subject"] == "first"
    assert (one.origin.file, one.origin.line, one.origin.ref, one.origin.is_dirty) == ("dags/etl.py", 2, "main", False)


def test_a_version_is_as_old_as_its_commit(past: Past) -> None:
    past.run("put", "--history", "main")
    when = past.repo.git("log", "-1", "--format=%ct", past.commits[1])
    assert past.versions()[1].created_at.timestamp() == int(when)


def test_the_same_again_puts_nothing_and_more_puts_more(past: Past) -> None:
    past.run("put", "--history", "main~2")
    assert past.run("put", "--history", "main~2") == ""
    assert past.told() == [(1, past.commits[0]), (2, past.commits[1])]
    past.run("put", "--history", "main")
    assert past.told() == [(1, past.commits[0]), (2, past.commits[1]), (3, past.commits[3])]


def test_names_pick_dags(past: Past) -> None:
    past.run("put", "--history", "main", "--", "oth*")
    assert past.told() == []
    assert past.told("other") == [(1, past.commits[0])]


def test_what_is_older_than_what_is_there_is_refused(past: Past) -> None:
    past.run("put", "main")
    told = past.told()
    complaint = past.run("put", "--history", "main~1", code=2)
    assert complaint.startswith("dagserial: DAG 'etl' has version 1 already, of commit ")
    assert past.told() == told


def test_a_range_and_a_ref_are_one_too_many(past: Past) -> None:
    assert "leave 'main' out" in past.run("put", "main", "--history", "main", code=2)


def test_what_was_killed_goes_on_where_it_ended(past: Past) -> None:
    for step in range(120):
        past.repo.commit(etl(f"step {step}"))
    wanted = 123
    for wait in (1.0, 2.0, 3.0):
        with past.started("put", "--history", "main") as process:
            time.sleep(wait)
            process.kill()
    past.run("put", "--history", "main")
    versions = past.versions()
    assert [version.number for version in versions] == list(range(1, wanted + 1))
    texts = [past.repo.git("show", f"{version.origin.bundle_version}:dags/etl.py") for version in versions]
    assert len(set(texts)) == wanted - 1  # the third is the first again


def test_watching_puts_what_the_branch_brings(past: Past) -> None:
    past.run("put", "--history", "main")
    with past.started("watch", "--interval", "0.2"):
        fourth = past.repo.commit(etl("c"))
        fifth = past.repo.commit(etl("d"))
        until(30, [(4, fourth), (5, fifth)], lambda: past.told()[3:])
        past.repo.git("reset", "--quiet", "--hard", "HEAD~1")
        sixth = past.repo.commit(etl("e"))
        until(30, (6, sixth), lambda: past.told()[-1])


def test_watching_an_empty_store_starts_with_what_there_is(past: Past) -> None:
    past.run("watch", "--once")
    assert past.told() == [(1, past.commits[3])]
    assert past.run("watch", "--once") == ""


def test_watching_ends_at_an_interrupt(past: Past) -> None:
    with past.started("watch", "--interval", "0.2") as process:
        until(30, 1, lambda: len(past.told()))
        process.send_signal(signal.SIGINT)
        output, complaints = process.communicate(timeout=30)
        assert (process.returncode, complaints.strip()) == (130, "")
        assert output.startswith("etl  version 1")


def test_fetching_brings_what_the_remote_has(past: Past, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    past.repo.git("clone", "--quiet", str(past.repo.folder), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    past.run("watch", "--once", "--ref", "origin/main")
    new = past.repo.commit(etl("pushed"))
    past.run("watch", "--once", "--ref", "origin/main")
    assert past.told() == [(1, past.commits[3])]
    past.run("watch", "--once", "--ref", "origin/main", "--fetch")
    assert past.told() == [(1, past.commits[3]), (2, new)]


def test_a_run_of_a_commit_gets_the_record_that_the_past_has(past: Past) -> None:
    past.run("put", "--history", "main")
    before = past.versions()
    stamped = past.run("stamp", "etl", "manual__1", "--at", past.commits[1]).split()
    assert stamped == ["etl", "manual__1", str(before[1].digest)]
    assert past.versions() == before
