"""Comparing two versions of a DAG, against DeepDiff on the whole documents and against all pairs of renamed tasks.

python benchmarks/bench_diff.py
"""

import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import msgspec
from deepdiff import DeepDiff
from measure import SIZES, dag_of, few_arguments, heading, medians, note, row

from dagserial.diff import Side, compare, compare_all, compare_pieces, compare_records, diff_document, render_text
from dagserial.diff.entries import Sides
from dagserial.diff.likeness import best_first
from dagserial.diff.task_match import TaskMatch
from dagserial.formats.pieces import cut
from dagserial.model import Dag, Task
from dagserial.record import Record

RENAMED = 1000


def main() -> None:
    """Print each ratio beside its target."""
    for size, arguments in SIZES.items():
        against_deepdiff(size, arguments)
    with_size()
    renames()
    many_changes()


def edited(dag: Dag) -> Dag:
    """A DAG with 3 of its tasks changed, from its begin to its end: a number, a text, and an entry of a dict."""
    tasks = dict(dag.tasks)
    ids = list(tasks)
    for task_id, name in ((ids[5], "retries"), (ids[len(ids) // 2], "bash_command"), (ids[-3], "env")):
        args = tasks[task_id].args
        values = {"retries": 4, "bash_command": "run --all", "env": args["env"] | {"REGION": "us"}}
        tasks[task_id] = msgspec.structs.replace(tasks[task_id], args=args | {name: values[name]})
    return Dag(fields=dag.fields, groups=dag.groups, tasks=tasks)


def against_deepdiff(size: str, arguments: Callable[[int], dict[str, Any]]) -> None:
    """Compare with DeepDiff on the two whole documents, tasks by id."""
    dags = dag_of(1000, arguments), edited(dag_of(1000, arguments))
    records = Record.of_dag(dags[0]), Record.of_dag(dags[1])
    pieces = cut(records[0].body), cut(records[1].body)
    whole = msgspec.json.decode(records[0].body), msgspec.json.decode(records[1].body)
    naive = medians({"naive": lambda: DeepDiff(*whole)}, repeats=3)["naive"]
    found = medians(
        {
            "known": lambda: compare_pieces(*pieces),
            "records": lambda: compare_records(*records),
            "dags": lambda: compare(*dags),
        }
    )
    assert len(compare_records(*records)) == 3
    heading(f"1,000 tasks of {size}, 3 of them changed: DeepDiff of the whole documents /")
    row("comparing, records cut before", naive / found["known"], 200, at_least=True)
    row("comparing two records", naive / found["records"], 200, at_least=True)
    row("comparing two DAGs, encoding and addressing both", naive / found["dags"], 50, at_least=True)


def with_size() -> None:
    """Compare how the time grows with the tasks that did not change."""
    candidates: dict[str, Callable[[], object]] = {}
    for count in (1000, 10_000):
        dag = dag_of(count, few_arguments)
        bodies = Record.of_dag(dag).body, Record.of_dag(edited(dag)).body
        candidates[f"known {count}"] = partial(compare_pieces, *map(cut, bodies))
        candidates[f"records {count}"] = partial(compare_records, *map(Record.of, bodies))
    found = medians(candidates)
    heading("10,000 tasks, 3 of them changed / 1,000 tasks, 3 of them changed")
    row("comparing, records cut before", found["known 10000"] / found["known 1000"], 5)
    note("comparing two records, cutting both", found["records 10000"] / found["records 1000"])


def renames() -> None:
    """Compare with likeness over all pairs of tasks that were renamed and edited."""
    old = dag_of(RENAMED, few_arguments)
    new = Dag(fields=old.fields, tasks={f"new_{task_id}": _renamed(task) for task_id, task in old.tasks.items()})
    records = Record.of_dag(old), Record.of_dag(new)
    changes = compare_records(*records)
    right = sum(change.operation == "renamed" and change.after == f"new_{change.before}" for change in changes)
    sides = Sides(cut(records[0].body).tasks, cut(records[1].body).tasks)
    start = time.thread_time()
    plain = [[msgspec.to_builtins(task) for task in dag.tasks.values()][:20] for dag in (old, new)]
    for before, after in product(*plain):
        DeepDiff(before, after, get_deep_distance=True)
    slow = (time.thread_time() - start) * (RENAMED / 20) ** 2
    found = medians(
        {
            "match": lambda: TaskMatch(sides, (None, None)).detect(50),
            "all pairs": lambda: _all_pairs(sides),
            "diff": lambda: compare_records(*records),
        },
        repeats=3,
    )
    heading(f"{RENAMED:,} tasks, all renamed and edited")
    row("percent of the renames found, each with its own task", 100 * right / RENAMED, 100, at_least=True)
    row("DeepDiff's distance over all pairs (from 400) / matching", slow / found["match"], 30, at_least=True)
    row("the same likeness over all pairs / matching", found["all pairs"] / found["match"], 30, at_least=True)
    note("matching / the whole diff, each change described", found["match"] / found["diff"])


def _all_pairs(sides: Sides) -> None:
    match = TaskMatch(sides, (None, None))
    best_first((match.score(before, after), before, after) for before, after in product(sides.gone, sides.come))


def _renamed(task: Task) -> Task:
    args = task.args | {"retries": 4, "bash_command": f"{task.args['bash_command']} --force"}
    return Task(args=args, operator=task.operator, upstream=tuple(f"new_{before}" for before in task.upstream))


def many_changes() -> None:
    """Write a diff of 20,000 changes."""
    sides = [{"bench": _valued(count)} for count in (2_000, 20_000)]
    others = [{"bench": _valued(count, 1)} for count in (2_000, 20_000)]
    side = Side("a")

    def written(at: int) -> None:
        diff = compare_all(sides[at], others[at])
        diff_document(diff, side, side, max_changes=500)
        render_text(diff, color=False, max_changes=500)

    found = medians({"2,000": lambda: written(0), "20,000": lambda: written(1)}, repeats=3)
    tracemalloc.start()
    written(1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    records = sum(len(Record.of_dag(side[1]["bench"]).body) for side in (sides, others))
    heading("20,000 changes, 500 of them written")
    row("time / time of 2,000 changes", found["20,000"] / found["2,000"], 15)
    row("memory / bytes of both records", peak / records, 25)


def _valued(count: int, step: int = 0) -> Dag:
    return dag_of(count, lambda number: {"bash_command": f"run {number + step}", "retries": number})


if __name__ == "__main__":
    main()
