"""The history of DAGs is what reading every commit by itself would say, whatever shape the history has."""

import importlib.util
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support import ROOT

from dagserial.history import Event, History, Memo
from dagserial.history.blame import blame
from dagserial.sources.reading import ReadOptions

from .stories import BROKEN, Story, dag, dag_file, eventful

Git = Callable[..., str]
Log = Callable[..., list[tuple[str, ...]]]
Open = Callable[[Path], History]
AS_FOUND = ReadOptions(jobs=2)


@pytest.fixture(scope="module")
def truth() -> ModuleType:
    """The script that works the truth out slowly."""
    spec = importlib.util.spec_from_file_location("log_truth", ROOT / "benchmarks/log_truth.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["log_truth"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def memo() -> Iterator[Memo]:
    """What DAG files gave in tests before, as each run takes a while."""
    with Memo() as found:
        yield found


@pytest.fixture
def opened(memo: Memo) -> Callable[[Path], History]:
    """Open a repository."""
    return lambda folder: History(folder, memo=memo)


@pytest.fixture
def log(memo: Memo) -> Callable[..., list[tuple[str, ...]]]:
    """Return what is told of a repository."""

    def run(folder: Path, *arguments: Any, **flags: Any) -> list[tuple[str, ...]]:
        with History(folder, memo=memo) as history:
            return told(history.log(*arguments, **flags))

    return run


@pytest.fixture
def story(tmp_path: Path, git: Git) -> Story:
    return Story(tmp_path / "story", git)


@pytest.fixture
def whole(tmp_path: Path, git: Git) -> Story:
    return eventful(tmp_path / "story", git)


def told(events: Iterator[Event] | list[Event]) -> list[tuple[str, ...]]:
    """Return subject, operation and ids of events."""
    return [(one.commit.subject, one.operation, *filter(None, (one.previous_id, one.dag_id))) for one in events]


def test_log_and_blame_say_the_truth(whole: Story, tmp_path: Path, truth: ModuleType) -> None:
    (tmp_path / "truth").mkdir()
    states = truth.Truth(whole.folder, tmp_path / "truth", AS_FOUND)
    for range_, full in itertools.product(("HEAD", "main~6..done", "done~2"), (False, True)):
        assert truth.compare_with(states, whole.folder, range_, AS_FOUND, full=full) == 0, (range_, full)
    assert states.dags > 50


def test_the_truth_notices_what_is_wrong(whole: Story, truth: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "listed", lambda clone, range_, full: [(whole.git("rev-parse", "HEAD~1"), [])])
    assert truth.compare(whole.folder, "HEAD", AS_FOUND, full=False) > 5


def test_a_story_is_told(whole: Story, log: Log) -> None:
    merged = [("merge ('feature',)", "changed", "c")]
    octopus = [("merge ('x', 'y', 'z')", "added", name) for name in "xyz"]
    assert log(whole.folder) == [
        ("add c again, as it was", "added", "c"),
        ("remove c", "removed", "c"),
        ("a merge that changes c and d, too", "changed", "c"),
        ("a merge that changes c and d, too", "changed", "d"),
        ("merge ('elsewhere',)", "added", "o"),
        *octopus,
        ('Revert "rename a"', "renamed", "a_new", "a"),
        ("rename a", "renamed", "a", "a_new"),
        ("mend and change b", "readable", "a"),
        ("mend and change b", "readable", "b"),
        ("still broken", "added", "d"),
        *merged,
        ("break the file of a and b", "unreadable", "a"),
        ("break the file of a and b", "unreadable", "b"),
        ("change a", "changed", "a"),
        ("root", "added", "a"),
        ("root", "added", "b"),
        ("root", "added", "c"),
    ]


def test_with_full_history_merges_tell_what_none_of_their_parents_has(whole: Story, log: Log) -> None:
    found = log(whole.folder, full_history=True)
    assert ("a merge that changes c and d, too", "changed", "d") in found
    assert not any(subject.startswith("merge (") for subject, *_ in found)
    for row in (("change c on a branch", "changed", "c"), ("add y", "added", "y"), ("another root", "added", "o")):
        assert row in found
    assert len(set(found)) == len(found)


def test_one_dag_is_followed_to_its_older_ids(whole: Story, log: Log) -> None:
    only_a = [row for row in log(whole.folder) if {"a", "a_new"} & {*row[2:]}]
    assert log(whole.folder, "a") == only_a
    assert log(whole.folder, "a_new", "HEAD") == only_a
    assert log(whole.folder, "nowhere") == []


def test_a_rename_is_told_by_the_older_id(story: Story, log: Log) -> None:
    story.commit("root", one=dag_file(dag("a")))
    story.commit("rename", one=dag_file(dag("b")))
    story.commit("change", one=dag_file(dag("b", retries=4)))
    assert log(story.folder, "a") == [("rename", "renamed", "a", "b"), ("root", "added", "a")]


def test_first_seen_and_last_seen(whole: Story, opened: Open) -> None:
    with opened(whole.folder) as history:
        seen = {one: (history.first_seen(one), history.last_seen(one)) for one in ("a", "a_new", "c", "o", "nowhere")}
    subjects = {one: tuple(commit.subject if commit else None for commit in both) for one, both in seen.items()}
    newest = "add c again, as it was"
    assert subjects == {
        "a": ("root", newest),
        "a_new": ("root", "rename a"),
        "c": ("root", newest),
        "o": ("merge ('elsewhere',)", newest),
        "nowhere": (None, None),
    }


def test_a_dag_whose_file_was_broken_at_first_is_seen_when_it_is_mended(story: Story, opened: Open) -> None:
    story.commit("root", one=BROKEN)
    mended = story.commit("mend", one=dag_file(dag("a")))
    story.commit("change", one=dag_file(dag("a", retries=3)))
    with opened(story.folder) as history:
        first = history.first_seen("a")
    assert first is not None
    assert first.id == mended


def test_the_same_is_told_of_a_bare_clone_a_linked_worktree_a_detached_head_and_a_tag(
    whole: Story, tmp_path: Path, git: Git, log: Log
) -> None:
    expected = log(whole.folder)
    git(tmp_path, "clone", "--quiet", "--bare", str(whole.folder), "bare")
    whole.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), "done")
    assert log(tmp_path / "bare") == expected
    assert log(tmp_path / "linked") == expected
    assert log(tmp_path / "linked", None, "done") == expected


def test_a_shallow_clone_tells_what_it_can(whole: Story, tmp_path: Path, git: Git, log: Log, opened: Open) -> None:
    expected = log(whole.folder)
    git(tmp_path, "clone", "--quiet", "--depth=3", f"file://{whole.folder}", "shallow")
    with opened(tmp_path / "shallow") as history:
        wanted = history.commits()
        found = told(history.log(None, wanted))
        assert [commit.id for commit in history.ends(wanted)] == [wanted[-1].id]
        entry = history.load("c")
        unknown = blame(history.load("o").record, history.log("o", wanted), history.records)
        known = blame(entry.record, history.log("c", wanted), history.records)
    assert found == expected[:2]
    assert {field.commit for field in unknown} == {None}
    assert {field.commit.subject for field in known if field.commit} == {"add c again, as it was"}


def test_since_and_until_hold_by_the_dates_of_commits(
    tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    story = Story(tmp_path / "dated", git)
    for day in (1, 2, 3):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2024-05-0{day}T12:00:00Z")
        story.commit(f"day {day}", one=dag_file(dag("a", retries=day)))
    subjects = [row[0] for row in log(story.folder, since="2024-05-02T00:00:00Z")]
    assert subjects == ["day 3", "day 2"]
    assert [row[0] for row in log(story.folder, until="2024-05-02T00:00:00Z")] == ["day 1"]


def test_few_of_many_are_cheap(tmp_path: Path, git: Git) -> None:
    story = Story(tmp_path / "long", git)
    for number in range(40):
        story.commit(f"commit {number}", one=dag_file(dag("a", retries=number)))
    parts: list[tuple[float, int]] = []
    with History(story.folder) as history:
        events = history.log(progress=lambda part, files: parts.append((part, files)))
        assert next(events).commit.subject == "commit 39"
    assert parts
    assert max(files for _, files in parts) <= 17
    assert parts == sorted(parts)


def test_progress_ends_when_all_is_known(whole: Story) -> None:
    cold: list[tuple[float, int]] = []
    warm: list[tuple[float, int]] = []
    with History(whole.folder) as history:
        for parts in (cold, warm):
            list(history.log(progress=lambda *told, parts=parts: parts.append(told)))
    assert cold == sorted(cold)
    assert cold[-1][0] == 1.0
    assert cold[-1][1] > 10
    assert warm[-1] == (1.0, 0)


def test_blame_follows_dags_and_tasks_that_were_renamed(story: Story, opened: Open) -> None:
    text = dag_file(dag("c"))
    story.commit("root", one=text)
    story.commit("rename a task", one=text.replace("task_id='load'", "task_id='save'"))
    story.commit("rename the DAG", one=text.replace("task_id='load'", "task_id='save'").replace("DAG('c'", "DAG('d'"))
    with opened(story.folder) as history:
        found = blame(history.load("d").record, history.log("d"), history.records)
    by_field = {(one.id, one.field): one.commit.subject for one in found if one.commit}
    assert by_field["save", "operator"] == by_field["save", "args.retries"] == by_field["d", "schedule"] == "root"
    assert by_field["d", "dag_id"] == "rename the DAG"
