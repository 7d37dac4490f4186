"""How fast the whole past of a repository is read, and read again.

python benchmarks/log_speed.py [--full-history] CLONE…
"""

import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from measure import heading

from dagserial.history import History, Memo
from dagserial.sources.reading import ReadOptions

_OPTIONS = ReadOptions()


class Told:
    """What `History.log` tells while it works."""

    def __init__(self) -> None:
        self.files = 0

    def __call__(self, _part: float, files: int) -> None:
        """Take note."""
        self.files = files


def main() -> None:
    """Print for each clone: commits a second without and with a memo, files run, and the share that was not run."""
    clones = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    for clone in clones:
        measure(Path(clone), full_history="--full-history" in sys.argv)


def measure(clone: Path, *, full_history: bool) -> None:
    """Print the figures of one clone."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for name in ("cold", "warm"):
            told = Told()
            started, used = time.perf_counter(), _cpu()
            with Memo(Path(folder)) as memo, History(clone, memo=memo) as history:
                events = list(history.log(None, "HEAD", _OPTIONS, full_history=full_history, progress=told))
                taken = time.perf_counter() - started
                commits = history.commits("HEAD", full_history=full_history)
            found.append(events)
            if name == "cold":
                runs = told.files
                heading(f"{clone.parent.name if clone.name == 'repo' else clone.name}: {len(commits)} commits")
            print(f"  {name}: {taken:.1f} s, {len(commits) / taken:.0f} commits/s, {told.files} runs of DAG files")
            cpu = _cpu() - used
            each = f", {1000 * cpu / told.files:.0f} ms a run" if told.files else ""
            print(f"        {cpu:.1f} s CPU, that of all child processes included{each}")
        assert found[0] == found[1]
        print(f"  {dict(Counter(event.operation for event in events))}")
        with Memo(Path(folder)) as memo, History(clone, memo=memo) as history:
            usage = memo.usage()
            layouts = history._readings.along([commit.tree for commit in commits], _OPTIONS)
            readings = sum(len(layout.results) for layout in layouts)
        print(f"  {readings} DAG files at commits; {1 - runs / readings:.2%} of them answered by the memo")
        print(f"  cache: {usage.size / 1e6:.1f} MB, {usage.results} results, {usage.trees} trees; {len(events)} events")


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


if __name__ == "__main__":
    main()
