"""Time and memory of reading DAG files with the stand-in, against live Airflow on the same files.

`python benchmarks/parse.py --python PYTHON`: the example DAGs that this Airflow ships, each from its start-up on.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from agreement import examples
from measure import heading, note, row

_READ = (
    "import sys\nfrom pathlib import Path\nfrom dagserial.sources import files\n"
    "from dagserial.sources.reading import ReadOptions\n"
    "found = files.read(Path(sys.argv[1]), ReadOptions(dags=('dags',), timeout=120, memory_mib=4096))\n"
    "print(len({one.provenance.file for one in found.parsed}))\n"
)
_LIVE = (
    "import sys\n"
    "try:\n    from airflow.dag_processing.dagbag import DagBag\n"
    "except ImportError:\n    from airflow.models.dagbag import DagBag\n"
    "bag = DagBag(sys.argv[1])\n"
    "print(len({dag.fileloc for dag in bag.dags.values()}))\n"
)
_PAUSE = 0.005


class Measured(NamedTuple):
    """One reading: files that gave DAGs, seconds of wall clock, and the most memory that its processes held at once."""

    files: int
    seconds: float
    mib: float


def measured(command: list[str], folder: Path) -> Measured:
    """Run a command and watch it and all its descendants."""
    env = os.environ | {"AIRFLOW_HOME": str(folder / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak))
    watcher.start()
    out, err = process.communicate(timeout=600)
    seconds = time.perf_counter() - start
    watcher.join()
    if process.returncode:
        sys.exit(f"{command[0]} fails: {err.strip()[-300:]}")
    return Measured(int(out.split()[-1]), seconds, peak[0])


def _watch(process: subprocess.Popen[str], peak: list[float]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], sum(_mib(one) for one in _tree(process.pid)))
        time.sleep(_PAUSE)


def _tree(process: int) -> list[int]:
    """Return a process and its descendants."""
    found, at = [process], 0
    while at < len(found):
        with contextlib.suppress(OSError):  # it may end while it is looked at
            for children in Path(f"/proc/{found[at]}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        at += 1
    return found


def _mib(process: int) -> float:
    """Return what a process holds of memory, pages that it shares with others in proportion."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def main() -> None:
    """Print both in turns, and their ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", required=True, help="an interpreter that has Airflow")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON")
    wanted = parser.parse_args()
    python = os.path.abspath(wanted.python)
    with examples(python) as (name, tree):
        commands = {
            "stand-in": [sys.executable, "-c", _READ, str(tree)],
            "live": [python, "-c", _LIVE, str(tree / "dags")],
        }
        rounds = [
            {who: measured(command, tree) for who, command in commands.items()} for _ in range(wanted.repeats + 1)
        ]
    cold, warm = (
        rounds[0],
        {who: min((one[who] for one in rounds[1:]), key=lambda one: one.seconds) for who in commands},
    )
    if wanted.json:
        print(
            json.dumps(
                {
                    "cold": {who: one._asdict() for who, one in cold.items()},
                    "warm": {who: one._asdict() for who, one in warm.items()},
                }
            )
        )
        return
    for label, found in (("first run", cold), ("best of the others", warm)):
        ours, theirs = found["stand-in"], found["live"]
        heading(f"{name}, {label}: stand-in {ours.files} files, live {theirs.files}")
        note("stand-in: files a second", ours.files / ours.seconds)
        note("live: files a second", theirs.files / theirs.seconds)
        note("stand-in: MiB at most", ours.mib)
        note("live: MiB at most", theirs.mib)
        row(
            "stand-in / live, files a second",
            ours.files / ours.seconds / (theirs.files / theirs.seconds),
            20,
            at_least=True,
        )
        row("stand-in / live, MiB", ours.mib / theirs.mib, 1 / 3)


if __name__ == "__main__":
    main()
