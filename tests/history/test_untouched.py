"""The user's repository is untouched: by every command, also one that is killed, or that may not write there."""

import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from support import ROOT, skip_or_fail

from dagserial.history import History

Git = Callable[..., str]
Commit = Callable[..., str]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Untouched = Callable[..., AbstractContextManager[None]]

DAG = """
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG({dag_id!r}, schedule={schedule!r}):
    BashOperator(task_id="t", bash_command="x")
"""


@pytest.fixture
def tree(tmp_path: Path, git: Git, commit: Commit) -> Path:
    """A repository with `v1` and `v2`, changes in index and work tree, hooks and filters that leave a mark, a stash."""
    folder = tmp_path / "user"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(folder))
    for tag, schedule in (("v1", "@daily"), ("v2", "@hourly")):
        files = {f"dags/d{number}.py": DAG.format(dag_id=f"d{number}", schedule=schedule) for number in range(4)}
        commit(folder, {**files, ".gitattributes": "*.py filter=evil diff=dagserial\n", ".gitignore": "*.log\n"})
        git(folder, "tag", "--annotate", "--message", tag, tag)
    (folder / "dags/d1.py").write_text("stashed = 1\n")
    git(folder, "stash")
    (folder / "dags/d2.py").write_text(DAG.format(dag_id="d2", schedule="@weekly"))
    (folder / "dags/new.py").write_text(DAG.format(dag_id="new", schedule=None))
    (folder / "dags/run.log").write_text("ignored")
    (folder / "staged").write_text("staged")
    git(folder, "add", "staged")
    mark = shlex.quote(str(folder / ".git/mark"))
    for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (folder / ".git/hooks").mkdir(exist_ok=True)
        (folder / ".git/hooks" / hook).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (folder / ".git/hooks" / hook).chmod(0o755)
    git(folder, "config", "core.fsmonitor", ".git/hooks/fsmonitor-watchman")
    for step in ("smudge", "clean", "process"):
        git(folder, "config", f"filter.evil.{step}", f"touch {mark}; cat")
    git(folder, "config", "diff.dagserial.command", f"{shlex.quote(sys.executable)} -m dagserial git-driver")
    (folder / ".git/mark").unlink(missing_ok=True)
    return folder


COMMANDS = {
    "list the work tree": ("list",),
    "list a ref": ("list", "v1"),
    "list a ref that is not there": ("list", "v3"),
    "diff": ("diff",),
    "diff of refs": ("diff", "v1...v2"),
    "diff with every output": (
        "diff",
        "v1",
        "v2",
        "-f",
        "markdown",
        "-f",
        "html={out}/d.html",
        "-f",
        "sarif={out}/d.sarif",
    ),
    "log": ("log", "-p", "--full-history", "--", "d*"),
    "blame": ("blame", "d1", "--at", "v2"),
    "bisect": ("bisect", "d1", "v2", "--when", "dag.schedule == '@hourly'"),
    "bisect by a command": ("bisect", "d1", "v1..v2", "--", "grep", "-q", "daily"),
    "show": ("show", "v1:d1"),
    "show of the work tree": ("show", "@worktree:new"),
    "put": ("put", "v1", "--db", "sqlite:///{out}/dags.db"),
    "put of the work tree": ("put", "@worktree", "--db", "sqlite:///{out}/dags.db"),
    "stamp": ("stamp", "d1", "run", "--at", "v2", "--db", "sqlite:///{out}/dags.db"),
}
"""Commands that read a repository."""

CODES = {"list a ref that is not there": 2}


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the tables and no record."""
    file = tmp_path_factory.mktemp("database") / "dags.db"
    command = [sys.executable, "-m", "dagserial", "db", "upgrade", "--db", f"sqlite:///{file}"]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    return file


@pytest.fixture
def out(tmp_path: Path, database: Path) -> Path:
    """A folder for what commands write, with a database."""
    folder = tmp_path / "out"
    folder.mkdir()
    shutil.copy(database, folder)
    return folder


def test_what_touches_a_repository_is_noticed(tree: Path, git: Git, untouched: Untouched) -> None:
    git(tree, "config", "--unset", "core.fsmonitor")
    touches: list[Callable[[], object]] = [
        lambda: git(tree, "status"),
        lambda: git(tree, "hash-object", "-w", "--stdin", stdin=b"new"),
        lambda: git(tree, "update-ref", "refs/x", "HEAD"),
        lambda: git(tree, "config", "a.b", "c"),
        lambda: git(tree, "worktree", "add", "--detach", str(tree.parent / "more")),
        lambda: ((tree / ".git/index.lock").touch(), (tree / ".git/index.lock").unlink()),
        lambda: (tree / "dags/d1.py").write_bytes((tree / "dags/d1.py").read_bytes()),
        lambda: (tree / ".git/hooks/x").touch(),
    ]
    for touch in touches:
        with pytest.raises(AssertionError), untouched(tree):
            touch()
    with untouched(tree):
        git(tree, "--no-optional-locks", "log")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_touches_the_repository(
    dagserial: Run, tree: Path, out: Path, untouched: Untouched, name: str
) -> None:
    with untouched(tree):
        done = dagserial(*(word.format(out=out) for word in COMMANDS[name]), cwd=tree)
        assert done.returncode == CODES.get(name, 0), done.stderr


def test_the_diff_driver_touches_nothing(tree: Path, git: Git, untouched: Untouched) -> None:
    for name in ("smudge", "clean", "process"):
        git(tree, "config", "--unset", f"filter.evil.{name}")
    git(tree, "config", "--unset", "core.fsmonitor")
    # What Git itself would do before it calls a driver.
    git(tree, "config", "diff.autoRefreshIndex", "false")
    with untouched(tree):
        for command in (("diff",), ("diff", "v1", "v2"), ("log", "-p", "--ext-diff", "-n1"), ("diff", "--cached")):
            git(tree, "--no-optional-locks", *command)


def test_the_library_touches_nothing(tree: Path, git: Git, untouched: Untouched) -> None:
    git(tree, "config", "filter.evil.required", "true")
    with untouched(tree), History(tree) as history:
        for ref in ("v1", "HEAD", "@worktree"):
            history.commit(ref)
            top = history.path(ref)
            assert len(list(top.rglob("*.py"))) in (4, 5)
            assert [path.read_bytes() for path in top.rglob("*.py")]
            assert top.statuses()
        history.refs()
        history.merge_base("v1", "v2")
        assert history.checked_out()[1] is True


def test_a_bare_repository_and_a_linked_worktree_are_untouched(
    dagserial: Run, tree: Path, tmp_path: Path, git: Git, untouched: Untouched
) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(tree), "bare")
    git(tree, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), "v1")
    with untouched(tree, tmp_path / "bare", tmp_path / "linked"):
        assert dagserial("diff", "v1", "v2", "--repo", str(tmp_path / "bare")).returncode == 0
        assert dagserial("diff", "v1", "--repo", str(tmp_path / "linked")).returncode == 0


@pytest.mark.parametrize("name", ["list a ref", "diff of refs", "log", "put", "stamp"])
@pytest.mark.parametrize("seconds", [0.2, 0.6])
def test_a_command_that_is_killed_leaves_the_repository_and_no_process(
    tree: Path, out: Path, tmp_path: Path, untouched: Untouched, name: str, seconds: float
) -> None:
    for number in range(60):
        (tree / f"dags/slow{number}.py").write_text(DAG.format(dag_id=f"s{number}", schedule=None))
    words = [word.format(out=out) for word in COMMANDS[name]]
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "tmp")}
    with untouched(tree):
        command = [sys.executable, "-m", "dagserial", *words]
        running = subprocess.Popen(
            command, cwd=tree, env=environment, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        time.sleep(seconds)
        with running:
            running.kill()
        assert _ended(running.pid, tree)


def _ended(session: int, folder: Path) -> bool:
    """Wait for the processes of a session, and those that name a folder, to end."""
    for _ in range(200):
        if not any(map(_is_of(session, folder), filter(str.isdigit, os.listdir("/proc")))):
            return True
        time.sleep(0.05)
    return False


def _is_of(session: int, folder: Path) -> Callable[[str], bool]:
    def check(pid: str) -> bool:
        try:
            about = Path("/proc", pid, "stat").read_text().rsplit(")", 1)[1].split()
            words = Path("/proc", pid, "cmdline").read_bytes()
        except OSError:
            return False
        return about[0] != "Z" and (int(about[3]) == session or os.fsencode(folder) in words)

    return check


READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77; cd "$1"; shift; exec "$@"'


def _read_only(tree: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with a repository that nobody can write, root included."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh", str(tree), *command]
    try:
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
    except FileNotFoundError:
        skip_or_fail("mount", "needs unshare(1) of util-linux")
    if done.returncode == 77 or done.stderr.startswith("unshare: "):
        skip_or_fail("mount", f"needs leave to mount a folder read-only: {done.stderr.strip()}")
    return done


@pytest.mark.parametrize("name", COMMANDS)
def test_a_repository_that_nobody_can_write_is_read(tree: Path, out: Path, untouched: Untouched, name: str) -> None:
    assert _read_only(tree, "touch", "x").returncode == 1
    with untouched(tree):
        words = (word.format(out=out) for word in COMMANDS[name])
        done = _read_only(tree, sys.executable, "-m", "dagserial", *words)
        assert done.returncode == CODES.get(name, 0), done.stderr


@pytest.mark.skipif(os.getuid() == 0, reason="permissions do not hold for root; the read-only mount stands for them")
def test_a_repository_without_leave_to_write_is_read(dagserial: Run, tree: Path) -> None:
    folders = [tree, *(path for path in tree.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert dagserial("diff", "v1", "v2", cwd=tree).returncode == 0
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_ctrl_c_leaves_the_repository_and_no_process(tree: Path, tmp_path: Path, untouched: Untouched) -> None:
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "tmp")}
    with untouched(tree):
        command = [sys.executable, "-m", "dagserial", "diff", "v1", "v2"]
        running = subprocess.Popen(
            command, cwd=tree, env=environment, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        time.sleep(0.45)
        with running:
            os.killpg(running.pid, signal.SIGINT)
            running.wait(30)
        assert _ended(running.pid, tree)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_work_tree_is_judged_without_filters(tree: Path, git: Git, commit: Commit) -> None:
    git(tree, "reset", "--quiet", "--hard", "v2")
    git(tree, "clean", "--quiet", "-fd")
    git(tree, "config", "filter.evil.required", "true")
    mark = tree / ".git/mark"
    mark.unlink(missing_ok=True)
    with History(tree) as history:
        assert history.checked_out() == (git(tree, "rev-parse", "HEAD"), False)
        (tree / "dags/d1.py").write_text("changed")
        assert history.checked_out()[1] is True
        (tree / "dags/d1.py").unlink()
        assert history.checked_out()[1] is True
    assert not mark.exists()
