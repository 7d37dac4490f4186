"""Read the same DAG files with the stand-in and with live Airflow, and say how far the two agree.

`python benchmarks/agreement.py --python PYTHON... TREE...`; `--examples` adds the example DAGs that each Airflow ships.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from dagserial.model import Dag
from dagserial.record import Record
from dagserial.sources import files
from dagserial.sources.reading import Parsed, Reading, ReadOptions

_CUT = 160
_SHIPPED = "import airflow, sys; print(next(iter(airflow.__path__)), airflow.__version__)"
_EXAMPLES = ("example_dags", "providers/standard/example_dags")
_MISSING = "(absent)"


class Difference(msgspec.Struct, frozen=True):
    """Where two records of one DAG first differ: a pointer, and both sides, cut."""

    dag_id: str
    path: str
    standin: str
    live: str


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """How far two readings of one tree agree.

    Attributes:
        airflow: the version that read the files.
        files: how many files gave DAGs: to the stand-in, to Airflow, to both.
        dags: how many DAGs were found: by the stand-in, by Airflow, by both.
        tasks: how many of the DAGs that both found have the same task ids; likewise edges, groups and digests.
        unequal: one for each DAG whose digests differ.
        only: DAGs that one of the two found, and which.
        failed: files that one of the two could not read, which, and why.
    """

    tree: str
    airflow: str
    files: tuple[int, int, int]
    dags: tuple[int, int, int]
    tasks: int
    edges: int
    groups: int
    digests: int
    unequal: list[Difference]
    only: dict[str, list[str]]
    failed: list[tuple[str, str, str]]

    def shares(self) -> dict[str, float]:
        """Return per cent of the DAGs that Airflow found, and of those that both found."""
        found, both = self.dags[1] or 1, self.dags[2] or 1
        counted = {"tasks": self.tasks, "edges": self.edges, "groups": self.groups, "digests": self.digests}
        return {"dags": 100 * self.dags[2] / found} | {name: 100 * count / both for name, count in counted.items()}


def agreement(tree: Path, options: ReadOptions, name: str = "") -> Agreement:
    """Read a tree with both and compare; `options.python` is the interpreter that has Airflow."""
    live = files.read(tree, options)
    airflow = next((one.provenance.parser for one in live.parsed if one.provenance.parser), "airflow ?").split()[1]
    version = options.airflow_version if airflow == "?" else airflow
    standin = files.read(tree, msgspec.structs.replace(options, python="", airflow_version=version))
    ours, theirs = ({one.dag.dag_id: one for one in reading.parsed} for reading in (standin, live))
    both = sorted(ours.keys() & theirs.keys())
    pairs = [(ours[dag_id].dag, theirs[dag_id].dag) for dag_id in both]
    unequal = [found for one, other in pairs if (found := _difference(one, other)) is not None]
    return Agreement(
        tree=name or str(tree),
        airflow=airflow,
        files=_counted({_file(one) for one in standin.parsed}, {_file(one) for one in live.parsed}),
        dags=_counted(set(ours), set(theirs)),
        tasks=sum(one.tasks.keys() == other.tasks.keys() for one, other in pairs),
        edges=sum(_edges(one) == _edges(other) for one, other in pairs),
        groups=sum(_groups(one) == _groups(other) for one, other in pairs),
        digests=len(both) - len(unequal),
        unequal=unequal,
        only={"standin": sorted(ours.keys() - theirs.keys()), "live": sorted(theirs.keys() - ours.keys())},
        failed=_failed(standin, live),
    )


def _file(parsed: Parsed) -> str:
    return parsed.provenance.file


def _counted(ours: set[str], theirs: set[str]) -> tuple[int, int, int]:
    return len(ours), len(theirs), len(ours & theirs)


def _edges(dag: Dag) -> set[tuple[str, str]]:
    return {(before, task_id) for task_id, task in dag.tasks.items() for before in task.upstream}


def _groups(dag: Dag) -> tuple[dict[str, str | None], dict[str, str | None], set[str]]:
    """Return the groups with what they lie in, the group of each task, and what is mapped."""
    mapped = {name for parts in (dag.tasks, dag.groups) for name, part in parts.items() if part.mapping is not None}
    parents = {name: group.parent for name, group in dag.groups.items()}
    return parents, {name: task.group for name, task in dag.tasks.items()}, mapped


def _failed(standin: Reading, live: Reading) -> list[tuple[str, str, str]]:
    found = [("standin", one) for one in standin.errors] + [("live", one) for one in live.errors]
    return sorted((one.file, who, f"{one.error} (line {one.line})"[:300]) for who, one in found)


def _difference(ours: Dag, theirs: Dag) -> Difference | None:
    one, other = Record.of_dag(ours), Record.of_dag(theirs)
    if one.digest == other.digest:
        return None
    path, left, right = next(_differences(json.loads(one.body), json.loads(other.body)))
    return Difference(ours.dag_id, path, _cut(left), _cut(right))


def _differences(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield where two JSON documents differ, as deep as their shapes are the same."""
    if isinstance(one, dict) and isinstance(other, dict) and one.get("$") == other.get("$"):
        for key in sorted(one.keys() | other.keys()):
            yield from _differences(one.get(key, _MISSING), other.get(key, _MISSING), f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left, right, f"{path}/{index}")
    elif json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True):
        yield path, one, other


def _cut(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _CUT else text[:_CUT] + "…"


@contextlib.contextmanager
def examples(python: str) -> Iterator[tuple[str, Path]]:
    """Copy the example DAGs that an Airflow ships to a tree of their own, for as long as it is wanted."""
    done = subprocess.run([python, "-c", _SHIPPED], capture_output=True, text=True, check=True)
    package, version = done.stdout.split()[-2:]
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(_EXAMPLES):
            if (shipped := Path(package, name)).is_dir():
                skipped = shutil.ignore_patterns("__pycache__")
                shutil.copytree(
                    shipped, Path(folder, "dags", *["standard"] * number), ignore=skipped, dirs_exist_ok=True
                )
        yield f"examples of {version}", Path(folder)


def _table(found: list[Agreement]) -> Iterator[str]:
    """Yield a Markdown table, and what differs."""
    yield "| tree | Airflow | files (stand-in, live) | DAGs (stand-in, live, both) | tasks | edges | groups | digests |"
    yield "|---|---|---|---|---|---|---|---|"
    for one in found:
        equal = " | ".join(f"{count} ({one.shares()[name]:.1f} %)" for name, count in _equal(one).items())
        counts = f"{one.files[0]}, {one.files[1]} | {', '.join(map(str, one.dags))}"
        yield f"| {one.tree} | {one.airflow} | {counts} | {equal} |"
    for one in found:
        yield ""
        yield f"{one.tree}, Airflow {one.airflow}:"
        yield from (f"  only {who}: {', '.join(dags)}" for who, dags in one.only.items() if dags)
        yield from (f"  {file} fails, {who}: {why}" for file, who, why in one.failed)
        for unequal in one.unequal:
            yield f"  {unequal.dag_id} {unequal.path}\n      stand-in {unequal.standin}\n      live     {unequal.live}"


def _equal(one: Agreement) -> dict[str, int]:
    return {"tasks": one.tasks, "edges": one.edges, "groups": one.groups, "digests": one.digests}


def _is_enough(one: Agreement, wanted: argparse.Namespace) -> bool:
    shares = one.shares()
    structure = min(shares[name] for name in ("tasks", "edges", "groups"))
    return (
        one.dags[2] > 0
        and shares["dags"] >= wanted.least_dags
        and structure >= wanted.least_structure
        and shares["digests"] >= wanted.least_digests
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("trees", nargs="*", metavar="TREE", help="folders with DAG files")
    parser.add_argument("--python", action="append", required=True, help="an interpreter that has Airflow; repeatable")
    parser.add_argument("--examples", action="store_true", help="also the example DAGs that each Airflow ships")
    parser.add_argument("--dags", action="append", default=[], help="DAG file or folder, from the top of the tree")
    parser.add_argument("--path", action="append", default=[], help="further import root, from the top of the tree")
    for flag in ("--package", "--root"):
        parser.add_argument(flag, action="append", default=[], metavar="NAME=DIR", help="as of `dagserial list`")
    parser.add_argument("--variables", metavar="FILE", help="Airflow Variables, a JSON object")
    parser.add_argument("--connections", metavar="FILE", help="Airflow Connections, a JSON object")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds a DAG file may take")
    parser.add_argument("--memory-mib", type=int, default=4096)
    parser.add_argument("--json", action="store_true", help="print JSON")
    for name, default in (("dags", 100.0), ("structure", 100.0), ("digests", 98.0)):
        parser.add_argument(f"--least-{name}", type=float, default=default, help="per cent, below which it fails")
    return parser.parse_args()


def _options(wanted: argparse.Namespace, python: str) -> ReadOptions:
    variables = json.loads(Path(wanted.variables).read_text()) if wanted.variables else {}
    return ReadOptions(
        dags=tuple(wanted.dags),
        paths=tuple(wanted.path),
        variables={key: text if isinstance(text, str) else json.dumps(text) for key, text in variables.items()},
        connections=json.loads(Path(wanted.connections).read_text()) if wanted.connections else {},
        env=_named(wanted.env),
        packages=_named(wanted.package),
        roots=_named(wanted.root),
        timeout=wanted.timeout,
        memory_mib=wanted.memory_mib,
        python=python,
    )


def _named(pairs: list[str]) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in pairs)


def main() -> int:
    """Compare each tree under each Airflow; 1 if any agrees less than it must."""
    wanted = _arguments()
    found = []
    for python in wanted.python:
        options = _options(wanted, python)
        found += [agreement(Path(tree), options) for tree in wanted.trees]
        if wanted.examples:
            with examples(python) as (name, tree):
                found.append(agreement(tree, msgspec.structs.replace(options, dags=("dags",)), name))
    if wanted.json:
        print(json.dumps([{**msgspec.to_builtins(one), "shares": one.shares()} for one in found], indent=1))
    else:
        print("\n".join(_table(found)))
    return 0 if all(_is_enough(one, wanted) for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
