"""The command line as a whole: help, start-up, exit codes, one clear line for what is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT, Repo

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ETL = """
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("etl", schedule="@daily") as dag:
    BashOperator(task_id="extract", bash_command="a") >> BashOperator(task_id="load", bash_command="b")
"""

VERBS = ("demo", "diff", "list", "show")


def test_help_names_every_verb(dagserial: Run) -> None:
    done = dagserial("--help")
    assert done.returncode == 0
    assert all(f"  {verb} " in done.stdout for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_has_examples(dagserial: Run, verb: str) -> None:
    done = dagserial(verb, "--help")
    assert done.returncode == 0
    assert f"dagserial {verb}" in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_and_flag_is_documented(dagserial: Run, verb: str) -> None:
    text = (ROOT / "docs/cli.md").read_text()
    flags = {word.strip(",.;[]") for word in dagserial(verb, "--help").stdout.split() if word.startswith("--")}
    assert f"## `dagserial {verb}" in text
    assert {flag for flag in flags - {"--help", "--"} if flag not in text} == set()


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys, contextlib, io\n"
        "from dagserial.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main(['--help'])\n"
        "print(sorted({'sqlalchemy', 'git', 'deepdiff', 'yaml', 'pendulum'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_list_loads_neither_sqlalchemy_nor_deepdiff(repo: Repo) -> None:
    repo.commit({"dags/etl.py": ETL})
    code = (
        "import sys, contextlib\n"
        "from dagserial.cli import main\n"
        "with contextlib.suppress(SystemExit):\n"
        "    main(['list'])\n"
        "print(sorted({'sqlalchemy', 'deepdiff'} & set(sys.modules)))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=repo.folder, env=env
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_importing_dagserial_loads_nothing_else() -> None:
    code = "import sys, dagserial; print(sorted(name for name in sys.modules if name.startswith('dagserial.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_version_is_that_of_the_package(dagserial: Run) -> None:
    assert dagserial("--version").stdout.startswith("dagserial 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("list", "nosuch"), "'nosuch' does not exist"),
        (("list", "--", "-x"), "-x"),
        (("list", "--", "--upload-pack=x"), "--upload-pack=x"),
        (("diff", "a", "b", "c"), "two refs at most"),
        (("diff", "main..nosuch"), "'nosuch' does not exist"),
        (("show", "etl"), "HEAD:etl"),
        (("show", "HEAD:elt"), "did you mean 'etl'"),
        (("show", "nosuch:etl"), "'nosuch' does not exist"),
        (("list", "--env", "X"), "NAME=VALUE"),
        (("list", "--variables", "nosuch.json"), "nosuch.json"),
        (("list", "--dags", "../.."), "outside"),
        (("list", "--timeout", "0"), "greater than 0"),
    ],
)
def test_what_is_wrong_is_one_clear_line_and_exit_2(
    dagserial: Run, repo: Repo, arguments: tuple[str, ...], message: str
) -> None:
    repo.commit({"dags/etl.py": ETL})
    done = dagserial(*arguments, cwd=repo.folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unknown_verb_or_flag_is_trouble(dagserial: Run) -> None:
    assert dagserial("nosuch").returncode == 2
    assert dagserial("list", "--nosuch").returncode == 2


def test_a_folder_that_is_no_repository_is_trouble(dagserial: Run, tmp_path: Path) -> None:
    done = dagserial("list", cwd=tmp_path, env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_folder_that_is_not_there_is_trouble(dagserial: Run, tmp_path: Path) -> None:
    done = dagserial("list", "--repo", str(tmp_path / "nosuch"))
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)


def test_an_empty_repository_is_trouble_but_its_work_tree_lists(dagserial: Run, repo: Repo) -> None:
    done = dagserial("list", "HEAD", cwd=repo.folder)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
    assert "no commit yet" in done.stderr
    assert dagserial("list", cwd=repo.folder).returncode == 0


def test_a_shallow_clone_tells_what_to_fetch(dagserial: Run, repo: Repo, tmp_path: Path) -> None:
    repo.commit({"dags/etl.py": ETL})
    repo.commit({"dags/etl.py": ETL + "# more\n"})
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{repo.folder}", str(tmp_path / "shallow")],
        check=True,
        capture_output=True,
    )
    assert dagserial("list", "HEAD", cwd=tmp_path / "shallow").returncode == 0
    done = dagserial("list", "HEAD~1", cwd=tmp_path / "shallow")
    assert done.returncode == 2
    assert "git fetch" in done.stderr


def test_a_reader_that_leaves_is_no_error(repo: Repo) -> None:
    repo.commit({"dags/etl.py": ETL})
    command = f"{sys.executable} -m dagserial list -f json | true; echo ${{PIPESTATUS[0]}}"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], cwd=repo.folder, env=env, capture_output=True, text=True)
    assert done.stdout.strip() in ("0", "141")
    assert "Traceback" not in done.stderr


def test_an_interrupt_ends_with_130_and_leaves_nothing(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"dags/slow.py": "# airflow dag\nimport time\ntime.sleep(60)\n"})
    folder = tmp_path / "tmp"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "dagserial", "list", "HEAD"],
        cwd=repo.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A job in the background of a shell ignores SIGINT, and so do its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 20
    while len(list(folder.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert list(folder.iterdir()) == []


def test_settings_are_read_and_checked(dagserial: Run, repo: Repo) -> None:
    repo.commit({"jobs/etl.py": ETL, "pyproject.toml": '[tool.dagserial]\ndags = ["jobs"]\n'})
    listed = json.loads(dagserial("list", "-f", "json", cwd=repo.folder).stdout)
    assert [dag["file"] for dag in listed["dags"]] == ["jobs/etl.py"]
    repo.write({"dagserial.toml": "dagz = []\n"})
    done = dagserial("list", cwd=repo.folder)
    assert done.returncode == 2
    assert "unknown setting 'dagz'" in done.stderr
    repo.write({"dagserial.toml": "dags = 3\n"})
    assert dagserial("list", cwd=repo.folder).returncode == 2
    repo.write({"dagserial.toml": "dags = ["})
    assert dagserial("list", cwd=repo.folder).returncode == 2
