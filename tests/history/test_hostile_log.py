"""Repositories that were made to do harm: their history is told, and nothing but that happens."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from support import ROOT

from dagserial.history import History

from .fast_import import LINK, imported
from .stories import dag, dag_file

Git = Callable[..., str]
Untouched = Callable[..., AbstractContextManager[None]]
ETL = dag_file(dag("etl")).encode()
CHANGED = dag_file(dag("etl", retries=2)).encode()


def dagserial(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the command line in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder.parent / "cache")}
    command = [sys.executable, "-m", "dagserial", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=300)


def operations(folder: Path) -> list[tuple[str, str, str]]:
    with History(folder) as history:
        return [(event.operation, event.dag_id, event.file) for event in history.log()]


def test_links_out_of_the_tree_are_not_followed(tmp_path: Path, untouched: Untouched) -> None:
    (tmp_path / "outside.py").write_bytes(dag_file(dag("outside")).encode())
    link = (LINK, os.fsencode(tmp_path / "outside.py"))
    imported(
        tmp_path / "repo", [{"dags/etl.py": ETL}, {"dags/etl.py": ETL, "dags/out.py": link}, {"dags/etl.py": link}]
    )
    with untouched(tmp_path / "repo"):
        assert operations(tmp_path / "repo") == [
            ("unreadable", "etl", "dags/etl.py"),
            ("added", "etl", "dags/etl.py"),
        ]


def test_odd_names_are_told_in_one_line(tmp_path: Path) -> None:
    odd = r"""dags/a\nb \"\033[31m'.py"""  # as fast-import quotes it
    imported(tmp_path / "repo", [{odd: ETL}, {odd: CHANGED, "dags/\\377.py": ETL}])
    done = dagserial(tmp_path / "repo", "log", "-n", "1")
    assert done.returncode == 0, done.stderr
    assert rb"""dags/a\nb "\u001b[31m'.py""" in done.stdout
    lines = dagserial(tmp_path / "repo", "log", "-f", "ndjson").stdout.splitlines()
    assert [json.loads(line)["operation"] for line in lines] == ["changed", "added"]
    assert json.loads(lines[0])["file"] == "dags/a\nb \"\x1b[31m'.py"


def test_a_huge_file_is_left_out_and_costs_little(tmp_path: Path) -> None:
    huge = ETL + b"#" * 200_000_000
    imported(tmp_path / "repo", [{"dags/etl.py": ETL}, {"dags/etl.py": huge}, {"dags/etl.py": CHANGED}])
    assert [one[0] for one in operations(tmp_path / "repo")] == ["readable", "unreadable", "added"]


def test_a_submodule_of_itself_is_an_empty_folder(tmp_path: Path, git: Git, untouched: Untouched) -> None:
    modules = b'[submodule "me"]\n\tpath = dags/me\n\turl = ./\n'
    first, _ = imported(tmp_path / "repo", [{"dags/etl.py": ETL}, {"dags/etl.py": CHANGED, ".gitmodules": modules}])
    git(tmp_path / "repo", "read-tree", "HEAD")
    git(tmp_path / "repo", "update-index", "--add", "--cacheinfo", f"160000,{first},dags/me")
    tree = git(tmp_path / "repo", "write-tree")
    git(
        tmp_path / "repo", "update-ref", "HEAD", git(tmp_path / "repo", "commit-tree", "-p", "HEAD", "-m", "loop", tree)
    )
    with untouched(tmp_path / "repo"):
        assert [one[0] for one in operations(tmp_path / "repo")] == ["changed", "added"]


@pytest.mark.parametrize("verb", [("log",), ("bisect", "etl", "--when", "1"), ("blame", "etl", "--at")])
def test_a_ref_that_looks_like_an_option_is_refused(tmp_path: Path, git: Git, verb: tuple[str, ...]) -> None:
    imported(tmp_path / "repo", [{"dags/etl.py": ETL}])
    git(tmp_path / "repo", "update-ref", "refs/heads/--upload-pack=x", "main")
    for range_ in ("--upload-pack=x", "main..--upload-pack=x"):
        done = dagserial(tmp_path / "repo", *verb, range_)
        assert done.returncode == 2, done.stdout
        assert b"Traceback" not in done.stderr
    # By its full name it is a ref like any other.
    assert dagserial(tmp_path / "repo", *verb, "refs/heads/--upload-pack=x").returncode == 0


def test_nothing_of_a_commit_reaches_the_terminal_raw(tmp_path: Path, git: Git) -> None:
    folder = tmp_path / "repo"
    imported(folder, [{"dags/etl.py": ETL}])
    tree = git(folder, "rev-parse", "HEAD^{tree}")
    author = b"\x1b]0;gone\x07\r\xff\xc2\x9b31mA <a@b> 1704067200 +0000"
    lines = [b"tree " + tree.encode(), b"author " + author, b"committer " + author]
    body = b"\n".join([*lines, b"", b"sub\x1b[2Jject\x7f\r\xe2\x80\xae \xff\n\nbody\x1b[1m\n"])
    made = git(folder, "hash-object", "--literally", "-w", "-t", "commit", "--stdin", stdin=body)
    git(folder, "update-ref", "refs/heads/main", made)
    for arguments in (
        ("log",),
        ("log", "--oneline"),
        ("log", "-p"),
        ("log", "-f", "markdown"),
        ("log", "-f", "json"),
        ("blame", "etl"),
        ("bisect", "etl", "--when", "1"),
    ):
        done = dagserial(folder, *arguments)
        assert done.returncode == 0, done.stderr
        said = (done.stdout + done.stderr).decode()  # it is UTF-8 at least
        assert "ject" in said or arguments[0] == "blame"
        found = {letter for letter in said if not letter.isprintable()} - {"\n"}
        assert found <= ({"\x7f", "\u202e", "\x9b"} if "json" in arguments else set()), (arguments, found)
