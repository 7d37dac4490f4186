"""The same tree gives the same bytes: in other processes, from another place, under another hash seed, zone, language."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

READ = """
import hashlib, sys
from pathlib import Path
from dagserial.record import Record
from dagserial.sources import files
from dagserial.sources.reading import ReadOptions

reading = files.read(Path(sys.argv[1]), ReadOptions(dags=("dags",), jobs=int(sys.argv[2])))
assert not reading.errors, reading.errors
for parsed in reading.parsed:
    body = Record.of_dag(parsed.dag).body
    assert sys.argv[1].encode() not in body, body
    assert b"dagserial-" not in body, body
    print(parsed.dag.dag_id, hashlib.sha256(body).hexdigest(), parsed.provenance.file, parsed.provenance.line)
    for warning in parsed.warnings:
        print("  ", warning.path, warning.message)
"""

MORE = {
    "dags/sets.py": """
import os, random, tempfile, uuid
from airflow import DAG
from airflow.operators.bash import BashOperator
from acme import X, make
with DAG("sets", tags={"c", "a", "b"}, description=os.environ["HOME"] + tempfile.gettempdir()) as dag:
    for name in {"x", "y", "z"}:
        BashOperator(task_id=name, value={X.a, X.b, make(1)}, mapping={name: 1, "a": {3, 1, 2}})
    BashOperator(task_id="dice", value=[random.random(), uuid.uuid4().hex, hash("a") == hash("a")])
    dag.task_dict["x"] >> [dag.task_dict["z"], dag.task_dict["y"]]
""",
    "dags/folders.py": """
import glob, os, pathlib
from airflow import DAG
from airflow.operators.bash import BashOperator
HERE = pathlib.Path(__file__).parent
with DAG("folders"):
    BashOperator(task_id="a", files=[str(path) for path in HERE.rglob("*.sql")], listed=os.listdir(HERE / "sql"))
    BashOperator(task_id="b", files=glob.glob(f"{HERE}/sql/*"), code=compile("1", __file__, "eval").co_filename)
""",
    **{f"dags/sql/{name}.sql": name for name in "cabd"},
}


def tree(folder: Path) -> Path:
    """Lay the fixtures and some more DAG files in a folder."""
    shutil.copytree(ROOT / "fixtures" / "dags", folder / "dags")
    for name in sorted(MORE, key=lambda name: hash((str(folder), name))):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MORE[name])
    return folder


def read(root: Path, cwd: Path, jobs: int, env: dict[str, str]) -> str:
    """Read a tree in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "TZ"))}
    done = subprocess.run(
        [sys.executable, "-c", READ, str(root), str(jobs)],
        env={**kept, "PYTHONPATH": str(ROOT), **env},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tree(tmp_path_factory.mktemp("clone"))
    return read(root, root, 2, {"PYTHONHASHSEED": "0", "TZ": "UTC", "LANG": "C.UTF-8"})


@pytest.mark.parametrize(
    ("jobs", "env"),
    [
        (1, {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LANG": "de_DE.UTF-8"}),
        (4, {"PYTHONHASHSEED": "4711", "TZ": "America/St_Johns", "LC_ALL": "C", "HOME": "/nowhere", "TMPDIR": "/tmp"}),
        (2, {"PYTHONHASHSEED": "random", "AIRFLOW_HOME": "/elsewhere", "USER": "somebody", "PYTHONUTF8": "1"}),
    ],
)
def test_the_same_tree_gives_the_same_bytes(expected: str, tmp_path: Path, jobs: int, env: dict[str, str]) -> None:
    root = tree(tmp_path / "another-clone" / "at a much longer path")
    assert read(root, Path("/"), jobs, env) == expected


def test_everything_is_in_it(expected: str) -> None:
    lines = [line for line in expected.splitlines() if not line.startswith("  ")]
    assert len(lines) == 22
    assert lines == sorted(lines, key=lambda line: line.split(" ")[0])
