"""Read the pairs of DAG files of fixtures/diffs, all of a side at once, and judge what differs."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from support import ROOT

from dagserial.diff import Diff, compare_all, judged
from dagserial.diff.matching import Matching
from dagserial.model import Dag
from dagserial.sources.files import read
from dagserial.sources.reading import ReadOptions

FOLDER = ROOT / "fixtures" / "diffs"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
"""`<rule>`, or `<rule>.<case>`."""

Side = Literal["old", "new"]


@cache
def dags(side: Side) -> dict[str, dict[str, Dag]]:
    """Return the DAGs of one side of every fixture, by fixture and dag_id; a file has one name on both sides."""
    found: dict[str, dict[str, Dag]] = {name: {} for name in NAMES}
    files = {f"dags/{name.replace('.', '__').replace('-', '_')}.py": name for name in NAMES}
    with TemporaryDirectory() as folder:
        (Path(folder) / "dags").mkdir()
        for file, name in files.items():
            (Path(folder) / file).write_bytes((FOLDER / name / f"{side}.py").read_bytes())
        reading = read(Path(folder), ReadOptions(jobs=2))
    assert reading.errors == ()
    for parsed in reading.parsed:
        found[files[parsed.provenance.file]][parsed.dag.dag_id] = parsed.dag
    return found


def fixture_diff(name: str, *, backwards: bool = False) -> Diff:
    """Return what differs between the two files of a fixture, judged."""
    old, new = dags("old")[name], dags("new")[name]
    if backwards:
        old, new = new, old
    moved = FOLDER / name / "moved.json"
    matching = Matching(moved=json.loads(moved.read_text()) if moved.exists() else {})
    return judged(compare_all(old, new, matching), old, new)


def said(diff: Diff) -> list[dict[str, Any]]:
    """Return what `expected.json` says of a diff."""
    return [
        {
            "operation": change.operation,
            "object": f"{change.object.kind} {change.object.id}",
            "path": change.path,
            "rule": change.verdict.rule,
            "category": change.verdict.category,
            "severity": change.verdict.severity,
            "affects": list(change.verdict.affects),
        }
        for change in diff.changes
    ]
