"""No answer is stale: what is remembered is what a cold reading gives, for any row of trees."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from dagserial.history import WORKTREE, History, Memo
from dagserial.sources import files

from .fast_import import imported
from .trees import EXECUTABLE, Trees, dag_file, edit, held, lay_out, read, rows

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@settings(max_examples=4, suppress_health_check=_SLOW)
@given(rows(12), st.integers(0, 2**16))
def test_a_commit_gives_what_its_files_give_whatever_is_remembered(trees: Trees, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder, files.Runs() as runs:
        top = Path(folder).resolve()
        commits = imported(top / "repo", trees)
        truth = []
        for tree in trees:
            lay_out(top / "tree", tree)
            truth.append(read(top / "tree", runs))
        order = random.Random(seed).sample(range(len(commits)), len(commits))
        note(f"order {order}")
        for _ in range(2):
            with Memo(top / "cache") as memo, History(top / "repo", memo=memo) as history:
                list(history.log(full_history=True))
                assert [held(history.at(commits[at])) for at in order] == [truth[at] for at in order]


@settings(max_examples=4, suppress_health_check=_SLOW)
@given(rows(6), st.lists(st.booleans(), min_size=7, max_size=7))
def test_a_work_tree_gives_what_its_files_give_whatever_is_remembered(trees: Trees, renamed: list[bool]) -> None:
    """Trees are edited into each other at once, some files renamed into place with an old time."""
    with tempfile.TemporaryDirectory() as folder, files.Runs() as runs:
        top = Path(folder).resolve()
        commits = imported(top / "repo", trees)
        with Memo(top / "cache") as memo, History(top / "repo", memo=memo) as history:
            for tree, is_renamed, commit in zip(trees * 2, renamed * 2, commits * 2, strict=False):
                lay_out(top / "tree", tree)
                edit(top / "repo", top / "tree", is_renamed=is_renamed)
                truth = read(top / "repo", runs)
                assert held(history.at(WORKTREE)) == truth
                assert held(history.at(WORKTREE)) == truth
                assert held(history.at(commit)) == read(top / "tree", runs)


LISTING = "sorted(os.listdir(TOP / '.'))"
BELOW = "yaml.safe_load(open(TOP / 'dags/lib/shared.py'))"


@pytest.mark.parametrize(
    ("look", "one", "other"),
    [
        (LISTING, {}, {"new.txt": b""}),
        (BELOW, {"dags/lib": b"a file"}, {"dags/lib/x.txt": b"in a folder"}),
        ("os.access('run', os.X_OK)", {"run": b"x"}, {"run": (EXECUTABLE, b"x")}),
        ("open(open('switch.txt').read()).read()", {"switch.txt": b"a", "a": b"z"}, {"switch.txt": b"z", "z": b"a"}),
    ],
)
def test_what_was_once_overlooked_counts(
    tmp_path: Path, look: str, one: dict[str, bytes], other: dict[str, bytes]
) -> None:
    tree = {"dags/one.py": dag_file("one", [look])}
    commits = imported(tmp_path / "repo", [tree | one, tree | other, tree | one])
    found = []
    with Memo(tmp_path / "cache") as memo, History(tmp_path / "repo", memo=memo) as history:
        assert len(list(history.log())) == 3
        found = [held(history.at(commit)) for commit in commits]
    assert found[0] == found[2] != found[1]
