"""What the commands remember, where, and that they go without."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT, Repo

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ETL = "from airflow import DAG\ndag = DAG('etl')\n"
BROKEN = "# airflow dag\n\nraise ValueError('no')\n"


@pytest.fixture
def repo(repo: Repo) -> Repo:
    repo.commit({"dags/etl.py": ETL})
    repo.commit({"dags/etl.py": ETL.replace("DAG('etl'", "DAG('etl', schedule='@daily'"), "dags/broken.py": BROKEN})
    return repo


@pytest.fixture
def says(dagserial: Run, repo: Repo) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str, **env: str) -> tuple[int, str, str]:
        done = dagserial(*arguments, cwd=repo.folder, env=env)
        return done.returncode, done.stdout, done.stderr

    return run


Says = Callable[..., "tuple[int, str, str]"]


def info(dagserial: Run, **env: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(dagserial("cache", "info", "-f", "json", env=env).stdout)
    return found


def test_help_has_examples_and_every_flag_is_documented(dagserial: Run) -> None:
    assert "dagserial cache clear" in dagserial("cache", "--help").stdout
    text = (ROOT / "docs/cli.md").read_text()
    assert "## `dagserial cache info`, `cache clear`" in text
    assert "--format" in dagserial("cache", "info", "--help").stdout
    assert "-f, --format text|json     of info" in text


@pytest.mark.parametrize(
    "command", [("list", "HEAD"), ("list",), ("diff", "HEAD~1", "HEAD"), ("show", "HEAD:etl"), ("cat", "@worktree:etl")]
)
def test_commands_say_the_same_from_memory(says: Says, dagserial: Run, command: tuple[str, ...]) -> None:
    first = says(*command)
    remembered = info(dagserial)
    assert remembered["results"]
    assert says(*command) == first == says(*command, "--no-cache")
    assert info(dagserial) == remembered


def test_what_is_remembered_is_said_and_forgotten(says: Says, dagserial: Run, cache_folder: Path) -> None:
    says("list", "HEAD")
    (path,) = (cache_folder / "dagserial").iterdir()
    found = info(dagserial)
    size = found.pop("size")
    assert found == {"format": "dagserial.cache/1", "path": str(path), "results": 2, "trees": 1, "trouble": ""}
    assert isinstance(size, int)
    assert 0 < size <= path.stat().st_size
    lines = dagserial("cache", "info").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["path", "size", "results", "trees"]
    assert [lines[0].split()[1], *(line.split()[1] for line in lines[2:])] == [str(path), "2", "1"]
    assert dagserial("cache", "clear").returncode == 0
    assert (info(dagserial)["results"], info(dagserial)["trees"]) == (0, 0)


@pytest.mark.parametrize(("flags", "env"), [(("--no-cache",), {}), ((), {"DAGSERIAL_NO_CACHE": "1"})])
def test_nothing_is_written_without_the_cache(
    says: Says, cache_folder: Path, flags: tuple[str, ...], env: dict[str, str]
) -> None:
    assert says("list", "HEAD", *flags, **env)[0] == 0
    assert list(cache_folder.iterdir()) == []


def test_a_cache_of_no_bytes_is_empty_in_the_end(says: Says, dagserial: Run) -> None:
    assert says("list", "HEAD", "--cache-mib", "0")[0] == 0
    assert info(dagserial)["results"] == 0
    assert says("list", "HEAD", DAGSERIAL_CACHE_MIB="1")[0] == 0
    assert info(dagserial)["results"] == 2
    assert says("list", "HEAD", "--cache-mib", "-1")[0] == 2


def test_the_cache_is_in_the_home_folder_unless_said_otherwise(says: Says, tmp_path: Path) -> None:
    for wrong in ("", "relative/folder"):
        says("list", "HEAD", XDG_CACHE_HOME=wrong, HOME=str(tmp_path / "home"))
        (path,) = (tmp_path / "home/.cache/dagserial").iterdir()
        path.unlink()


@pytest.mark.parametrize("place", ["file", "garbage"])
def test_commands_go_without_a_cache_that_is_of_no_use(says: Says, dagserial: Run, tmp_path: Path, place: str) -> None:
    first = says("list", "HEAD", "--no-cache")
    folder = tmp_path / "cache"
    if place == "file":
        folder.write_text("no folder")
    else:
        (folder / "dagserial").mkdir(parents=True)
        (folder / "dagserial/readings-2.sqlite").write_bytes(b"garbage" * 1000)
    env = {"XDG_CACHE_HOME": str(folder)}
    assert says("list", "HEAD", **env) == first
    trouble = info(dagserial, **env)["trouble"]
    assert trouble
    assert dagserial("cache", "info", env=env).stdout.splitlines()[-1] == f"not in use: {trouble}"
    cleared = dagserial("cache", "clear", env=env)
    assert (cleared.returncode, bool(cleared.stderr)) == ((2, True) if place == "file" else (0, False))
    assert bool(info(dagserial, **env)["trouble"]) is (place == "file")


def test_a_record_that_is_there_needs_no_cache(dagserial: Run, tmp_path: Path, cache_folder: Path, says: Says) -> None:
    (tmp_path / "etl.json").write_text(says("cat", "HEAD:etl", "--no-cache")[1])
    assert dagserial("show", "etl.json", cwd=tmp_path).returncode == 0
    assert list(cache_folder.iterdir()) == []
