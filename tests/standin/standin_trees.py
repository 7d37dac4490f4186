"""Write small trees of DAG files, read them through the stand-in, and look at what came of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from dagserial.canonical import canonical_bytes
from dagserial.sources import files
from dagserial.sources.reading import FileError, Parsed, Reading, ReadOptions

IMPORTS = "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\n"


def shown(value: Any) -> str:
    """Return a value as canonical JSON, in which 1, 1.0 and True differ."""
    return canonical_bytes(value).decode()


def key(name: str) -> str:
    """Return a dag_id for a case: characters that ids do not hold stand by their numbers."""
    return re.sub(r"[^\w.-]", lambda found: f"-{ord(found[0]):x}-", name)


class Found:
    """What a reading gave, by dag_id (or the case it stands for) and by file."""

    def __init__(self, reading: Reading) -> None:
        self.parsed: dict[str, Parsed] = {parsed.dag.dag_id: parsed for parsed in reading.parsed}
        self.errors: dict[str, FileError] = {error.file: error for error in reading.errors}

    def fields(self, dag_id: str) -> dict[str, Any]:
        """Return what a DAG declares of itself, but for its id."""
        found = msgspec.to_builtins(self.parsed[key(dag_id)].dag.fields)
        return {name: value for name, value in found.items() if name != "dag_id"}

    def operators(self, dag_id: str) -> dict[str, str]:
        """Return the operators of a DAG by task_id."""
        return {task_id: task.operator for task_id, task in self.parsed[key(dag_id)].dag.tasks.items()}

    def args(self, dag_id: str, task_id: str = "a") -> dict[str, Any]:
        """Return what a task declares."""
        return self.parsed[key(dag_id)].dag.tasks[task_id].args

    def upstream(self, dag_id: str) -> dict[str, tuple[str, ...]]:
        """Return the tasks upstream of each task that has any."""
        return {task_id: task.upstream for task_id, task in self.parsed[key(dag_id)].dag.tasks.items() if task.upstream}

    def warnings(self, dag_id: str) -> list[str]:
        """Return the warnings of a DAG as `path: message`."""
        return [f"{warning.path}: {warning.message}" for warning in self.parsed[key(dag_id)].warnings]


def write(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write files below a folder, and return it."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def read(folder: Path, texts: Mapping[str, str], **options: Any) -> Found:
    """Write files below a folder, and read the tree."""
    return Found(files.read(write(folder, texts), ReadOptions(**options)))


def read_expressions(folder: Path, preamble: str, expressions: Mapping[str, str], **options: Any) -> Found:
    """Read one DAG for each expression: its name is the dag_id, its value the argument `value` of task `a`.

    The expression stands in the last line.
    """
    texts = {
        f"dags/expression_{number}.py": (
            f"{IMPORTS}{preamble}with DAG({key(name)!r}): BashOperator(task_id='a', value={expression})\n"
        )
        for number, (name, expression) in enumerate(expressions.items())
    }
    return read(folder, texts, **options)
