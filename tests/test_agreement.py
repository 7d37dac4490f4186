"""The stand-in and real Airflows read the same DAG files to the same digests (law 7)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, airflow_python, make_environment, other_python, skip_or_fail

from dagserial.record import Record
from dagserial.sources import files
from dagserial.sources.reading import ReadOptions

AIRFLOWS = ("2.11.2", "3.3.2")
OWN = ROOT / "fixtures" / "agreement"


def agreement(*arguments: str) -> list[dict[str, Any]]:
    """What `benchmarks/agreement.py` reports; it exits with 0 only where its thresholds are met."""
    command = [sys.executable, str(ROOT / "benchmarks" / "agreement.py"), "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("version", AIRFLOWS)
def test_airflows_example_dags_agree(version: str) -> None:
    (found,) = agreement("--examples", "--python", airflow_python(version))
    assert found["dags"][2] >= 70
    assert {name: found["shares"][name] for name in ("dags", "tasks", "edges", "groups")} == {
        "dags": 100,
        "tasks": 100,
        "edges": 100,
        "groups": 100,
    }
    assert found["shares"]["digests"] >= 98, found["unequal"]


@pytest.mark.parametrize(
    ("tree", "version", "count"), [("both", "2.11.2", 29), ("both", "3.3.2", 29), ("three", "3.3.2", 8)]
)
def test_our_own_dag_files_agree_in_every_digest(tree: str, version: str, count: int) -> None:
    (found,) = agreement(str(OWN / tree), "--python", airflow_python(version))
    assert found["dags"] == [count, count, count], found["failed"]
    assert found["unequal"] == []


def test_the_first_difference_is_named(tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(
        "import airflow\nfrom airflow import DAG\nfound = 'real' if hasattr(airflow, '__file__') else 'not'\n"
        "with DAG('ask', schedule=None, description=found): pass\n"
        "if found == 'not':\n    with DAG('only', schedule=None): pass\n"
    )
    (found,) = agreement(str(tmp_path), "--python", airflow_python("3.3.2"), "--least-digests", "0")
    assert found["only"] == {"live": [], "standin": ["only"]}
    assert found["unequal"] == [{"dag_id": "ask", "path": "/dag/description", "standin": '"not"', "live": '"real"'}]


def test_one_dag_file_has_one_digest_on_every_python_and_airflow(tmp_path: Path) -> None:
    newest = other_python()
    if newest is None:
        skip_or_fail("python", "needs another Python of 3.11 or later: DAGSERIAL_OTHER_PYTHON names one")
    elsewhere = make_environment(newest, tmp_path / "elsewhere")
    code = (
        "import sys\nfrom pathlib import Path\nfrom dagserial.record import Record\nfrom dagserial.sources import files\n"
        "from dagserial.sources.reading import ReadOptions\n"
        "found = files.read(Path(sys.argv[1]), ReadOptions())\n"
        "print(*(Record.of_dag(one.dag).digest for one in found.parsed))\n"
    )
    command = [str(elsewhere), "-c", code, str(OWN / "both")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    here = digests(OWN / "both")
    assert len(here) == 29
    assert done.stdout.split() == here
    for version in AIRFLOWS:
        assert digests(OWN / "both", airflow_python(version)) == here, version


def digests(tree: Path, python: str = "") -> list[str]:
    """The digests of a tree's DAGs, by dag_id."""
    return [str(Record.of_dag(one.dag).digest) for one in files.read(tree, ReadOptions(python=python)).parsed]
