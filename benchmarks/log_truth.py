"""`log` and `blame` against the truth, worked out slowly: every commit is laid out and read by itself.

python benchmarks/log_truth.py CLONE [RANGE] [--full-history] [--dags FOLDER]

Prints what disagrees, and a line of totals; exits with 1 if anything does. Renames are not looked for, as what was
renamed is no question of truth. The clone is only read.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dagserial.diff import Matching
from dagserial.errors import DagserialError
from dagserial.history import History
from dagserial.history.blame import blame
from dagserial.record import Record
from dagserial.sources import files
from dagserial.sources.reading import ReadOptions

BY_ID = Matching(detect=False)

Fact = tuple[str, str, str, str | None, str | None]
"""Commit, operation, dag_id, digest before, digest after."""


class State(NamedTuple):
    """What a commit holds: bodies by dag_id, the file of each DAG, and the files that cannot be read."""

    bodies: dict[str, bytes]
    files: dict[str, str]
    unread: set[str]


NOTHING = State({}, {}, set())


def main() -> None:
    """Compare, print, and say by the exit code whether all agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path)
    parser.add_argument("range", nargs="?", default="HEAD")
    parser.add_argument("--full-history", action="store_true")
    parser.add_argument("--dags", action="append", default=[])
    given = parser.parse_args()
    options = ReadOptions(dags=tuple(given.dags), jobs=os.cpu_count() or 2)
    sys.exit(1 if compare(given.clone, given.range, options, full=given.full_history) else 0)


def compare(clone: Path, range_: str, options: ReadOptions, *, full: bool) -> int:
    """Return how many facts of `log` and `blame` are wrong or missing."""
    with tempfile.TemporaryDirectory() as folder:
        return compare_with(Truth(clone, Path(folder), options), clone, range_, options, full=full)


def compare_with(states: "Truth", clone: Path, range_: str, options: ReadOptions, *, full: bool) -> int:
    """Return the same, by a truth that may be known in part already."""
    began = time.monotonic()
    commits = listed(clone, range_, full=full)
    truth = {fact for commit, parents in commits for fact in facts(commit, parents, states)}
    slowly = time.monotonic() - began
    began = time.monotonic()
    with History(clone) as history:
        events = list(history.log(None, range_, options, full_history=full, matching=BY_ID))
        said = {(one.commit.id, one.operation, one.dag_id, one.old, one.new) for one in events}
        quickly = time.monotonic() - began
        wrong = [*report("log says, and is not so", said - truth), *report("log lacks", truth - said)]
        if not full:
            wrong += report("blame", blames(history, range_, options, commits, states))
    print(f"{len(commits)} commits, {len(truth)} events, {states.dags} readings of DAGs: ", end="")
    print("agree" if not wrong else f"{len(wrong)} disagree", end="")
    print(f"; {slowly:.0f} s slowly, {quickly:.0f} s by log")
    return len(wrong)


def report(what: str, found: set[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Print facts, and return them sorted."""
    rows = sorted(found, key=repr)
    for row in rows:
        print(f"{what}: {row}")
    return rows


def git(clone: Path, *arguments: str, **variables: str) -> str:
    """Return what git prints."""
    command = ["git", "-C", str(clone), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, env={**os.environ, **variables})
    return os.fsdecode(done.stdout)


def listed(clone: Path, range_: str, *, full: bool) -> list[tuple[str, list[str]]]:
    """Return commits with their parents, the newest first; only the first parent unless all count."""
    lines = git(clone, "rev-list", "--parents", *([] if full else ["--first-parent"]), range_).splitlines()
    found = [line.split() for line in lines]
    if not full:  # a parent is hidden by --first-parent only
        return [(ids[0], ids[1:2]) for ids in found]
    return [(ids[0], git(clone, "log", "-1", "--format=%P", ids[0]).split()) for ids in found]


class Truth:
    """What each commit holds, laid out with Git and read on its own; one that has been read is not read again."""

    def __init__(self, clone: Path, folder: Path, options: ReadOptions) -> None:
        self._clone = clone
        self._folder = folder
        self._options = options
        self._states: dict[str, State] = {}
        self.dags = 0

    def of(self, commit: str) -> State:
        """Return what a commit holds."""
        if commit not in self._states:
            self._states[commit] = self._read(commit)
            self.dags += len(self._states[commit].bodies)
        return self._states[commit]

    def _read(self, commit: str) -> State:
        with tempfile.TemporaryDirectory(dir=self._folder) as tree:
            place = {"GIT_INDEX_FILE": f"{tree}.index", "GIT_WORK_TREE": tree}
            git(self._clone, "read-tree", commit, **place)
            git(self._clone, "-c", "core.hooksPath=/dev/null", "checkout-index", "--all", "--quiet", **place)
            os.unlink(f"{tree}.index")
            reading = files.read(Path(tree), self._options)
        bodies, places, unread = {}, {}, {error.file for error in reading.errors}
        for parsed in reading.parsed:
            try:
                record = Record.of_dag(parsed.dag)
            except DagserialError:
                unread.add(parsed.provenance.file)
                continue
            bodies[record.dag_id], places[record.dag_id] = record.body, parsed.provenance.file
        return State(bodies, places, unread)


def facts(commit: str, parents: list[str], states: Truth) -> Iterator[Fact]:
    """Yield what a commit did: what differs from all its parents, told against the first one."""
    new = states.of(commit)
    olds = [states.of(parent) for parent in parents] or [NOTHING]
    for fact in between(commit, olds[0], new):
        if all(fact[2] in {other[2] for other in between(commit, old, new)} for old in olds[1:]):
            yield fact


def between(commit: str, old: State, new: State) -> Iterator[Fact]:
    """Yield what differs, DAG by DAG."""
    for dag_id in old.bodies.keys() | new.bodies.keys():
        before, after = (_digest(state.bodies.get(dag_id)) for state in (old, new))
        if before == after:
            continue
        if before and after:
            yield commit, "changed", dag_id, before, after
        elif after:
            yield commit, "readable" if new.files[dag_id] in old.unread else "added", dag_id, None, after
        else:
            yield commit, "unreadable" if old.files[dag_id] in new.unread else "removed", dag_id, before, None


def _digest(body: bytes | None) -> str | None:
    return None if body is None else str(Record.of(body).digest)


def blames(
    history: History, range_: str, options: ReadOptions, commits: list[tuple[str, list[str]]], states: Truth
) -> set[tuple[object, ...]]:
    """Return the fields of the newest commit's DAGs that `blame` gives to another commit than the truth."""
    wrong = set()
    for dag_id, body in states.of(commits[0][0]).bodies.items():
        truth = last_changes(dag_id, commits, states)
        events = history.log(dag_id, range_, options, matching=BY_ID)
        found = blame(Record.of(body), events, lambda one: history.records(one, options), matching=BY_ID)
        said = {(one.part, one.id, one.field): one.commit.id if one.commit else None for one in found}
        wrong |= {
            (dag_id, *key, said.get(key), truth.get(key))
            for key in said.keys() | truth.keys()
            if said.get(key) != truth.get(key)
        }
    return wrong


def last_changes(
    dag_id: str, commits: list[tuple[str, list[str]]], states: Truth
) -> dict[tuple[str, str, str], str | None]:
    """Return for each field of a DAG the commit that last changed it; None for one that lies before the range."""
    start = commits[-1][1][:1]
    before = states.of(start[0]) if start else NOTHING
    values = fields(before.bodies[dag_id]) if dag_id in before.bodies else {}
    found: dict[tuple[str, str, str], str | None] = dict.fromkeys(values)
    was_in = before.files.get(dag_id)
    for commit, _ in reversed(commits):
        state = states.of(commit)
        if dag_id not in state.bodies:
            if was_in not in state.unread:
                values, found = {}, {}
            continue
        was_in, now = state.files[dag_id], fields(state.bodies[dag_id])
        found = {key: found[key] if values.get(key) == value else commit for key, value in now.items()}
        values = now
    return found


def fields(body: bytes) -> dict[tuple[str, str, str], str]:
    """Return the fields of a record by part, id and field."""
    record = json.loads(body)
    things = [("dag", record["dag"]["dag_id"], record["dag"])]
    things += [(part, one, record[part][one]) for part in ("tasks", "groups") for one in record.get(part, {})]
    found = {}
    for part, one, said in things:
        for name, value in said.items():
            below = {f"args.{arg}": inner for arg, inner in value.items()} if name == "args" else {name: value}
            found |= {(part, one, field): json.dumps(inner, sort_keys=True) for field, inner in below.items()}
    return found


if __name__ == "__main__":
    main()
