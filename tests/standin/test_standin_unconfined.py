"""The sandbox changes nothing of what is read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from support import ROOT

from dagserial.record import Record
from dagserial.sources import files
from dagserial.sources.reading import ReadOptions


def test_digests_are_the_same_with_and_without_the_sandbox(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "fixtures/dags", tree / "dags")
    reading = files.read(tree, ReadOptions())
    confined = {parsed.dag.dag_id: str(Record.of_dag(parsed.dag).digest) for parsed in reading.parsed}
    names = sorted({parsed.provenance.file for parsed in reading.parsed})
    env = {
        **{name: value for name, value in os.environ.items() if name.startswith("COV")},
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        "AIRFLOW_HOME": str(tree),
        "AIRFLOW__CORE__DAGS_FOLDER": f"{tree}/dags",
    }
    command = [sys.executable, str(Path(__file__).with_name("unconfined.py")), str(tree), *names]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout) == confined
    assert len(confined) >= 10
