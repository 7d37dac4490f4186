"""Make the DAGs that benchmarks read and write, take their times in turns, and print ratios beside their targets."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

from dagserial.model import Dag, DagFields, Task

REPEATS = 15


def dag_of(count: int, arguments: Callable[[int], dict[str, Any]] | None = None) -> Dag:
    """A DAG of `count` tasks, each behind the two before it."""
    tasks = {
        f"task_{number:06}": Task(
            args=(arguments or few_arguments)(number),
            operator="airflow.providers.standard.operators.bash.BashOperator",
            upstream=tuple(f"task_{before:06}" for before in range(max(0, number - 2), number)),
        )
        for number in range(count)
    }
    return Dag(fields=DagFields(dag_id="bench", schedule="@daily"), tasks=tasks)


def few_arguments(number: int) -> dict[str, Any]:
    """Arguments of a task of 0.3 KB."""
    return {
        "bash_command": f"run --part {number} --day {{{{ ds }}}}",
        "env": {"REGION": "eu", "PART": str(number), "RATE": 0.25},
        "owner": "data",
        "retries": 3,
        "retry_delay": {"$": "timedelta", "value": "PT5M"},
    }


def many_arguments(number: int) -> dict[str, Any]:
    """Arguments of a task of 1 KB: what a team writes that passes default_args and a payload."""
    return few_arguments(number) | {
        "depends_on_past": False,
        "doc_md": f"Loads part {number} of the sales of one day, checks it, and publishes it to those who read it.",
        "email": ["data@example.invalid", "ops@example.invalid"],
        "email_on_failure": True,
        "execution_timeout": {"$": "timedelta", "value": "PT1H"},
        "executor_config": {"pod_override": {"cpu": "500m", "memory": f"{number % 7 + 1}Gi"}},
        "max_active_tis_per_dag": 4,
        "on_failure_callback": {"$": "callable", "code": "sha256:" + "7c" * 32, "name": "plugins.alerts.page"},
        "op_kwargs": {
            "columns": ["id", "day", "region", "amount", "currency", f"part_{number}"],
            "limits": {"low": number + 0.125, "high": 2.5, "share": 0.75, "steps": [0.1, 0.2, 0.4]},
            "table": f"warehouse.sales.part_{number}",
        },
        "outlets": [{"$": "asset", "uri": f"s3://warehouse/sales/part_{number}"}],
        "pool": "warehouse",
        "priority_weight": number % 10,
        "queue": "default",
        "trigger_rule": "all_success",
    }


def medians(candidates: dict[str, Callable[[], object]], repeats: int = REPEATS) -> dict[str, float]:
    """Return the median CPU time of each candidate in seconds, taken in turns without garbage collection."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    gc.collect()
    gc.disable()
    for _ in range(repeats):
        for name, run in candidates.items():
            start = time.thread_time()
            run()
            times[name].append(time.thread_time() - start)
    gc.enable()
    return {name: statistics.median(values) for name, values in times.items()}


def row(name: str, measured: float, target: float, *, at_least: bool = False) -> None:
    """Print a ratio beside its target, and whether it is missed."""
    missed = measured < target if at_least else measured > target
    sign = ">=" if at_least else "<="
    print(f"  {name:58} {sign} {target:6.2f}   {measured:7.2f}   {'MISSED' if missed else 'met'}")


def note(name: str, measured: float) -> None:
    """Print a ratio that has no target, for others to be seen beside it."""
    print(f"  {name:58} {'':9}   {measured:7.2f}")


def heading(text: str) -> None:
    """Print what the rows below are about."""
    print(f"{text}\n  {'ratio':58} {'target':>9}   measured")


SIZES = {"0.3 KB": few_arguments, "1 KB": many_arguments}
"""Tasks as they are found: with a few arguments, and with many."""
