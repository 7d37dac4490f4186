"""Memory that a DAG and its encoding take, in a fresh process for each size.

python benchmarks/bench_memory.py
"""

import json
import subprocess
import sys
import tracemalloc

from measure import dag_of, many_arguments, row

from dagserial.formats import v2
from dagserial.model.parts import task_digests

SIZES = (1_000, 10_000, 100_000)


def measured(count: int) -> dict[str, int]:
    """Return what `count` tasks take, in bytes: the DAG, its body, and the most that each step takes on top."""
    tracemalloc.start()
    dag = dag_of(count, many_arguments)
    found = {"dag": tracemalloc.get_traced_memory()[0]}
    body = b""
    for name, run in {"encode": v2.encode, "task digests": task_digests}.items():
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        result = run(dag)
        found[name] = tracemalloc.get_traced_memory()[1] - before
        body = result if isinstance(result, bytes) else body
        del result
    return found | {"body": len(body)}


def main() -> None:
    """Print bytes a task for each size, and how they grow."""
    if len(sys.argv) > 1:
        print(json.dumps(measured(int(sys.argv[1]))))
        return
    found = {}
    for count in SIZES:
        done = subprocess.run([sys.executable, __file__, str(count)], capture_output=True, text=True, check=True)
        found[count] = {name: size / count for name, size in json.loads(done.stdout).items()}
    print(f"  {'bytes a task':30}" + "".join(f"{count:>12,} tasks" for count in SIZES))
    for name in ("dag", "body", "encode", "task digests"):
        print(f"  {name:30}" + "".join(f"{found[count][name]:18,.0f}" for count in SIZES))
    least, most = found[SIZES[0]], found[SIZES[-1]]
    for name in ("encode", "task digests"):
        row(f"{name}: bytes a task, 100,000 tasks / 1,000", most[name] / least[name], 1.5)


if __name__ == "__main__":
    main()
