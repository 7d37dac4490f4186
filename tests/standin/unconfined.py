"""Read DAG files with the stand-in outside of the sandbox: prints `{file: {dag_id: digest}}` as JSON.

    python unconfined.py ROOT FILE...

Each file gets a fork, as in the sandbox; what is left out is the confinement, under which no coverage can be written.
"""

import json
import os
import sys

from dagserial.record import Record
from dagserial.sources import child
from dagserial.sources.files import import_roots
from dagserial.standin import install
from pathlib import Path


def main(root: str, files: list[str]) -> None:
    folders = ["dags"] if os.path.isdir(f"{root}/dags") else ["."]
    install(
        root,
        import_roots(Path(root), folders, ()),
        [f"{root}/{folder}" for folder in folders],
        airflow_version="3.3.2",
        variables={},
        connections={},
        settings={("core", "dags_folder"): f"{root}/{folders[0]}"},
    )
    found = {}
    for file in files:
        reader, writer = os.pipe()
        if (pid := os.fork()) == 0:
            parsed = child._read(root, file)
            digests = {one.dag.dag_id: str(Record.of_dag(one.dag).digest) for one in parsed}
            os.write(writer, json.dumps(digests).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as answer:
            found[file] = json.loads(answer.read() or b"{}")
        os.waitpid(pid, 0)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
