"""Several outputs of one diff, to stdout and to files."""

import contextlib
import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT, Repo

Run = Callable[..., subprocess.CompletedProcess[str]]
ETL = """from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG("etl"):
    load = BashOperator(task_id="load", bash_command="load.sh", pool="{pool}")
    load >> BashOperator(task_id="publish", bash_command="publish.sh")
"""


@pytest.fixture
def history(repo: Repo) -> Repo:
    """Tags `v1` and `v2`, which differ in the pool of one task."""
    for tag, pool in (("v1", "a"), ("v2", "b")):
        repo.commit({"dags/etl.py": ETL.format(pool=pool)})
        repo.git("tag", tag)
    return repo


def test_each_format_goes_where_it_is_sent(dagserial: Run, history: Repo) -> None:
    alone = {form: dagserial("diff", "v1", "v2", "-f", form, cwd=history.folder).stdout for form in ("text", "json")}
    done = dagserial("diff", "v1", "v2", "-f", "text=a.txt", "-f", "json", "-f", "ignore=b.toml", cwd=history.folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == alone["json"]
    assert (history.folder / "a.txt").read_text() == alone["text"]
    assert (history.folder / "b.toml").read_text().startswith("[[ignore]]\n# behavioural: task-pool-changed")
    assert sorted(path.name for path in history.folder.iterdir()) == [".git", "a.txt", "b.toml", "dags"]


def test_a_diff_that_goes_to_files_leaves_stdout_empty(dagserial: Run, history: Repo) -> None:
    done = dagserial(
        "diff", "v1", "v2", "-f", "json=d.json", "--color", "always", "-f", "text=d.txt", cwd=history.folder
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads((history.folder / "d.json").read_text())["format"] == "dagserial.diff/1"
    assert "\x1b" not in (history.folder / "d.txt").read_text()


def test_quiet_leaves_the_files(dagserial: Run, history: Repo) -> None:
    done = dagserial("diff", "v1", "v2", "-q", "-f", "text", "-f", "json=d.json", cwd=history.folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert (history.folder / "d.json").exists()


@pytest.mark.parametrize(
    ("formats", "said"),
    [
        (("text", "json"), "text and json would all go to stdout; give all but one a file"),
        (("text", "json=-"), "text and json would all go to stdout"),
        (("text=a", "json=a"), "text and json would all go to a; give each a file of its own"),
        (("yaml",), "'yaml' is no format; known are text"),
        (("json=",), "'json=' names no file"),
        (("json=no/such/folder/d.json",), "no/such/folder/d.json cannot be written: No such file"),
    ],
)
def test_outputs_that_cannot_be_are_refused(dagserial: Run, history: Repo, formats: tuple[str, ...], said: str) -> None:
    flags = [part for form in formats for part in ("-f", form)]
    done = dagserial("diff", "v1", "v2", *flags, cwd=history.folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert sorted(path.name for path in history.folder.iterdir()) == [".git", "dags"]


def test_a_file_is_replaced_whole_and_a_link_stays_one(dagserial: Run, history: Repo, tmp_path: Path) -> None:
    target = tmp_path / "real.json"
    target.write_text("old " * 10000)
    (history.folder / "link.json").symlink_to(target)
    assert dagserial("diff", "v1", "v2", "-f", "json=link.json", cwd=history.folder).returncode == 0
    assert (history.folder / "link.json").is_symlink()
    assert json.loads(target.read_text())["summary"]["changes"]["changed"] == 1


def test_a_pipe_is_written_to_not_replaced(dagserial: Run, history: Repo, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        done = dagserial("diff", "v1", "v2", "-f", f"json={pipe}", cwd=history.folder)
        assert done.returncode == 0, done.stderr
        assert json.loads(os.read(reader, 1 << 16))["format"] == "dagserial.diff/1"
        assert stat.S_ISFIFO(pipe.stat().st_mode)
    finally:
        os.close(reader)


def test_names_end_in_nul_where_that_is_asked_for(dagserial: Run, history: Repo) -> None:
    for flags, printed in {
        ("--name-only", "-z"): "etl\0",
        ("-z", "--name-status", "-f", "stat=s"): "M\0etl\0",
        ("-f", "name-status"): "M\tetl\n",
        ("--stat",): " etl | 1  ~1  behavioural\n 1 DAG, 1 change: 0 breaking, 1 behavioural, 0 cosmetic.\n",
    }.items():
        done = dagserial("diff", "v1", "v2", *flags, cwd=history.folder)
        assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")


@pytest.mark.parametrize("flags", [("-z",), ("-z", "--stat"), ("--name-only", "-f", "text")])
def test_flags_that_contradict_each_other_are_refused(dagserial: Run, history: Repo, flags: tuple[str, ...]) -> None:
    done = dagserial("diff", "v1", "v2", *flags, cwd=history.folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: " in done.stderr


def test_secrets_are_written_only_where_that_is_asked_for(dagserial: Run, repo: Repo) -> None:
    for tag, password in (("v1", "hunter1"), ("v2", "hunter2")):
        repo.commit({"dags/etl.py": ETL.format(pool=f'a", password="{password}')})
        repo.git("tag", tag)
    flags = ("-f", "text", "-f", "json=d.json", "-f", "markdown=d.md")
    for asked, env, shown in (
        ((), {}, False),
        (("--show-values",), {}, True),
        ((), {"DAGSERIAL_SHOW_VALUES": "1"}, True),
        (("--no-show-values",), {"DAGSERIAL_SHOW_VALUES": "1"}, False),
    ):
        done = dagserial("diff", "v1", "v2", *flags, *asked, cwd=repo.folder, env={"COLUMNS": "200", **env})
        texts = [done.stdout, *((repo.folder / name).read_text() for name in ("d.json", "d.md"))]
        assert [("hunter2" in text, "<redacted sha256:" in text) for text in texts] == [(shown, not shown)] * 3


def test_a_terminal_shows_values_unless_told_not_to(repo: Repo) -> None:
    for tag, password in (("v1", "hunter1"), ("v2", "hunter2")):
        repo.commit({"dags/etl.py": ETL.format(pool=f'a", password="{password}')})
        repo.git("tag", tag)
    assert "hunter2" in on_a_terminal(repo, "diff", "v1", "v2")
    assert "hunter2" not in on_a_terminal(repo, "diff", "v1", "v2", "--no-show-values")
    assert "hunter2" not in on_a_terminal(repo, "diff", "v1", "v2", "-f", "json")


def on_a_terminal(repo: Repo, *arguments: str) -> str:
    """Run dagserial with stdout on a terminal and return what it shows."""
    terminal, end = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "300", "NO_COLOR": "1"}
    child = subprocess.Popen([sys.executable, "-m", "dagserial", *arguments], stdout=end, cwd=repo.folder, env=env)
    os.close(end)
    shown = b""
    with contextlib.suppress(OSError):  # what Linux raises when the other end is closed
        while part := os.read(terminal, 1 << 16):
            shown += part
    os.close(terminal)
    assert child.wait(timeout=60) == 0
    return shown.decode()
