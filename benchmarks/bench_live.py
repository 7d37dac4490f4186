"""From a live DAG of 1,000 tasks to its digest, against Airflow's own serialization and hash of the same DAG.

python benchmarks/bench_live.py --airflow PYTHON    # an interpreter that has Airflow 3; or AIRFLOW_PYTHON=PYTHON
"""

import argparse
import contextlib
import gc
import os
import statistics
import subprocess
import tempfile
import time
import types
from pathlib import Path

from live_dag import PARAMS, declare
from measure import heading, row

from dagserial.authoring import DAG, BaseOperator
from dagserial.record import serialize

TASKS = 1_000
ROUNDS = 7
TARGETS = {"without params": 20, "with params": 100}


class BashOperator(BaseOperator):
    """Stand for Airflow's."""


class EmptyOperator(BaseOperator):
    """Stand for Airflow's."""


class PythonOperator(BaseOperator):
    """Stand for Airflow's."""


CLASSES = types.SimpleNamespace(
    DAG=DAG, BashOperator=BashOperator, EmptyOperator=EmptyOperator, PythonOperator=PythonOperator
)


def own(with_params: bool) -> float:
    """Return the CPU seconds from a live DAG to its digest."""
    dag = declare(CLASSES, TASKS, PARAMS if with_params else None)
    gc.collect()
    gc.disable()
    start = time.thread_time()
    _ = serialize(dag).digest
    took = time.thread_time() - start
    gc.enable()
    return took


class Airflow:
    """Airflow in an interpreter of its own, asked in turns with ours."""

    def __init__(self, python: str, home: str) -> None:
        self._command = [python, str(Path(__file__).with_name("airflow_digest.py"))]
        env = {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PATH": os.environ["PATH"]}
        self._child = subprocess.Popen(
            self._command,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def seconds(self, with_params: bool) -> float:
        """Return the CPU seconds from a live DAG to Airflow's hash."""
        assert self._child.stdin
        assert self._child.stdout
        with contextlib.suppress(BrokenPipeError):  # told below
            self._child.stdin.write(f"{TASKS} {'params' if with_params else ''}\n")
            self._child.stdin.flush()
        for line in self._child.stdout:
            if line.startswith("CPU "):
                return float(line.split()[1])
        raise SystemExit(f"Airflow ended with {self._child.wait()}; run {' '.join(self._command)} to see why")

    def close(self) -> None:
        """End Airflow."""
        self._child.communicate()


def main() -> None:
    """Print each ratio beside its target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--airflow", metavar="PYTHON", default=os.environ.get("AIRFLOW_PYTHON"))
    python = parser.parse_args().airflow
    with tempfile.TemporaryDirectory() as home:
        airflow = Airflow(python, home) if python else None
        heading(f"a live DAG of {TASKS:,} tasks to its digest, median of {ROUNDS}")
        for name, target in TARGETS.items():
            times = [
                (own(name == "with params"), airflow and airflow.seconds(name == "with params")) for _ in range(ROUNDS)
            ]
            ours = statistics.median(seconds for seconds, _ in times)
            if airflow:
                theirs = statistics.median(seconds for _, seconds in times if seconds)
                row(
                    f"Airflow {theirs * 1e3:,.0f} ms / {ours * 1e3:.1f} ms, {name}",
                    theirs / ours,
                    target,
                    at_least=True,
                )
            else:
                print(f"  {ours * 1e3:.1f} ms, {name}; SKIPPED Airflow's row: no --airflow PYTHON")
        if airflow:
            airflow.close()


if __name__ == "__main__":
    main()
