"""`dagserial db`: what it prints, and how it exits."""

import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'dags.db'}"


def test_upgrade_makes_the_tables_once(dagserial: Cli, url: str) -> None:
    found = [dagserial("db", verb, "--db", url) for verb in ("upgrade", "upgrade", "current", "check")]
    assert [(done.returncode, done.stdout, done.stderr) for done in found] == [
        (0, "none -> 0002\n", ""),
        (0, "0002 (newest)\n", ""),
        (0, "0002 (newest)\n", ""),
        (0, "", ""),
    ]


def test_database_may_stand_in_the_environment(dagserial: Cli, url: str) -> None:
    assert dagserial("db", "upgrade", env={"DAGSERIAL_DB": url}).stdout == "none -> 0002\n"
    assert dagserial("db", "current", env={"DAGSERIAL_DB": url}).stdout == "0002 (newest)\n"


def test_no_database_is_trouble(dagserial: Cli) -> None:
    done = dagserial("db", "upgrade")
    assert done.returncode == 2
    assert "--db" in done.stderr
    assert "DAGSERIAL_DB" in done.stderr


def test_problems_are_lines_and_exit_with_1(dagserial: Cli, url: str, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "dags.db").close()
    assert dagserial("db", "current", "--db", url).stdout == "none (newest: 0002)\n"
    done = dagserial("db", "check", "--db", url)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "there are no tables of dagserial: run 'dagserial db upgrade'\n"


@pytest.mark.parametrize("verb", ["current", "check"])
def test_database_that_is_not_there_is_trouble_and_is_not_made(
    dagserial: Cli, url: str, tmp_path: Path, verb: str
) -> None:
    done = dagserial("db", verb, "--db", url)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"dagserial: there is no database '{url}'; 'dagserial db upgrade' makes one\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@127.0.0.1:1/dags",
        "mysql://me:s3cret@127.0.0.1:1/dags",
        "nonsense://me:s3cret@127.0.0.1:1/dags",
        "postgresql://me:s3cret@127.0.0.1:1/dags?nonsense=1",
        "mysql://me:s3cret@127.0.0.1:1/dags?connect_timeout=soon",
        "postgresql://me:s3cret@127.0.0.1:port/dags",
    ],
)
def test_trouble_is_one_line_without_the_password(dagserial: Cli, url: str) -> None:
    done = dagserial("db", "upgrade", "--db", url)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dagserial: ")
    assert done.stderr.count("\n") == 1
    assert "s3cret" not in done.stderr


def test_other_file_is_trouble(dagserial: Cli, tmp_path: Path) -> None:
    (tmp_path / "other.db").write_text("not a database, but long enough to hold the header of one: " + "x" * 200)
    done = dagserial("db", "upgrade", "--db", f"sqlite:///{tmp_path / 'other.db'}")
    assert done.returncode == 2
    assert done.stderr == f"dagserial: cannot upgrade 'sqlite:///{tmp_path / 'other.db'}': file is not a database\n"
