"""Read every combination in this process and print what became of it: `python stability_reader.py FOLDER KIND HEAP`."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dagserial.errors import UnsupportedValueError
from dagserial.model import Dag, ValueWarning
from dagserial.record import Record, serialize
from dagserial.sources import files, live
from dagserial.sources.reading import ReadOptions

Outcome = dict[str, Any]


def outcome(dag: Dag, warnings: Iterable[ValueWarning]) -> Outcome:
    """Say what a DAG is written as."""
    record = Record.of_dag(dag)
    told = [f"{warning.path}: {warning.message}" for warning in warnings]
    return {"digest": record.digest, "body": record.body.decode(), "warnings": told}


def of_files(root: Path, heap: str) -> dict[str, Outcome]:
    """Read DAG files through the stand-in."""
    reading = files.read(root, ReadOptions(dags=("dags",), env={"HEAP": heap}))
    assert not reading.errors, reading.errors
    return {parsed.dag.dag_id: outcome(parsed.dag, parsed.warnings) for parsed in reading.parsed}


def of_objects(root: Path, heap: str) -> dict[str, Outcome]:
    """Read authoring objects, declared in this process."""
    os.environ["HEAP"] = heap
    sys.path.insert(0, str(root / "authored"))
    found = {}
    for file in sorted((root / "authored").glob("*.py")):
        for dag in importlib.import_module(file.stem).DAGS:
            try:
                refused = ""
                serialize(dag)
            except UnsupportedValueError as error:
                refused = str(error)
            try:
                found[dag.dag_id] = outcome(*live.read(dag)) | {"refused": refused}
            except UnsupportedValueError as error:
                found[dag.dag_id] = {"refused": str(error)}
    return found


if __name__ == "__main__":
    readers = {"files": of_files, "objects": of_objects}
    print(json.dumps(readers[sys.argv[2]](Path(sys.argv[1]), sys.argv[3])))
