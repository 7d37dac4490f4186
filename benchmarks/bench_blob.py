"""What a blob of Airflow 3 takes to become a record, beside what Airflow takes to make a DAG of it: CPU, in turns.

python benchmarks/bench_blob.py AIRFLOW_PYTHON

AIRFLOW_PYTHON is an interpreter that has Airflow 3.3. It serializes the DAG that is read, and reads it by
`from_dict`. Both sides start from the same dict; each has a process of its own, asked in turns. The target: 5 times
faster.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dagserial.record import Record
from dagserial.sources import airflow_blob

ROUNDS = 40
TASKS = 1_000

DAG_FILE = """
import datetime as dt, json, sys, time
from airflow.sdk import DAG, TaskGroup
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.serialization.serialized_objects import DagSerialization

def work(x=0, **kwargs):
    return x

def task_of(number):
    task_id = f"task_{number:05}"
    match number % 10:
        case 0 | 1 | 2 | 3:
            given = {"op_args": [number], "op_kwargs": {"day": "{{ ds }}"}}
            return PythonOperator(task_id=task_id, python_callable=work, **given)
        case 4 | 5 | 6:
            env = {"PART": str(number)}
            return BashOperator(task_id=task_id, bash_command=f"run --part {number}", env=env, pool="net")
        case 7:
            return BashOperator.partial(task_id=task_id, env={"A": "1"}, retries=3).expand(bash_command=["b", "a"])
        case _:
            return EmptyOperator(task_id=task_id, trigger_rule="none_failed")

def build(count, params):
    given = {"params": {"country": "fr", "limit": 10}} if params else {}
    defaults = {"owner": "ann", "retries": 2, "retry_delay": dt.timedelta(minutes=3)}
    start = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    with DAG("bench", schedule="0 3 * * *", start_date=start, default_args=defaults, **given) as dag:
        tasks = []
        for number in range(count):
            if number % 50 < 10:
                with TaskGroup(f"group_{number}"):
                    tasks.append(task_of(number))
            else:
                tasks.append(task_of(number))
        for at in range(30, count):
            tasks[at - 30] >> tasks[at]
            tasks[at - 29] >> tasks[at]
    return dag

texts = [json.dumps(DagSerialization.to_dict(build(int(sys.argv[1]), params))) for params in (True, False)]
print(json.dumps(texts), flush=True)
for line in sys.stdin:
    blob = json.loads(texts[int(line)])
    start = time.process_time()
    DagSerialization.from_dict(blob)
    print(time.process_time() - start, flush=True)
"""


def start(python: str, folder: str) -> "subprocess.Popen[str]":
    """Start an Airflow that writes its blobs first, and then the time of one `from_dict` for each line it is sent."""
    (Path(folder) / "serve.py").write_text(DAG_FILE)
    env = {
        **os.environ,
        "AIRFLOW_HOME": folder,
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
        "PYTHONWARNINGS": "ignore",
    }
    arguments = [python, str(Path(folder) / "serve.py"), str(TASKS)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(arguments, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=quiet, text=True)


def answered(airflow: "subprocess.Popen[str]") -> Any:
    """Return the next line that is JSON; Airflow writes others."""
    assert airflow.stdout
    for line in airflow.stdout:
        try:
            return json.loads(line)
        except ValueError:
            continue
    raise SystemExit("this Airflow could not be asked")


def ours(text: str) -> float:
    """Return the CPU seconds that a blob takes to become a record."""
    blob = json.loads(text)
    start = time.process_time()
    Record.of_dag(airflow_blob.read(blob)[0].dag)
    return time.process_time() - start


def main() -> None:
    """Print the median and the least time for the blob with params in every task, and for that without."""
    with tempfile.TemporaryDirectory() as folder:
        airflow = start(sys.argv[1], folder)
        assert airflow.stdin
        texts = answered(airflow)
        for number, name in enumerate(("with params", "without params")):
            times: dict[str, list[float]] = {"dagserial": [], "Airflow": []}
            for _ in range(ROUNDS):
                times["dagserial"].append(ours(texts[number]))
                airflow.stdin.write(f"{number}\n")
                airflow.stdin.flush()
                times["Airflow"].append(answered(airflow))
            for measure, of in (("median", statistics.median), ("least", min)):
                ours_ms, theirs_ms = (of(taken) * 1000 for taken in times.values())
                found = f"dagserial {ours_ms:5.1f} ms, Airflow {theirs_ms:5.1f} ms: {theirs_ms / ours_ms:4.1f} x"
                print(f"{TASKS} tasks {name:15} {measure:7} {found}")
        airflow.stdin.close()
        airflow.wait()


if __name__ == "__main__":
    main()
