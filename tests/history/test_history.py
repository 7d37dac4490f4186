"""Records at refs: what a snapshot holds, and that the repository stays as it was."""

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dagserial.errors import NotFoundError, RepositoryError, SettingsError
from dagserial.history import WORKTREE, Entry, History, Snapshot
from dagserial.history.result import Result
from dagserial.model import Dag, DagFields
from dagserial.sources.reading import FileError, Parsed, Provenance, ReadOptions

Git = Callable[..., str]
Commit = Callable[..., str]


@pytest.fixture
def repo(repo: Path, commit: Commit) -> Path:
    """A repository whose last commit has the DAG `etl` with the description `first`."""
    commit(repo, {"dags/etl.py": stem("first")})
    return repo


def stem(description: str) -> str:
    """Return a DAG file whose DAG is called by the file's name."""
    return f"import pathlib\nfrom airflow import DAG\ndag = DAG(pathlib.Path(__file__).stem, description={description!r})\n"


DAG_FILE = """\
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("{dag_id}", schedule="@daily"):
    BashOperator(task_id="say", bash_command="echo {text}")
"""


def text_of(entry: Entry) -> object:
    return entry.record.dag().fields.description


def bytes_of(folder: Path) -> dict[str, tuple[int, int, bytes | str | None]]:
    """Return mode, time and content of all that lies below a folder."""
    found: dict[str, tuple[int, int, bytes | str | None]] = {}
    for path in [folder, *folder.rglob("*")]:
        about = path.lstat()
        content: bytes | str | None = None
        if stat.S_ISREG(about.st_mode):
            content = path.read_bytes()
        elif stat.S_ISLNK(about.st_mode):
            content = os.readlink(path)
        found[str(path.relative_to(folder))] = (about.st_mode, about.st_mtime_ns, content)
    return found


def children() -> set[str]:
    """Return the process ids of what this process has started and not seen the end of."""
    found = Path("/proc/self/task").glob("*/children")
    return {pid for path in found for pid in path.read_text().split()}


def test_a_snapshot_holds_the_records_of_its_ref(repo: Path, commit: Commit) -> None:
    first = commit(repo, {"dags/a.py": stem("one")})
    second = commit(repo, {"dags/a.py": stem("two"), "dags/b.py": stem("new")})
    with History(repo) as history:
        old, new = history.at("HEAD~1"), history.at("main")
    assert (old.ref, old.commit) == ("HEAD~1", first)
    assert (new.ref, new.commit) == ("main", second)
    assert [entry.record.dag_id for entry in old.entries] == ["a", "etl"]
    assert [entry.record.dag_id for entry in new.entries] == ["a", "b", "etl"]
    assert [text_of(snapshot.get("a")) for snapshot in (old, new)] == ["one", "two"]
    assert old.get("etl").record == new.get("etl").record
    assert old.errors == new.errors == ()


def test_an_entry_says_where_it_comes_from(repo: Path, git: Git) -> None:
    with History(repo) as history:
        assert history.load("etl").provenance == Provenance(
            file="dags/etl.py", line=3, commit=git(repo, "rev-parse", "HEAD"), ref="HEAD"
        )
        assert history.load("etl", WORKTREE).provenance == Provenance(file="dags/etl.py", line=3, ref=WORKTREE)


def test_the_work_tree_is_read_in_place(repo: Path) -> None:
    (repo / "dags/etl.py").write_text(stem("changed"))
    (repo / "dags/untracked.py").write_text(stem("new"))
    with History(repo / "dags") as history:
        snapshot = history.at(WORKTREE)
    assert (snapshot.ref, snapshot.commit) == (WORKTREE, None)
    assert [(entry.record.dag_id, text_of(entry)) for entry in snapshot.entries] == [
        ("etl", "changed"),
        ("untracked", "new"),
    ]


def test_a_folder_of_the_work_tree_stands_for_all_of_it(repo: Path, commit: Commit) -> None:
    commit(repo, {"dags/top.py": stem("x")})
    with History(repo / "dags") as history:
        found = [[entry.provenance.file for entry in history.at(ref).entries] for ref in ("HEAD", WORKTREE)]
    assert found == [["dags/etl.py", "dags/top.py"]] * 2


def test_a_bare_repository_has_no_work_tree_to_read(repo: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), "bare.git")
    with History(tmp_path / "bare.git") as history:
        assert history.load("etl").record.dag_id == "etl"
        with pytest.raises(RepositoryError) as caught:
            history.at(WORKTREE)
    assert str(caught.value) == (f"'{tmp_path}/bare.git' has no work tree; name a commit instead of '@worktree'")


def test_options_and_warnings_pass_through(repo: Path, commit: Commit) -> None:
    source = "from airflow import DAG\nfrom airflow.models import Variable\ndag = DAG(Variable.get('a'), params={'x': object()})\n"
    commit(repo, {"dags/etl.py": source})
    with History(repo) as history:
        for ref in ("HEAD", WORKTREE):
            for value in ("b", "c"):
                (entry,) = history.at(ref, ReadOptions(variables={"a": value}, jobs=1)).entries
                assert entry.record.dag_id == value
                assert [warning.path for warning in entry.warnings] == ["/dag/params/x"]


def test_errors_of_reading_and_of_laying_out_stand_together(repo: Path, git: Git) -> None:
    (repo / "dags/link.py").symlink_to("/etc/passwd")
    (repo / "dags/link.sql").symlink_to("/etc/passwd")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "links")
    (repo / "dags/z.py").write_text("# airflow dag\n1 / 0\n")
    (repo / "dags/a.py").write_text("# airflow dag\n\nif\n")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "errors")
    with History(repo) as history:
        found = history.at("HEAD").errors
        in_place = history.at(WORKTREE).errors
    assert found == (
        FileError("dags/a.py", 3, "SyntaxError: invalid syntax"),
        FileError("dags/link.py", None, "left out: its link leads out of the tree, or in a circle"),
        FileError("dags/z.py", 2, "ZeroDivisionError: division by zero"),
    )
    assert in_place == (found[0], found[2])


def test_a_dag_that_no_record_can_hold_is_an_error_of_its_file() -> None:
    dags = [Dag(fields=DagFields(dag_id=dag_id, description=text)) for dag_id, text in (("b", "\ud800"), ("a", "x"))]
    parsed = [Parsed(dag, Provenance(file=f"dags/{dag.dag_id}.py", line=7)) for dag in dags]
    result = Result.of(parsed, [])
    assert [one.dag_id for one in result.kept] == ["a"]
    [error] = result.errors
    assert (error.file, error.line) == ("dags/b.py", 7)
    assert error.error.startswith("CanonicalError: ")


def test_an_unknown_dag_is_told_what_it_may_have_been(repo: Path, commit: Commit) -> None:
    commit(repo, {"dags/etl_daily.py": stem("x"), "dags/etl_hourly.py": stem("x")})
    with History(repo) as history:
        with pytest.raises(NotFoundError) as caught:
            history.load("etl_dayly")
        assert str(caught.value) == (
            "DAG 'etl_dayly' does not exist at 'HEAD'; did you mean 'etl_daily' or 'etl_hourly'?"
        )
        with pytest.raises(NotFoundError, match=r"^DAG 'other' does not exist at 'main'$"):
            history.load("other", "main")


def test_an_unknown_dag_may_be_in_a_file_that_was_not_read() -> None:
    errors = (FileError("dags/a.py", 1, "SyntaxError: x"), FileError("dags/b.py", 1, "SyntaxError: x"))
    with pytest.raises(NotFoundError) as caught:
        Snapshot("HEAD", None, (), errors).get("etl")
    assert str(caught.value) == "DAG 'etl' does not exist at 'HEAD'; unread files: 2, such as 'dags/a.py'"


def test_an_error_of_reading_leaves_no_folder(repo: Path, private_folders: Path) -> None:
    with History(repo) as history, pytest.raises(SettingsError, match=r"^--python /nowhere/python does not start: "):
        history.at("HEAD", ReadOptions(python="/nowhere/python"))
    assert list(private_folders.iterdir()) == []


@pytest.mark.parametrize("ref", ["--upload-pack=x", "-x", ""])
def test_a_ref_that_looks_like_an_option_is_refused(repo: Path, ref: str) -> None:
    with History(repo) as history:
        for refused in (history.at, lambda ref: history.load("etl", ref)):
            with pytest.raises(SettingsError, match="ref"):
                refused(ref)


def test_reading_leaves_the_repository_as_it_was(repo: Path, tmp_path: Path, git: Git, commit: Commit) -> None:
    marker = tmp_path / "ran"
    commit(repo, {"dags/more.py": stem("more"), ".gitattributes": "*.py filter=evil\n"})
    git(repo, "tag", "v1")
    git(repo, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor", "pre-auto-gc"):
        path = repo / ".git/hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
        path.chmod(0o755)
    git(repo, "config", "core.fsmonitor", str(repo / ".git/hooks/fsmonitor"))
    git(repo, "config", "filter.evil.smudge", f"touch '{marker}'; cat")
    (repo / "dags/etl.py").write_text(stem("dirty"))
    os.utime(repo / "dags/more.py", (1, 1))
    marker.unlink(missing_ok=True)
    before = bytes_of(repo)
    with History(repo) as history:
        for ref in ("HEAD", "v1", "main~1", WORKTREE):
            history.at(ref)
        history.load("more")
        history.merge_base("main", WORKTREE)
        with pytest.raises(NotFoundError):
            history.commit("nothing")
    assert bytes_of(repo) == before
    assert not marker.exists()


def test_a_repository_that_cannot_be_written_is_read(repo: Path) -> None:
    # Root writes where it may not; what is proved then is that it need not.
    folders = [repo, *(path for path in repo.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        before = bytes_of(repo)
        with History(repo) as history:
            assert text_of(history.load("etl")) == "first"
        assert bytes_of(repo) == before
    finally:
        for folder in folders:
            folder.chmod(0o755)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed in /proc")
def test_no_child_process_is_left(repo: Path) -> None:
    before = children()
    history = History(repo)
    history.at("HEAD")
    history.close()
    history.close()
    assert children() == before


def test_threads_may_share_a_history(repo: Path, commit: Commit) -> None:
    for number in range(6):
        commit(repo, {"dags/etl.py": stem(str(number))})
    with History(repo) as history, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda age: text_of(history.load("etl", f"HEAD~{age}")), range(6)))
    assert found == ["5", "4", "3", "2", "1", "0"]


def test_a_sha256_repository_is_read(tmp_path: Path, git: Git, commit: Commit) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "wide")
    head = commit(tmp_path / "wide", {"dags/etl.py": stem("wide")})
    with History(tmp_path / "wide") as history:
        assert history.load("etl").provenance.commit == head


def test_dag_files_of_a_commit_are_parsed_in_the_sandbox(repo: Path, commit: Commit) -> None:
    commit(
        repo,
        {"dags/etl.py": DAG_FILE.format(dag_id="etl", text="one"), "dags/broken.py": "import airflow, dag ("},
    )
    commit(repo, {"dags/etl.py": DAG_FILE.format(dag_id="etl", text="two")})
    with History(repo) as history:
        old, new = history.at("HEAD~1"), history.at("HEAD")
        (repo / "dags/etl.py").write_text(DAG_FILE.format(dag_id="etl", text="one"))
        worktree = history.at(WORKTREE)
    assert old.get("etl").record == worktree.get("etl").record
    assert old.get("etl").record.digest != new.get("etl").record.digest
    assert b"echo two" in new.get("etl").record.body
    assert new.get("etl").provenance.file == "dags/etl.py"
    assert [error.file for error in old.errors] == ["dags/broken.py"]
