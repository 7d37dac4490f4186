"""DAG files read per second through the stand-in and the sandbox, start-up included.

python benchmarks/bench_read.py                 # 70 files made for it
python benchmarks/bench_read.py DIR [REF...]    # a real repository, at refs
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from dagserial.history import History
from dagserial.sources import files
from dagserial.sources.reading import Reading, ReadOptions

DAG_FILE = """
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
with DAG("dag_{number}", schedule="@daily", start_date=datetime(2026, 1, 1), default_args={{"retries": 2}}) as dag:
    tasks = [BashOperator(task_id=f"t{{i}}", bash_command=f"echo {{i}}") for i in range(20)]
    for one, other in zip(tasks, tasks[1:]):
        one >> other
"""


def report(name: str, run: object) -> None:
    """Time one run and print it: wall clock, and CPU of this process and its children."""
    before = _cpu()
    start = time.perf_counter()
    result = run()  # type: ignore[operator]
    wall, cpu = time.perf_counter() - start, _cpu() - before
    count = len({_file(found) for found in (result.parsed if isinstance(result, Reading) else result.entries)})
    rate = count / wall if wall else 0
    read = f"{count:4} files, {len(result.errors):3} errors"
    print(f"{name:44} {read}, {wall:5.2f} s wall, {cpu:5.2f} s CPU, {rate:5.0f} files/s")


def _file(found: object) -> str:
    return str(found.provenance.file)  # type: ignore[attr-defined]


def _cpu() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Print one line a reading."""
    options = ReadOptions(jobs=os.cpu_count() or 2)
    if len(sys.argv) > 1:
        with History(sys.argv[1]) as history:
            for ref in sys.argv[2:] or ["HEAD"]:
                report(ref, lambda ref=ref: history.at(ref, options))
        return
    with tempfile.TemporaryDirectory() as folder:
        for number in range(70):
            path = Path(folder, "dags", f"dag_{number}.py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(DAG_FILE.format(number=number))
        for name in ("70 files, 1,400 tasks, first", "the same again"):
            report(name, lambda: files.read(Path(folder), options))


if __name__ == "__main__":
    main()
