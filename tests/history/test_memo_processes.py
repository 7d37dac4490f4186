"""Several processes share a memo, and some end in the middle."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dagserial.history import History, Memo

from .fast_import import imported
from .trees import held

COUNT = int(os.environ.get("DAGSERIAL_TEST_PROCESSES", "3"))

READER = """\
import sys
from pathlib import Path
from dagserial.history import History, Memo

repo, folder, *commits = sys.argv[1:]
with Memo(Path(folder)) as memo, History(repo, memo=memo) as history:
    for commit in commits:
        found = history.at(commit)
        print(commit, [(entry.record.dag_id, str(entry.record.digest)) for entry in found.entries], flush=True)
"""
CLEARER = """\
import sys, time
from pathlib import Path
from dagserial.history import Memo

while True:
    with Memo(Path(sys.argv[1])) as memo:
        memo.clear()
    time.sleep(0.05)
"""
DAG_FILE = "import shared\nfrom airflow import DAG\ndag = DAG({!r}, description=shared.VALUE)\n"


@pytest.fixture
def commits(tmp_path: Path) -> list[str]:
    """The commits of a repository, each of which changes a module that all DAG files import, or one of them."""
    trees = [
        {
            **{f"dags/{name}.py": DAG_FILE.format(name + (str(at) if name == "a" else "")).encode() for name in "abc"},
            "dags/shared.py": f"VALUE = 'v{at // 3}'\n".encode(),
        }
        for at in range(6)
    ]
    return imported(tmp_path / "repo", trees)


def start(folder: Path, code: str, *arguments: object) -> subprocess.Popen[str]:
    """Run code in a process of its own, which has its private folders in a folder."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    env = {**os.environ, "TMPDIR": str(folder)}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def test_processes_at_once_give_the_same(tmp_path: Path, commits: list[str]) -> None:
    with History(tmp_path / "repo") as history:
        truth = {commit: [(name, digest) for name, digest, *_ in held(history.at(commit))[0]] for commit in commits}
    orders = [random.Random(seed).sample(commits, len(commits)) for seed in range(COUNT)]
    clearer = start(tmp_path, CLEARER, tmp_path / "cache")
    try:
        readers = [start(tmp_path, READER, tmp_path / "repo", tmp_path / "cache", *order) for order in orders]
        said = [reader.communicate(timeout=300) for reader in readers]
    finally:
        clearer.terminate()
        assert clearer.communicate()[1] == ""
    assert [error for _, error in said] == [""] * COUNT
    assert [output for output, _ in said] == [
        "".join(f"{commit} {truth[commit]}\n" for commit in order) for order in orders
    ]


def test_what_a_killed_process_left_is_whole(tmp_path: Path, commits: list[str]) -> None:
    folder = tmp_path / "cache"
    for delay in (0.3, 1.0, 2.0):
        reader = start(tmp_path, READER, tmp_path / "repo", folder, *commits)
        time.sleep(delay)
        reader.kill()
        reader.communicate()
        with Memo(folder) as memo, History(tmp_path / "repo", memo=memo) as history:
            assert len(history.at(commits[-1]).entries) == 3
            assert memo.usage().trouble == ""
            assert memo.path
            with sqlite3.connect(memo.path) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            connection.close()


SLOW = "from airflow import DAG\nimport time, threading\nthreading.Event().wait(0.4)\ndag = DAG('slow', description={!r})\n"


def test_an_interrupted_command_ends_at_once_and_keeps_what_it_knows(tmp_path: Path) -> None:
    trees = [{"dags/slow.py": SLOW.format(str(at)).encode()} for at in range(40)]
    commits = imported(tmp_path / "repo", trees)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = {**os.environ, "TMPDIR": str(temporary), "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "dagserial", "log", "--repo", str(tmp_path / "repo")]
    running = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 60
    while _results(tmp_path / "dagserial") < 3:
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.1)
    began = time.monotonic()
    os.killpg(running.pid, signal.SIGINT)
    _, error = running.communicate(timeout=60)
    assert time.monotonic() - began < 4
    assert (running.returncode, b"Traceback" in error) == (130, False)
    assert list(temporary.iterdir()) == []
    assert 3 <= _results(tmp_path / "dagserial") < len(commits)


def _results(folder: Path) -> int:
    with Memo(folder) as memo:
        return memo.usage().results
