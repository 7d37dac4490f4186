"""Read DAG files with the stand-in outside of the sandbox; prints `{dag_id: digest}` as JSON.

    python unconfined.py ROOT FILE...

Each file gets a fork, as in the sandbox. What is left out is the confinement, under which nothing can be written, the
records of coverage neither.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from dagserial import sandbox
from dagserial.record import Record
from dagserial.sources import child
from dagserial.sources.files import import_roots
from dagserial.sources.find import dag_folders
from dagserial.sources.reading import ReadOptions
from dagserial.sources.tree import OnDisk
from dagserial.standin import NOTES, install


def main(root: str, files: list[str]) -> None:
    """Read the files, one fork each."""
    folders = dag_folders(OnDisk(Path(root)), ())
    request = child.Request(
        root=root,
        files=files,
        roots=import_roots(Path(root), folders, ()),
        dag_folders=[f"{root}/{folder}" for folder in folders],
        settings=[("core", "dags_folder", f"{root}/{folders[0]}")],
        limits=sandbox.Limits(),
        options=ReadOptions(),
    )
    install(
        root,
        request.roots,
        request.dag_folders,
        airflow_version=request.options.airflow_version,
        variables={},
        connections={},
        settings={(section, key): value for section, key, value in request.settings},
    )
    found: dict[str, str] = {}
    for at in range(len(files)):
        reader, writer = os.pipe()
        if (pid := os.fork()) == 0:
            os.close(reader)
            os.chdir(root)
            NOTES.start(root)
            result = child._result(request, files[at], None)
            with os.fdopen(writer, "w") as answer:
                json.dump({one.dag.dag_id: str(Record.of_dag(one.dag).digest) for one in result.parsed}, answer)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answer:
            found |= json.loads(answer.read() or "{}")
        os.waitpid(pid, 0)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
