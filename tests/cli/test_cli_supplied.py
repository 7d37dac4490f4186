"""`--env-file`, `--root`, `--package`, `--import` and the settings that hold them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Repo

from dagserial.cli.settings import load_environment, settings
from dagserial.errors import SettingsError
from dagserial.sources.files import import_roots

Run = Callable[..., "subprocess.CompletedProcess[str]"]

FILE = """\
import os, click
from airflow import DAG
from company_flows.names import NAME
dag = DAG(f"{NAME}-{os.environ['SIZE']}-{open('/srv/flows/x.txt').read()}-{click.unstyle('y')}")
"""
TREE = {"dags/a.py": FILE, "names.py": "NAME = 'etl'\n", "x.txt": "x"}
FLAGS = ("--root", "/srv/flows=.", "--package", "company_flows=.", "--import", "click")
SETTINGS = """\
imports = ["click"]
env-file = "dags.env"
[roots]
"/srv/flows" = "."
[packages]
company_flows = "."
"""


def _ids(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [dag["dag_id"] for dag in json.loads(done.stdout)["dags"]]


def test_flags_supply_what_the_deployment_has(repo: Repo, dagserial: Run, tmp_path: Path) -> None:
    repo.commit(TREE)
    lines = tmp_path / "some.env"
    lines.write_text("SIZE=3\n")
    done = dagserial("list", "HEAD", "-f", "json", *FLAGS, "--env-file", str(lines), cwd=repo.folder)
    assert _ids(done) == ["etl-3-x-y"]


def test_env_wins_over_the_env_file(repo: Repo, dagserial: Run, tmp_path: Path) -> None:
    repo.commit(TREE)
    lines = tmp_path / "some.env"
    lines.write_text("SIZE=3\n")
    flags = (*FLAGS, "--env-file", str(lines), "--env", "SIZE=4")
    assert _ids(dagserial("list", "HEAD", "-f", "json", *flags, cwd=repo.folder)) == ["etl-4-x-y"]


def test_settings_supply_what_the_deployment_has(repo: Repo, dagserial: Run) -> None:
    repo.commit({**TREE, "dagserial.toml": SETTINGS, "dags.env": "SIZE=5\n"})
    assert _ids(dagserial("list", "HEAD", "-f", "json", cwd=repo.folder)) == ["etl-5-x-y"]


def test_flags_win_over_settings_one_by_one(repo: Repo, dagserial: Run) -> None:
    repo.commit({**TREE, "dagserial.toml": SETTINGS, "dags.env": "SIZE=5\n"})
    assert _ids(dagserial("list", "HEAD", "-f", "json", "--env", "SIZE=6", cwd=repo.folder)) == ["etl-6-x-y"]


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--root", "/srv", "--root takes PATH=DIR, not '/srv'"),
        ("--root", "srv=.", "--root takes an absolute path and a folder of the tree, not 'srv'"),
        ("--package", "x", "--package takes NAME=DIR, not 'x'"),
        ("--env", "x", "--env takes NAME=VALUE, not 'x'"),
        ("--import", "no_such_package", "--import no_such_package: no package of that name is installed"),
        ("--root", "/srv=../..", "--root /srv=../.. lies outside of the repository"),
    ],
)
def test_a_wrong_flag_is_refused_by_name(repo: Repo, dagserial: Run, flag: str, value: str, message: str) -> None:
    repo.commit(TREE)
    done = dagserial("list", "HEAD", flag, value, cwd=repo.folder)
    assert (done.returncode, message in done.stderr) == (2, True)


def test_an_env_file_holds_what_dotenv_files_hold(tmp_path: Path) -> None:
    lines = tmp_path / "x.env"
    lines.write_text(
        '# comment\n\nA=1\nexport B = two words \nC=\'a # b\'\nD="x\\ny"  # behind\nE=a # b\nF=\nG=a=b\nH="open\n'
    )
    assert load_environment(lines) == {
        "A": "1",
        "B": "two words",
        "C": "a # b",
        "D": "x\ny",
        "E": "a",
        "F": "",
        "G": "a=b",
        "H": '"open',
    }


def test_another_line_in_an_env_file_is_named(tmp_path: Path) -> None:
    lines = tmp_path / "x.env"
    lines.write_text("A=1\nnot a line\n")
    with pytest.raises(SettingsError, match=r"x\.env:2 is no NAME=VALUE line"):
        load_environment(lines)
    with pytest.raises(SettingsError, match=r"no\.env cannot be read"):
        load_environment(tmp_path / "no.env")


@pytest.mark.parametrize("text", ["env-file = 3\n", 'env-file = "x.env"\nenv = 3\n'])
def test_an_env_file_setting_of_the_wrong_kind_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.env").write_text("A=1\n")
    (tmp_path / "dagserial.toml").write_text(text)
    with pytest.raises(SettingsError, match="env-file"):
        settings(tmp_path)


def test_the_folder_that_holds_the_dag_folder_is_imported_from(tmp_path: Path) -> None:
    (tmp_path / "src/dags").mkdir(parents=True)
    expected = [tmp_path / "src/dags", tmp_path / "src", tmp_path]
    assert import_roots(tmp_path, ["src/dags"], ()) == list(map(str, expected))
