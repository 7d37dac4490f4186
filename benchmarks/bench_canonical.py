"""Canonical encoding against msgspec's own, SHA-256 and the `rfc8785` package: ratios of CPU time in one run.

python benchmarks/bench_canonical.py
"""

import gc
import hashlib
import statistics
import time
from collections.abc import Callable

import msgspec
import rfc8785

from dagserial.canonical import canonical_bytes
from dagserial.formats import v2
from dagserial.model import Dag, DagFields, Task

REPEATS = 15


def dag_of(count: int) -> Dag:
    """A DAG of `count` tasks with the arguments that tasks have."""
    tasks = {
        f"task_{number:05}": Task(
            args={
                "bash_command": f"run --part {number} --day {{{{ ds }}}}",
                "env": {"REGION": "eu", "PART": str(number), "RATE": 0.25},
                "owner": "data",
                "retries": 3,
                "retry_delay": {"$": "timedelta", "value": "PT5M"},
            },
            operator="airflow.providers.standard.operators.bash.BashOperator",
            upstream=tuple(f"task_{before:05}" for before in range(max(0, number - 2), number)),
        )
        for number in range(count)
    }
    return Dag(fields=DagFields(dag_id="bench", schedule="@daily"), tasks=tasks)


def medians(candidates: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median CPU time of each candidate, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    gc.disable()
    for _ in range(REPEATS):
        for name, run in candidates.items():
            start = time.thread_time()
            run()
            times[name].append(time.thread_time() - start)
    gc.enable()
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Print each ratio beside its target."""
    dag = dag_of(1000)
    document = v2._Document(dag.fields, v2.FORMAT, dag.groups, dag.tasks)
    deterministic = msgspec.json.Encoder(order="deterministic")
    body = v2.encode(dag)
    plain = msgspec.json.decode(body)
    found = medians(
        {
            "msgspec deterministic": lambda: deterministic.encode(document),
            "encode": lambda: v2.encode(dag),
            "encode + sha256": lambda: hashlib.sha256(v2.encode(dag)).digest(),
            "sha256": lambda: hashlib.sha256(body).digest(),
            "canonical_bytes": lambda: canonical_bytes(plain),
            "rfc8785": lambda: rfc8785.dumps(plain),
        }
    )
    base = found["msgspec deterministic"]
    print(f"1,000 tasks, {len(body):,} bytes, median of {REPEATS} runs of CPU time")
    for name, seconds in found.items():
        print(f"  {name:24} {seconds * 1e3:8.3f} ms   {seconds / base:6.2f} x msgspec deterministic")
    print(f"  rfc8785 / encode = {found['rfc8785'] / found['encode']:.1f}")


if __name__ == "__main__":
    main()
