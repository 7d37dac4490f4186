"""Repeat the diffs of commits that were read by hand, and print how each agrees with what was read.

The repositories are cloned before, each under its own name: FOLDER/telemetry-airflow for mozilla/telemetry-airflow.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TRUTH = Path(__file__).with_name("ground_truth.json")

Told = Counter[tuple[str, ...]]
"""What a diff tells, and how often: DAG, rule and object; a side and a file that can be read on the other side alone.

Without the object, or with `unreadable` for the file: how many there are.
"""


def expected(entry: dict[str, Any]) -> Told:
    """Return what dagserial tells of a commit: what was read, and what it is known to tell beyond that."""
    found: Told = Counter()
    for part in ("changes", "beyond"):
        for dag_id, rules in entry.get(part, {}).items():
            for rule, objects in rules.items():
                if isinstance(objects, int):
                    found[dag_id, rule] += objects
                else:
                    found.update((dag_id, rule, name) for name in objects)
    for side, files in entry.get("unreadable", {}).items():
        found.update({(side, "unreadable"): files} if isinstance(files, int) else [(side, file) for file in files])
    return found


def told(document: dict[str, Any], counted: set[tuple[str, ...]]) -> Told:
    """Return what a document of `dagserial diff -f json` tells.

    Args:
        counted: DAGs and rules whose objects are counted, not named; likewise sides.
    """
    found: Told = Counter()
    for change in document["changes"]:
        dag_id, rule = change["object"]["dag_id"], change["rule"]
        found[(dag_id, rule) if (dag_id, rule) in counted else (dag_id, rule, change["object"]["id"])] += 1
    failed = {side: {one["file"] for one in document["errors"] if one["side"] == side} for side in ("base", "head")}
    for side, other in (("base", "head"), ("head", "base")):
        whole = (side, "unreadable")
        found.update(whole if whole in counted else (side, file) for file in failed[side] - failed[other])
    return found


def _git(clone: Path, *args: str) -> str:
    return subprocess.run(["git", "-C", str(clone), *args], capture_output=True, text=True, check=True).stdout


def _variables(clone: Path, entry: dict[str, Any]) -> str:
    """Return the Variables that a commit is read with: its own file, or those that are given for it."""
    given = entry["variables"]
    return _git(clone, "show", f"{entry['commit']}:{given}") if isinstance(given, str) else json.dumps(given)


def _document(clone: Path, entry: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", "dagserial", "diff", f"{entry['commit']}^", entry["commit"], "--repo", str(clone)]
    command += ["-f", "json", "--max-changes", "0", "--no-impact", "--timeout", "120", *entry.get("options", [])]
    with tempfile.TemporaryDirectory() as folder:
        if "variables" in entry:
            file = Path(folder, "variables.json")
            file.write_text(_variables(clone, entry))
            command += ["--variables", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def verdicts(truth: dict[str, Any], folder: Path, wanted: list[str]) -> Iterator[tuple[bool, str]]:
    """Yield for each commit whether its diff agrees, and a line that says how.

    Args:
        truth: the commits with what was read; docs/ground-truth.md says what the fields mean.
        wanted: commits, or repositories; empty for all.
    """
    for entry in truth["commits"]:
        name, clone = f"{entry['repository']} {entry['commit']}", folder / entry["repository"].partition("/")[2]
        if wanted and entry["commit"] not in wanted and entry["repository"] not in wanted:
            continue
        defaults = truth["repositories"][entry["repository"]]
        hoped = expected(entry)
        try:
            found = told(_document(clone, defaults | entry), {key for key in hoped if len(key) == 2})
        except (RuntimeError, subprocess.CalledProcessError, ValueError) as error:
            yield False, f"fails    {name}: {error}"
            continue
        lacking, more = sorted((hoped - found).items()), sorted((found - hoped).items())
        differs = [
            f"{sign} {count} {' '.join(key)}" for sign, items in (("-", lacking), ("+", more)) for key, count in items
        ]
        yield not differs, f"differs  {name}: {differs[0]}" if differs else f"agrees   {name}: {found.total()}"


def main() -> int:
    """Print a line a commit; 1 if any differs from what is expected."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="where the repositories are cloned, each under its name"
    )
    parser.add_argument("wanted", nargs="*", metavar="COMMIT", help="commits, or repositories as owner/name; all")
    parser.add_argument("--truth", type=Path, default=TRUTH, metavar="FILE", help="what was read")
    given = parser.parse_args()
    all_agree = True
    for agrees, line in verdicts(json.loads(given.truth.read_text()), given.folder, given.wanted):
        print(line, flush=True)
        all_agree &= agrees
    return 0 if all_agree else 1


if __name__ == "__main__":
    sys.exit(main())
