"""A clone that lacks contents of files: DAG files are read as far as they need none of these."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dagserial.errors import RepositoryError
from dagserial.history import History, Memo
from dagserial.sources.reading import FileError

Git = Callable[..., str]
Commit = Callable[..., str]

HEAD = """\
import os
from pathlib import Path
from airflow import DAG

TOP = Path(__file__).parent.parent
"""
DAGS = {
    "aside": "dag = DAG('aside')\n",
    "lists": "dag = DAG('lists', description=repr(sorted(os.listdir(TOP / 'data'))))\n",
    "reads": "dag = DAG('reads', description=str(len((TOP / 'data' / 'large.sql').read_text())))\n",
    "sizes": "dag = DAG('sizes', description=str(os.path.getsize(TOP / 'link.sql')))\n",
    "small": "dag = DAG('small', description=(TOP / 'data' / 'small.sql').read_text())\n",
}
LARGE = "SELECT 1\n" * 1_000


@pytest.fixture
def repo(repo: Path, commit: Commit, git: Git) -> Path:
    """Two commits of DAG files around a small file and a large one, both of which the second changes."""
    files = {f"dags/{name}.py": HEAD + text for name, text in DAGS.items()}
    (repo / "link.sql").symlink_to("data/large.sql")
    commit(repo, {**files, "data/large.sql": LARGE, "data/small.sql": "SELECT 2"})
    commit(repo, {"data/large.sql": LARGE.replace("1", "3"), "data/small.sql": "SELECT 4"})
    git(repo, "config", "uploadpack.allowFilter", "true")
    return repo


@pytest.fixture
def partial(repo: Path, tmp_path: Path, git: Git) -> Path:
    """A bare clone without files of 4 KiB and more."""
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:limit=4k", f"file://{repo}", "partial")
    return tmp_path / "partial"


def described(history: History, ref: str) -> dict[str, object]:
    return {entry.record.dag_id: entry.record.dag().fields.description for entry in history.at(ref).entries}


def lacking(name: str, path: str = "data/large.sql") -> FileError:
    said = f"looks at {path}, which this partial clone lacks; `git fetch --refetch --no-filter` brings it"
    return FileError(f"dags/{name}.py", None, said)


def test_files_that_nobody_looks_at_are_not_missed(repo: Path, partial: Path, git: Git) -> None:
    before = git(partial, "count-objects", "-v")
    with History(repo) as whole, History(partial) as history:
        known = described(whole, "HEAD")
        assert described(history, "HEAD") == {name: known[name] for name in ("aside", "lists", "small")}
        assert history.at("HEAD").errors == (lacking("reads"), lacking("sizes"))
    assert git(partial, "count-objects", "-v") == before


def test_what_was_missing_is_not_remembered(repo: Path, partial: Path, tmp_path: Path, git: Git) -> None:
    with Memo(tmp_path / "cache") as memo:
        with History(partial, memo=memo) as history:
            assert len(history.at("HEAD").errors) == 2
        git(partial, "fetch", "--quiet", "--refetch", "--no-filter")
        with History(partial, memo=memo) as history, History(repo) as whole:
            assert history.at("HEAD").errors == ()
            assert described(history, "HEAD") == described(whole, "HEAD")


def test_what_another_clone_knows_needs_no_file(repo: Path, partial: Path, tmp_path: Path) -> None:
    with Memo(tmp_path / "cache") as memo:
        with History(repo, memo=memo) as whole:
            known = described(whole, "HEAD")
        with History(partial, memo=memo) as history:
            assert described(history, "HEAD") == known


def test_log_names_what_cannot_be_told(partial: Path) -> None:
    with History(partial) as history:
        events = [(event.dag_id, event.operation) for event in history.log()]
    assert events[0] == ("small", "changed")
    assert sorted(event for event in events[1:] if event[1] == "added") == [
        (name, "added") for name in ("aside", "lists", "small")
    ]


def test_executors_find_the_same(partial: Path) -> None:
    with ThreadPoolExecutor(2) as executor, History(partial, executor=executor) as history, History(partial) as here:
        assert history.at("HEAD") == here.at("HEAD")


def test_a_missing_dag_file_is_refused_with_what_to_do(repo: Path, commit: Commit, tmp_path: Path, git: Git) -> None:
    commit(repo, {"dags/aside.py": HEAD + "#" * 5_000})
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:limit=4k", f"file://{repo}", "partial")
    with (
        History(tmp_path / "partial") as history,
        pytest.raises(RepositoryError, match=r"partial clone .* run `git fetch --refetch --no-filter` first"),
    ):
        history.at("HEAD")
