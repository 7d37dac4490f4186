"""Reading and writing records in part, and digests of parts, against the whole.

python benchmarks/bench_parts.py
"""

import hashlib

import msgspec
from measure import SIZES, dag_of, heading, medians, note, row

from dagserial.canonical import settled_bytes
from dagserial.formats import v2
from dagserial.formats.pieces import cut, read_fields
from dagserial.model.parts import task_digests


def main() -> None:
    """Print each ratio beside its target."""
    typed = msgspec.json.Decoder(v2.Document)
    for size, arguments in SIZES.items():
        dag = dag_of(1000, arguments)
        body = v2.encode(dag)
        pieces = cut(body)
        task_id, task = next(reversed(dag.tasks.items()))
        changed = msgspec.structs.replace(task, args=task.args | {"retries": 4})
        found = medians(
            {
                "typed decode": lambda body=body, typed=typed: typed.decode(body),
                "read": lambda body=body: v2.decode(body),
                "fields": lambda body=body: read_fields(body),
                "cut": lambda body=body: cut(body),
                "encode": lambda dag=dag: v2.encode(dag),
                "one task": lambda: pieces.with_task(task_id, changed).encode(),  # noqa: B023
                "address": lambda dag=dag: hashlib.sha256(v2.encode(dag)).digest(),
                "one digest": lambda dag=dag: [
                    hashlib.sha256(settled_bytes(one)).digest() for one in dag.tasks.values()
                ],
                "task digests": lambda dag=dag: task_digests(dag),
            }
        )
        heading(f"1,000 tasks of {size}, {len(body):,} bytes")
        row("fields alone / typed decode, nothing checked", found["fields"] / found["typed decode"], 0.4)
        row("fields alone / reading the whole, checked", found["fields"] / found["read"], 0.4)
        row("cutting / typed decode, nothing checked", found["cut"] / found["typed decode"], 0.4)
        row("one task changed, cut before / encoding the whole", found["one task"] / found["encode"], 0.2)
        note("SHA-256 of each task's own bytes / encoding and SHA-256", found["one digest"] / found["address"])
        row("four digests of each task / encoding and SHA-256", found["task digests"] / found["address"], 1.6)


if __name__ == "__main__":
    main()
